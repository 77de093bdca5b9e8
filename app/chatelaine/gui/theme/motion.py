"""Whether things may move: some people get sick of it, and tell their desktop so."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

_CHOICE: Final = "chatelaineMotion"
_DESKTOP: Final = "chatelaineStillDesktop"
_EFFECTS: Final = (
    Qt.UIEffect.UI_AnimateMenu,
    Qt.UIEffect.UI_FadeMenu,
    Qt.UIEffect.UI_AnimateCombo,
    Qt.UIEffect.UI_AnimateTooltip,
    Qt.UIEffect.UI_FadeTooltip,
    Qt.UIEffect.UI_AnimateToolBox,
)


class Motion(StrEnum):
    """Whether things move."""

    SYSTEM = "system"
    FULL = "full"
    REDUCED = "reduced"


def is_reduced() -> bool:
    """Tell whether all stands still: the user wants it so, or the desktop does.

    Whoever moves something asks before it begins, and at each step.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return False
    choice = app.property(_CHOICE)
    if choice in {Motion.FULL, Motion.REDUCED}:
        return bool(choice == Motion.REDUCED)
    return bool(app.property(_DESKTOP)) or _is_still_by_platform(app)


def choose(app: QApplication, motion: Motion) -> None:
    """Take what the user has chosen."""
    app.setProperty(_CHOICE, str(motion))
    _apply(app)


def follow(app: QApplication, *, still: bool) -> None:
    """Take what the desktop says: that nothing shall move, or that things may."""
    app.setProperty(_DESKTOP, still)
    _apply(app)


def _is_still_by_platform(app: QApplication) -> bool:
    if os.environ.get("GTK_ENABLE_ANIMATIONS") == "0":
        return True
    from PySide6.QtWidgets import QStyle  # a class of some hundred names, which cost their time

    # Windows and some desktops say it in this way: animations that take no time.
    return app.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) == 0


def _apply(app: QApplication) -> None:
    if is_reduced():
        for effect in _EFFECTS:
            app.setEffectEnabled(effect, False)
