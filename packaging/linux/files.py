"""What every desktop of Linux wants to know of a program: the same files in each installer."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import icons

if TYPE_CHECKING:
    import project

TEMPLATES = Path(__file__).parent


def fill(template: str, program: project.Project, **more: str) -> str:
    """Give one of the files beside this one, with what it leaves open.

    Raises:
        ValueError: Something is still open.
    """
    said = {
        **vars(program),
        "desktop_categories": "".join(f"{each};" for each in program.categories),
        "desktop_keywords": "".join(f"{each};" for each in program.keywords),
        "metainfo_categories": "".join(
            f"\n    <category>{each}</category>" for each in program.categories if each != "Qt"
        ),
        "metainfo_keywords": "".join(
            f"\n    <keyword>{each}</keyword>" for each in program.keywords
        ),
        "wrapped_description": "\n ".join(textwrap.wrap(program.description, 75)),
        "sortable_version": program.sortable_version,
        "date": built().strftime("%Y-%m-%d"),
        "data": f"~/.local/share/{program.command}",
        "settings": f"~/.config/{program.command}",
        **more,
    }
    text = (TEMPLATES / template).read_text("utf-8")
    for name, value in said.items():
        if isinstance(value, str):
            text = text.replace(f"@{name}@", value)
    left = [part for part in text.split("@")[1:-1:2] if part.isidentifier()]
    if left:
        raise ValueError(f"{template}: {', '.join(left)} is not said")
    return text


def built() -> datetime:
    """Give the date that everything in a package has."""
    return datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)


def write_share(share: Path, program: project.Project, command: str) -> None:
    """Write what goes into `share`, and have it checked by those who made its rules.

    Args:
        share: The folder, as `/usr/share`.
        program: What it is about.
        command: What the entry in the menu starts.

    Raises:
        subprocess.CalledProcessError: One of the files is not as it must be; its checker says why.
    """
    desktop = write(
        share / "applications" / f"{program.id}.desktop",
        fill("desktop.in", program, command=command),
    )
    metainfo = write(
        share / "metainfo" / f"{program.id}.metainfo.xml", fill("metainfo.xml.in", program)
    )
    write(share / "mime" / "packages" / f"{program.id}.xml", fill("mime.xml.in", program))
    hicolor = share / "icons" / "hicolor"
    for size in icons.SIZES:
        png = hicolor / f"{size}x{size}" / "apps" / f"{program.id}.png"
        png.parent.mkdir(parents=True, exist_ok=True)
        png.write_bytes(icons.png(size))
    scalable = hicolor / "scalable" / "apps" / f"{program.id}.svg"
    scalable.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(icons.drawing(icons.SIZES[-1]), scalable)
    subprocess.run(["desktop-file-validate", str(desktop)], check=True)
    subprocess.run(["appstreamcli", "validate", "--no-net", str(metainfo)], check=True)


def write_tree(root: Path, program: project.Project, folder: Path) -> None:
    """Lay the program into a file system: `root` becomes `/`."""
    shutil.rmtree(root, ignore_errors=True)
    target = root / "usr" / "lib" / program.command
    target.parent.mkdir(parents=True)
    shutil.copytree(folder, target, symlinks=True)
    command = root / "usr" / "bin" / program.command
    command.parent.mkdir(parents=True)
    command.symlink_to(f"../lib/{program.command}/{program.command}")
    share = root / "usr" / "share"
    write_share(share, program, program.command)
    manual = fill("manual.1.in", program).encode()
    write_compressed(share / "man" / "man1" / f"{program.command}.1.gz", manual)


def write(path: Path, text: str, *, executable: bool = False) -> Path:
    """Write a file into folders that are made with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o755 if executable else 0o644)
    return path


def write_compressed(path: Path, content: bytes) -> None:
    """Write a file in the form that `zcat` reads, without the time of writing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, 9, mtime=0))
