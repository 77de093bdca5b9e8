"""Where the shipped files are: in a checkout, in an installed wheel, or in a bundle.

A wheel and a bundle carry `resources/` inside the package; in a checkout it stands at the top.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """Give the folder that holds `fonts/` and `icons/`."""
    inside = _PACKAGE / "resources"
    return inside if inside.is_dir() else _PACKAGE.parents[1] / "resources"


def font_files() -> list[Path]:
    """Give the font files, in a fixed order."""
    fonts = folder() / "fonts"
    return sorted(path for path in fonts.rglob("*") if path.suffix in {".otf", ".ttf"})


def icon_file(name: str) -> Path:
    """Give the drawing of a symbol.

    Raises:
        FileNotFoundError: There is no such symbol.
    """
    path = folder() / "icons" / f"{name}.svg"
    if not path.is_file():
        raise FileNotFoundError(f"no icon is called {name!r}")
    return path
