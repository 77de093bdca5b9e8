"""What the tests of finding share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatelaine.gui.theme.appearance import Appearance, Scheme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication


@pytest.fixture
def appearance(qapp: QApplication) -> Iterator[Appearance]:
    """The application in its usual clothes, to be changed by the test."""
    made = Appearance(qapp, Scheme.LIGHT)
    yield made
    made.set_scheme(Scheme.LIGHT)
    made.set_scale(1.0)
    qapp.setStyleSheet("")
