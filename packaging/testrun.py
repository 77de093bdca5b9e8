"""Tries the installers in `dist` on a clean Debian, as somebody who has nothing yet.

    PYTHONPATH=tests .venv/bin/python packaging/testrun.py [deb] [rpm] [run] [wheel]

Each is installed and started by its entry in the menu; an ordinary user writes, reads and quits,
and the program is removed again. What was written must be there then, and in the next of them.
Pictures are left in `build/package/pictures`. It needs root, `debootstrap`, and what tests need.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import project
from chatelaine.store.archive import BackupKind, Counts, Manifest, write
from chatelaine.store.progress import Progress
from desktop_session import TOOLS, Desktop, desktop
from rooms import USER, Room, clean_room

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PICTURES = project.BUILD / "pictures"
PROGRAM = project.read()
ENTRY = f"{PROGRAM.id}.desktop"
MENU = f"/usr/share/applications/{ENTRY}"
WORDS = "My name is Ada."
ANSWER = "Nice to meet you, Ada."
EXTRA = "desktop"
PYTHON_OF_THE_ROOM = "3.11"
DATA = f".local/share/{PROGRAM.command}"


def main() -> int:
    """Try what was asked for, all of it without a word."""
    parser = argparse.ArgumentParser(description="Try the installers on a clean Debian.")
    parser.add_argument("kinds", nargs="*", metavar="kind", help=f"of {', '.join(TRIALS)}")
    kinds: list[str] = parser.parse_args().kinds or list(TRIALS)
    if unknown := set(kinds) - set(TRIALS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    with clean_room() as room:
        bring_tools(room, first="deb" in kinds)
        for kind in kinds:
            TRIALS[kind](room)
            print(f"{kind}: installed, started, talked with, quit, removed; what was written stays")
    return 0


def bring_tools(room: Room, *, first: bool) -> None:
    """Bring in what a desktop has; before that, see that the package alone brings what it needs."""
    package = room.bring(finished("*.deb"))
    room.install(package)
    missing = room.run("sh", "-c", _LIBRARIES).split()
    expect(not missing, f"libraries that nothing brings: {missing}")
    self_test(room, PROGRAM.command)
    room.install(*TOOLS)
    if not first:
        room.run("apt-get", "remove", "--yes", PROGRAM.command)
    room.bring(project.ROOT / "tests" / "support" / "assistive_client.py")


def self_test(room: Room, command: str) -> None:
    """Have the installed program look through itself, without a screen; it says what is wrong."""
    said = room.run_as_user("env", "QT_QPA_PLATFORM=offscreen", command, "--self-test")
    expect("checks passed" in said, said)


# What GTK brings is used where it is, and not needed.
_LIBRARIES = f"""\
find /usr/lib/{PROGRAM.command} -type f \\( -name '*.so*' -o -name {PROGRAM.command} \\) \
! -name libqgtk3.so -exec ldd {{}} + 2>/dev/null | sed -n 's/ => not found//p' | sort -u
"""


def finished(pattern: str) -> Path:
    """Give the newest file of a kind that was built."""
    found = sorted(project.DIST.glob(pattern), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(f"There is no {pattern} in {project.DIST}: run `make bundle`.")
    return found[-1]


def expect(holds: object, otherwise: str) -> None:
    """End with a message where something does not hold."""
    if not holds:
        raise SystemExit(otherwise)


def try_deb(room: Room) -> None:
    """The package of Debian: what desktops know of it, and what its removal says."""
    handler = room.run_as_user("gio", "mime", f"x-scheme-handler/{PROGRAM.link_scheme}")
    expect(ENTRY in handler, f"links do not lead to the program: {handler}")
    for name in (f"some{PROGRAM.backup_suffix}", "without-its-ending"):
        make_backup(room.home / name)
        asked = ["gio", "info", "--attributes=standard::content-type", f"/home/{USER}/{name}"]
        kind = room.run_as_user(*asked)
        expect(PROGRAM.backup_type in kind, f"a backup is not known as one: {kind}")
    talk(room, "deb", "gio", "launch", MENU)
    remove(room, ["apt-get", "remove", "--yes", PROGRAM.command])


def make_backup(path: Path) -> None:
    """Make a file in the form of a backup."""
    history = path.with_suffix(".db")
    history.write_bytes(bytes(1000))
    made = datetime(2026, 1, 1, tzinfo=UTC)
    manifest = Manifest(BackupKind.MANUAL, "history", made, 1, Counts(1, 1, 1), "")
    with path.open("wb") as target:
        write(target, history, b"{}", manifest, Progress())


def try_rpm(room: Room) -> None:
    """The package of Fedora and openSUSE, on a system that brings the same libraries."""
    room.install("rpm")
    package = room.bring(finished("*.rpm"))
    check_rpm(room, package)
    room.run("rpm", "--install", "--nodeps", package)
    talk(room, "rpm", "gio", "launch", MENU)
    remove(room, ["rpm", "--erase", PROGRAM.command])


def check_rpm(room: Room, package: str) -> None:
    """What the package holds, what it asks of the system, and what it runs there."""

    def ask(*what: str) -> list[str]:
        return room.run("rpm", "--query", "--package", *what, package).splitlines()

    folder = f"/usr/lib/{PROGRAM.command}"
    held = ask("--list")
    expect(set(held) >= {folder, f"/usr/bin/{PROGRAM.command}", MENU}, f"it holds {held}")
    packed = room.run("sh", "-c", _HELD_BY_DEB, "-", room.bring(finished("*.deb"))).split()
    same = {
        path.rstrip("/")
        for path in packed
        # Folders that others use as well belong to none of them.
        if path.startswith(f"{folder}/") or not path.endswith("/")
    }
    expect(set(held) == same, f"only one of .deb and .rpm has {sorted(set(held) ^ same)[:9]}")

    needs = ask("--requires")
    libraries = {need.partition("(")[0] for need in needs if ".so" in need}
    expect("libxcb-cursor.so.0" in libraries, f"it asks for too little: {needs}")
    ours = {path.rpartition("/")[2] for path in held}
    expect(not libraries & ours, f"it asks for what it brings: {libraries & ours}")
    # What the package of Debian has brought in.
    there = {line.split()[0] for line in room.run("ldconfig", "--print-cache").splitlines()[1:]}
    expect(libraries <= there, f"it asks for what nobody needs: {libraries - there}")
    others = {need for need in needs if ".so" not in need and not need.startswith(_OF_RPM)}
    expect(others == {"/bin/sh", "ca-certificates"}, f"it asks for {others}")

    title, *script = ask("--scripts")
    expect(title.startswith("postuninstall"), f"it runs a script of another kind: {title}")
    expect(not any("scriptlet" in line for line in script), f"it runs more than one: {script}")
    for left, says in ((0, True), (1, False)):
        said = room.run("sh", "-c", "\n".join(script), "-", str(left))
        expect(("stays" in said) is says, f"with {left} left it says {said!r}")


_OF_RPM = ("rpmlib(", "rtld(")
_HELD_BY_DEB = """\
dpkg-deb --fsys-tarfile "$1" | tar --list --exclude=*/share/doc/* | sed 's/^[.]//'
"""


def try_run(room: Room) -> None:
    """The installer for those without root."""
    room.run_as_user("sh", room.bring(finished("*.run")))
    talk(room, "run", "gio", "launch", f"/home/{USER}/.local/share/applications/{ENTRY}")
    before = digest(room)
    said = room.run_as_user(f"/home/{USER}/.local/lib/{PROGRAM.command}/uninstall")
    expect(f"/home/{USER}/{DATA}" in said, f"it does not say where the data is: {said}")
    expect(digest(room) == before, "what was written is not as it was")
    left = sorted(str(path) for path in room.home.rglob(f"*{PROGRAM.id}*"))
    expect(not left, f"left behind: {left}")


def try_wheel(room: Room) -> None:
    """The wheel, in an environment of Python that has nothing else."""
    room.install("python3-venv")
    environment = f"/home/{USER}/environment"
    room.run_as_user("python3", "-m", "venv", environment)
    wheel = f"{room.bring(finished('*.whl'))}[{EXTRA}]"
    fetch_wheels(room.root / "srv")
    options = ["--no-index", "--find-links=/srv", "--quiet"]
    room.run_as_user(f"{environment}/bin/pip", "install", *options, wheel)
    command = f"{environment}/bin/{PROGRAM.command}"
    self_test(room, command)
    talk(room, "wheel", command)
    before = digest(room)
    room.run_as_user(f"{environment}/bin/pip", "uninstall", "--yes", PROGRAM.command)
    expect(digest(room) == before, "what was written is not as it was")
    expect(not (room.root / command.lstrip("/")).exists(), "the command is left behind")


def fetch_wheels(folder: Path) -> None:
    """Fetch what the wheel needs, in the way in which this machine gets packages."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", f"--dest={folder}"]
    only = ["--only-binary=:all:", f"--python-version={PYTHON_OF_THE_ROOM}"]
    constraints = project.ROOT / "packaging" / "constraints.txt"
    wanted = f"{finished('*.whl')}[{EXTRA}]"
    subprocess.run([*command, *only, f"--constraint={constraints}", wanted], check=True)


TRIALS: dict[str, Callable[[Room], None]] = {
    "deb": try_deb,
    "rpm": try_rpm,
    "run": try_run,
    "wheel": try_wheel,
}


def talk(room: Room, kind: str, *start: str) -> None:
    """Start the program as an ordinary user, say something, read the answer, and quit."""
    with desktop(room) as screen:
        process = screen.start(*start)
        expect(os.stat(f"/proc/{process}").st_uid != 0, "the program runs as root")  # noqa: PTH116
        _say(screen, PICTURES / f"{kind}.png")
        try:
            code = screen.quit(process)
        except AssertionError:
            screen.photograph(PICTURES / f"{kind}-stays.png")
            raise
        expect(code == 0, f"the program ended with {code}")


def _say(screen: Desktop, picture: Path) -> None:
    try:
        screen.converse(WORDS, ANSWER)
    finally:
        screen.photograph(picture)


def remove(room: Room, command: list[str]) -> None:
    """Remove the program, and see that all of it is gone, and nothing that was written."""
    before = digest(room)
    said = room.run(*command)
    expect(f"~/{DATA}" in said, f"it does not say where the data is: {said}")
    expect(digest(room) == before, "what was written is not as it was")
    left = [str(path) for path in (room.root / "usr").rglob(f"*{PROGRAM.command}*")]
    expect(not left, f"left behind: {left}")


def digest(room: Room) -> str:
    """Give by what the user's data is known to be as it was."""
    said = room.run("sh", "-c", f"find /home/{USER}/{DATA} -type f -exec sha256sum {{}} + | sort")
    expect(f"{DATA}/history.db" in said, f"there is no history: {said}")
    return said


if __name__ == "__main__":
    sys.exit(main())
