"""Where the shipped files are: in a checkout, in an installed wheel, or in a bundle.

A wheel and a bundle carry `resources/` inside the package; in a checkout it stands at the top.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final


def find(package: Path) -> Path:
    """Give the resources of a package that lies in a checkout, a wheel or a bundle."""
    inside = package / "resources"
    return inside if inside.is_dir() else package.parents[1] / "resources"


FOLDER: Final = find(Path(__file__).resolve().parents[1])
"""The folder that holds `fonts/` and `icons/`."""


def font_files() -> list[Path]:
    """Give the font files, in a fixed order."""
    fonts = FOLDER / "fonts"
    return sorted(path for path in fonts.rglob("*") if path.suffix in {".otf", ".ttf"})


def icon_file(name: str) -> Path:
    """Give where the drawing of a symbol is, if there is one of this name."""
    return FOLDER / "icons" / f"{name}.svg"
