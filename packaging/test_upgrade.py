"""Tests that an update keeps what was written, on a clean Debian: `make test-upgrade`.

    PYTHONPATH=packaging:tests .venv/bin/python packaging/test_upgrade.py

A package is built of the last state of the program whose histories had schema 2, with the scripts
of today. An ordinary user holds a conversation in it; then the package in `dist` is installed over
it. The conversation has to be there, its history migrated and, as it was before, in an encrypted
backup beside it; and all of it has to stay when the package is removed.

It needs root, `debootstrap`, the repository with its past, and `.venv-package`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import project
from chatelaine.store import archive
from chatelaine.store.archive import BackupKind
from chatelaine.store.backup import folder_of
from desktop_session import TOOLS, Desktop, desktop
from rooms import clean_room
from support.until import wait_until
from testrun import ANSWER, DATA, MENU, PICTURES, PROGRAM, WORDS, digest, expect, finished, remove
from windows.screen import Screen

if TYPE_CHECKING:
    from pathlib import Path


OLD_SCHEMA = 2
OLD_VERSION = "0.0.2"
"""Any that is older than today's: at that time, it was not counted up."""
NEXT_MIGRATION = "app/chatelaine/store/migrations/m0003_search.py"
"""What the old program must not know."""

_VERSION = re.compile(r'^version = ".*"$', re.MULTILINE)


def main() -> int:
    """Update, and see that nothing is lost."""
    old = build_old()
    new = finished("*.deb")
    with clean_room() as room:
        room.install(room.bring(old))
        room.install(*TOOLS)
        room.bring(project.ROOT / "tests" / "support" / "assistive_client.py")
        with desktop(room) as screen:
            write_in_old(screen)
        before = digest(room)
        history = room.home / DATA / "history.db"
        expect(not backups_of(history), "the old program has made backups")
        room.install(room.bring(new))
        expect(digest(room) == before, "installing has changed what was written")
        with desktop(room) as screen:
            read_in_new(screen)
        (backup,) = backups_of(history)
        manifest = archive.read_manifest(backup)
        expect(
            (manifest.kind, manifest.schema) == (BackupKind.MIGRATION, OLD_SCHEMA),
            f"the backup is of another kind: {manifest}",
        )
        expect(manifest.counts.turns == 1, f"the backup has {manifest.counts}")
        expect(WORDS.encode() not in backup.read_bytes(), "the backup can be read")
        remove(room, ["apt-get", "remove", "--yes", PROGRAM.command])
        expect(backup.exists(), "the backup is gone")
    print(f"{old.name} -> {new.name}: what was written is there, migrated, with a backup beside it")
    return 0


def build_old() -> Path:
    """Build the package of the old program; give where it is. One that is there is kept."""
    added = git("log", "--diff-filter=A", "--format=%H", "--", NEXT_MIGRATION).split()
    expect(added, "the repository does not have its past")
    commit = git("rev-parse", f"{added[-1]}^").strip()
    place = project.BUILD / f"older-{commit[:8]}"
    if not list(place.glob("dist/*.deb")):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        unpack("HEAD", ["packaging", "pyproject.toml", "resources", "LICENSE", "*.md"], place)
        unpack(commit, ["app"], place)
        expect(not (place / NEXT_MIGRATION).exists(), "the old program is not old")
        settings = (place / "pyproject.toml").read_text("utf-8")
        older = re.sub(
            r'^version = ".*"$', f'version = "{OLD_VERSION}"', settings, flags=re.MULTILINE
        )
        (place / "pyproject.toml").write_text(older, "utf-8")
        # What packages say of backups is read from where there are none yet; it is not imported.
        suffix = place / "app" / "chatelaine" / "store" / "archive.py"
        suffix.write_text(f'SUFFIX = "{archive.SUFFIX}"\n', "utf-8")
        python = project.ROOT / ".venv-package" / "bin" / "python"
        subprocess.run([python, "packaging/build.py", "bundle", "deb"], cwd=place, check=True)
    (package,) = place.glob("dist/*.deb")
    return package


def unpack(commit: str, parts: list[str], place: Path) -> None:
    """Put files of a state of the project somewhere."""
    packed = subprocess.run(
        ["git", "archive", commit, "--", *parts],
        cwd=project.ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    subprocess.run(["tar", "--extract", f"--directory={place}"], input=packed.stdout, check=True)


def git(*arguments: str) -> str:
    """Ask git for something."""
    return subprocess.run(
        ["git", *arguments], cwd=project.ROOT, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def write_in_old(desk: Desktop) -> None:
    """Hold a conversation. The old program tells a screen reader little: the screen is watched."""
    process = desk.start("gio", "launch", MENU)
    screen = Screen(desk.display)
    seen = screen.wait_until_still()
    screen.type(WORDS)
    screen.press("Return")
    screen.wait_until_still(other_than=seen)
    screen.keep(PICTURES / "upgrade-old.png")
    code = desk.quit(process)
    expect(code == 0, f"the old program ended with {code}")


def read_in_new(desk: Desktop) -> None:
    """Start the new program, and read what was written in the old one."""
    process = desk.start("gio", "launch", MENU)
    try:
        rows = wait_until(lambda: conversation(desk), 60, what="the conversation")
    finally:
        desk.photograph(PICTURES / "upgrade-new.png")
    expect(any(WORDS in row for row in rows), f"what was asked is not there: {rows}")
    code = desk.quit(process)
    expect(code == 0, f"the new program ended with {code}")


def conversation(desk: Desktop) -> list[str]:
    """Give what the rows of the open thread say, once the old answer is among them."""
    rows = desk.read()
    return rows if any(ANSWER in row for row in rows) else []


def backups_of(history: Path) -> list[Path]:
    """Give the backups beside a history."""
    return sorted(folder_of(history).glob(f"*{archive.SUFFIX}"))


if __name__ == "__main__":
    sys.exit(main())
