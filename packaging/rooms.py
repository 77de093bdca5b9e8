"""A clean Debian, in which an installer is tried as where there is nothing yet.

It is a folder that programs take for the whole file system (`chroot`), so making one needs root and
`debootstrap`. The bare system is kept in `build/package` and unpacked for each trial.

Devices and processes of the real system are mounted in it. Nobody else sees these mounts, and a
folder with a mount in it is never removed: that would remove what is mounted.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import project

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASE = "bookworm"
USER = "user"
_BASE = project.BUILD / f"{RELEASE}.tar"
_NUMBER = 1000
_MOUNTS = Path("/proc/self/mountinfo")
_MOUNTS_OF_OUR_OWN = 0x00020000  # CLONE_NEWNS
_X_SOCKETS = "/tmp/.X11-unix"  # noqa: S108 - X servers are found there, and nowhere else


class Room:
    """A clean system, with one ordinary user.

    Attributes:
        root: Where it lies.
        home: The user's folder, seen from outside.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home" / USER

    def run(self, *command: str) -> str:
        """Run a command as root; give what it said.

        Raises:
            RuntimeError: It failed; the text is what it said.
        """
        return _run([*self._inside(), "/usr/bin/env", *_environment("/root"), *command])

    def run_as_user(self, *command: str) -> str:
        """Run a command as the user; give what it said.

        Raises:
            RuntimeError: It failed; the text is what it said.
        """
        return _run([*self.as_user(), *command])

    def as_user(self, **more: str) -> list[str]:
        """Give how a command begins that is run as the user, in this environment and no other."""
        places = {"XDG_RUNTIME_DIR": f"/run/user/{_NUMBER}", **more}
        given = [f"{name}={value}" for name, value in places.items()]
        who = f"--userspec={_NUMBER}:{_NUMBER}"
        return [*self._inside(who), "/usr/bin/env", *_environment(f"/home/{USER}"), *given]

    def install(self, *packages: str) -> str:
        """Install packages with nothing that is only recommended; give what was said."""
        return self.run("apt-get", "install", "--yes", "--no-install-recommends", *packages)

    def bring(self, path: Path) -> str:
        """Bring a file in; give where it is then."""
        shutil.copy(path, self.root / "srv" / path.name)
        return f"/srv/{path.name}"

    def end_all(self) -> None:
        """End whatever still runs in here."""
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and (entry / "root").readlink() == self.root:
                    os.kill(int(entry.name), signal.SIGKILL)

    def _inside(self, *options: str) -> list[str]:
        return ["chroot", *options, str(self.root)]


@contextmanager
def clean_room() -> Iterator[Room]:
    """Make a clean system, for as long as a block lasts.

    Raises:
        RuntimeError: It cannot be made; the text says why.
    """
    if os.geteuid() != 0:
        raise RuntimeError("A clean system can only be made by root.")
    if not _BASE.exists() and shutil.which("debootstrap") is None:
        raise RuntimeError("A clean system is made by debootstrap: apt-get install debootstrap")
    _keep_mounts_private()
    if not _BASE.exists():
        _make_base()
    with ExitStack() as stack:
        root = stack.enter_context(_folder("room-"))
        _run(["tar", "--extract", f"--file={_BASE}", f"--directory={root}"])
        root.chmod(0o755)  # only now: the archive has a mode for it as well
        room = Room(root)
        shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
        for place in ("/proc", "/dev", _X_SOCKETS):
            inside = root / place.lstrip("/")
            inside.mkdir(parents=True, exist_ok=True)
            _run(["mount", "--bind", place, str(inside)])
        stack.callback(room.end_all)
        room.run("useradd", "--create-home", f"--uid={_NUMBER}", "--shell=/bin/sh", USER)
        room.run("install", "--directory", f"--owner={USER}", "--mode=700", f"/run/user/{_NUMBER}")
        room.run("apt-get", "update")
        yield room


def _keep_mounts_private() -> None:
    """Leave the mounts that others see: those of this process end with it, however it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_MOUNTS_OF_OUR_OWN):
        reason = os.strerror(ctypes.get_errno())
        raise RuntimeError(f"A clean system needs mounts that nobody else sees: {reason}.")
    _run(["mount", "--make-rprivate", "/"])


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Take out what is mounted in a folder, then remove it.

    What is mounted is asked of the kernel, and not remembered: an interrupt may fall anywhere.

    Raises:
        RuntimeError: Something stays mounted; nothing was removed.
    """
    for place in reversed(mounts_below(folder)):
        subprocess.run(["umount", "--lazy", str(place)], check=False)
    if left := mounts_below(folder):
        names = ", ".join(map(str, left))
        raise RuntimeError(f"{folder} is not removed: it would empty what is mounted at {names}.")
    shutil.rmtree(folder)


def mounts_below(folder: Path) -> list[Path]:
    """Give where something is mounted, at a folder or below it, in the order of mounting."""
    real = folder.resolve()
    # Spaces and their like are written as `\040`.
    places = [
        Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split()[4]))
        for line in _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    ]
    return [place for place in places if place.is_relative_to(real)]


def _make_base() -> None:
    with _folder("base-") as folder:
        print(f"making a bare {RELEASE}, once", flush=True)
        _run(["debootstrap", "--variant=minbase", RELEASE, str(folder)])
        _BASE.parent.mkdir(parents=True, exist_ok=True)
        _run(
            [
                "tar",
                "--create",
                "--one-file-system",
                f"--file={_BASE}",
                f"--directory={folder}",
                ".",
            ]
        )


def _environment(home: str) -> list[str]:
    return [
        "-i",
        "DEBIAN_FRONTEND=noninteractive",
        f"HOME={home}",
        "LANG=C.UTF-8",
        "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    ]


def _run(command: list[str]) -> str:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout}")
    return done.stdout
