"""A real Secret Service: a session bus and gnome-keyring, private to a test.

    with session_bus() as bus:
        bus.start_keyring(PASSWORD)  # unlocked; with None instead it stays locked
        run(program, env=os.environ | bus.environment)

Both programs are ended when the block ends, whatever happened in it. There is no prompter on this
bus: whatever would ask the user is dismissed at once.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeepney import DBusAddress, MatchRule, MessageType, message_bus, new_method_call
from jeepney.io.blocking import open_dbus_connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jeepney.io.blocking import DBusConnection

PASSWORD = "a password for tests"
PATIENCE = 10.0
"""Seconds in which a program must have come up or gone down."""

_SECRETS = "org.freedesktop.secrets"
_KEYRING = ("gnome-keyring-daemon", "--foreground", "--components=secrets")
_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
_ON_DEMAND = "/usr/bin/gnome-keyring-daemon --start --foreground --components=secrets"

_LOGIN = "/org/freedesktop/secrets/collection/login"
_SERVICE_ADDRESS = DBusAddress(
    "/org/freedesktop/secrets", _SECRETS, "org.freedesktop.Secret.Service"
)


class SessionBus:
    """A session bus on which a keyring can be started, locked and ended.

    Attributes:
        environment: What a program needs to find this bus.
    """

    def __init__(
        self, connection: DBusConnection, address: str, surroundings: dict[str, str], root: Path
    ) -> None:
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": address}
        self._connection = connection
        self._service = _services(root) / f"{_SECRETS}.service"
        self._surroundings = surroundings | self.environment
        self._started: list[subprocess.Popen[bytes]] = []
        self._changed = MatchRule(
            type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged"
        )
        self._changed.add_arg_condition(0, _SECRETS)
        self._call(message_bus.AddMatch(self._changed))

    @property
    def keyring_pid(self) -> int | None:
        """The process that is the keyring now; also one that the bus has started by itself."""
        question = message_bus.GetConnectionUnixProcessID(_SECRETS)
        reply = self._connection.send_and_get_reply(question, timeout=PATIENCE)
        return None if reply.header.message_type is MessageType.error else int(reply.body[0])

    def start_on_demand(self, program: str | None = _ON_DEMAND) -> None:
        """Say what the bus starts when somebody asks for a keyring; None for nothing."""
        self._service.unlink(missing_ok=True)
        if program is not None:
            self._service.write_text(f"[D-BUS Service]\nName={_SECRETS}\nExec={program}\n")
        self._call(message_bus.ReloadConfig())

    def start_keyring(self, password: str | None) -> None:
        """Start the keyring, and wait until it answers.

        Args:
            password: Opens the login keyring, or makes it; None leaves it locked.
        """
        unlock = [] if password is None else ["--unlock"]
        process = subprocess.Popen(
            [*_KEYRING, *unlock],
            env=self._surroundings,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._started.append(process)
        if process.stdin is None:
            raise RuntimeError("the keyring cannot be told its password")
        with process.stdin as stdin:
            stdin.write((password or "").encode())
        self._wait_until(running=True)

    def lock(self) -> None:
        """Lock the login keyring, as a screen saver or the user would."""
        self._call(new_method_call(_SERVICE_ADDRESS, "Lock", "ao", ([_LOGIN],)))

    def end_keyring(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the keyring, whoever has started it, and wait until it is gone."""
        pid = self.keyring_pid
        if pid is not None:
            with suppress(ProcessLookupError):
                _end_stranger(pid, how)
            self._wait_until(running=False)
        for process in self._started:
            process.wait(PATIENCE)
        self._started.clear()

    def _wait_until(self, *, running: bool) -> None:
        with self._connection.filter(self._changed) as changes:
            while (self.keyring_pid is not None) is not running:
                self._connection.recv_until_filtered(changes, timeout=PATIENCE)

    def _call(self, message: Any) -> None:
        reply = self._connection.send_and_get_reply(message, timeout=PATIENCE)
        if reply.header.message_type is MessageType.error:
            raise RuntimeError(f"the bus refuses: {reply.body}")


@contextmanager
def session_bus() -> Iterator[SessionBus]:
    """Run a session bus for as long as a block lasts. It starts a keyring on demand, locked."""
    with ExitStack() as stack:
        # The names of sockets are short, so a folder of the test's own will not do.
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bus-", dir="/tmp")))
        surroundings = _surroundings(root)
        _services(root).mkdir()
        config = root / "bus.conf"
        config.write_text(_CONFIG.format(socket=root / "bus", services=_services(root)))
        process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(_end, process)
        if process.stdout is None:
            raise RuntimeError("the bus does not say where it is")
        address = stack.enter_context(process.stdout).readline().decode().strip()
        connection = stack.enter_context(open_dbus_connection(address))
        bus = SessionBus(connection, address, surroundings, root)
        bus.start_on_demand()
        stack.callback(bus.end_keyring)
        yield bus


def _surroundings(root: Path) -> dict[str, str]:
    """Give the environment of the daemons: a user who has nothing yet, and no screen."""
    folders = {"HOME": "home", "XDG_RUNTIME_DIR": "run", "XDG_DATA_HOME": "data"}
    for name in folders.values():
        (root / name).mkdir(mode=0o700)
    paths = {variable: str(root / name) for variable, name in folders.items()}
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", **paths}


def _services(root: Path) -> Path:
    return root / "services"


def _end_stranger(pid: int, how: signal.Signals) -> None:
    """End a process that somebody else has started, and wait until it is gone."""
    gone = os.pidfd_open(pid)
    try:
        os.kill(pid, how)
        if not select.select([gone], [], [], PATIENCE)[0]:
            raise TimeoutError("the keyring does not end")
    finally:
        os.close(gone)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(PATIENCE)
