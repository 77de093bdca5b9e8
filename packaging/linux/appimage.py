"""The folder that becomes an AppImage: `appimage.sh` makes the file, where that can be done."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import icons
import project
from linux import files

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 256


def build(program: project.Project, folder: Path) -> Path:
    """Lay out the program as an AppImage has it; give where.

    Raises:
        subprocess.CalledProcessError: One of the files for desktops is not as it must be.
    """
    root = project.BUILD / "appimage"
    files.write_tree(root, program, folder)
    entry = root / "usr" / "share" / "applications" / f"{program.id}.desktop"
    shutil.copyfile(entry, root / entry.name)
    (root / f"{program.id}.png").write_bytes(icons.png(LARGEST))
    (root / ".DirIcon").symlink_to(f"{program.id}.png")
    (root / "AppRun").symlink_to(f"usr/bin/{program.command}")
    files.write(root.with_suffix(".version"), program.version)
    return root
