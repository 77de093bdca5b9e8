"""Takes pictures of the scenes, to be looked at: `python -m support.photograph FOLDER`.

Without a folder, those are taken anew that the tests compare with: `make pictures`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from chatelaine.gui.chat.scrolling import ABOVE, BELOW
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.theme.appearance import Appearance, Contrast, Scheme
from chatelaine.gui.theme.motion import Motion
from support.scenes import Scene, scenes
from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCES: Final = Path(__file__).resolve().parents[1] / "data" / "pictures"
_LIGHT_ONLY: Final = frozenset({"code-wrapped", "long-words"})
"""Scenes that have no colours that others have not."""
_FIRST_HEIGHT: Final = 400
_HIGHEST: Final = 6000


@dataclass(frozen=True, slots=True)
class Look:
    """How a scene is shown.

    Attributes:
        scheme: Light or dark.
        width: Of the window, in pixels.
        ratio: Device pixels for each pixel.
        scale: The text size.
        contrast: How much words stand out.
    """

    scheme: Scheme = Scheme.LIGHT
    width: int = 560
    ratio: float = 1.0
    scale: float = 1.0
    contrast: Contrast = Contrast.USUAL

    def dress(self, appearance: Appearance) -> None:
        """Let the application look so; nothing moves in it."""
        appearance.set_scheme(self.scheme)
        appearance.set_contrast(self.contrast)
        appearance.set_scale(self.scale)
        appearance.set_motion(Motion.REDUCED)


def photograph(scene: Scene, look: Look) -> QImage:
    """Show a scene, and give the picture. The application is dressed already."""
    window = QWidget()
    view = TimelineView(window)
    try:
        _show(view, window, scene, look)
        ratio = look.ratio
        image = QImage(window.size() * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        # Painting may ask for what is seen at this ratio: a sharper picture, a sharper formula.
        while True:
            painter = QPainter(image)
            window.render(painter, QPoint())
            painter.end()
            QApplication.processEvents()
            if view.is_settled:
                return image
            _wait_for(view)
    finally:
        window.close()
        window.deleteLater()
        QApplication.processEvents()


def _show(view: TimelineView, window: QWidget, scene: Scene, look: Look) -> None:
    view.file_requested.connect(lambda _name, take: take(None))
    view.load(scene.rows)
    height = scene.height or _FIRST_HEIGHT
    window.resize(look.width, height)
    view.resize(look.width, height)
    window.show()
    QTest.qWaitForWindowExposed(window)
    _wait_for(view)
    scene.prepare(view)
    _wait_for(view)
    if not scene.height:
        # Twice: what is seen only now may be higher than it was guessed to be.
        for _ in range(2):
            height = min(view.laid_out.heights.total + ABOVE + BELOW, _HIGHEST)
            window.resize(look.width, height)
            view.resize(look.width, height)
            _wait_for(view)


def _wait_for(view: TimelineView) -> None:
    def is_settled() -> bool:
        QApplication.processEvents()
        return view.is_settled

    wait_until(is_settled, what="the scene is shown")


_FURTHER: Final = (
    ("tools-open", "fine", Look(ratio=2.0)),
    ("reasoning-open", "fine-dark", Look(Scheme.DARK, ratio=2.0)),
    ("user", "contrast", Look(contrast=Contrast.HIGH)),
)
"""Scenes of which pictures in another look are kept, too: for fine screens, in high contrast."""


def references() -> Iterator[tuple[Scene, Look, Path]]:
    """Give each picture that is kept: the scene, its look, and where it lies."""
    for scene in scenes():
        if scene.is_compared:
            schemes = (Scheme.LIGHT, Scheme.DARK)[: 1 if scene.name in _LIGHT_ONLY else 2]
            for scheme in schemes:
                yield scene, Look(scheme), REFERENCES / f"{scene.name}-{scheme}.png"
    found = {scene.name: scene for scene in scenes()}
    for name, kind, look in _FURTHER:
        yield found[name], look, REFERENCES / f"{name}-{kind}.png"


def take_references(appearance: Appearance) -> None:
    """Take the pictures anew that are kept."""
    shutil.rmtree(REFERENCES, ignore_errors=True)
    REFERENCES.mkdir(parents=True)
    for scene, look, path in references():
        look.dress(appearance)
        photograph(scene, look).save(str(path))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m support.photograph", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--contrast", choices=("usual", "high"), default="usual")
    parser.add_argument("--width", type=int, default=560)
    parser.add_argument("--ratio", type=float, default=1.0)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", nargs="*", default=[])
    return parser.parse_args()


def _wanted(only: list[str]) -> Iterator[Scene]:
    return (scene for scene in scenes() if not only or scene.name in only)


def main() -> int:
    """Take the pictures; give the exit code."""
    given = _arguments()
    app = QApplication(sys.argv[:1])
    appearance = Appearance(app, Scheme(given.scheme))
    look = Look(
        Scheme(given.scheme), given.width, given.ratio, given.scale, Contrast(given.contrast)
    )
    if given.folder is None:
        take_references(appearance)
        return 0
    look.dress(appearance)
    given.folder.mkdir(parents=True, exist_ok=True)
    for scene in _wanted(given.only):
        photograph(scene, look).save(str(given.folder / f"{scene.name}.png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
