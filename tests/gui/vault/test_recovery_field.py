from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from chatelaine.gui.vault.recovery_field import CHARACTERS, RecoveryKeyField
from chatelaine.vault.recovery_key import to_text

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

KEY = to_text(bytes(range(16)))


@pytest.fixture
def field(qtbot: QtBot) -> RecoveryKeyField:
    field = RecoveryKeyField()
    qtbot.addWidget(field)
    field.show()
    return field


@pytest.mark.parametrize(
    "pasted",
    [
        KEY,
        KEY.lower(),
        KEY.replace("-", ""),
        KEY.replace("-", "\N{EN DASH}"),
        f"  {KEY.replace('-', ' ')}\t",
    ],
)
def test_a_pasted_key_is_put_into_groups(field: RecoveryKeyField, pasted: str) -> None:
    QGuiApplication.clipboard().setText(pasted)
    field.paste()
    QGuiApplication.clipboard().clear()
    assert field.text() == KEY
    assert field.count() == CHARACTERS
    assert field.problem() == ""
    assert field.take() == KEY
    assert field.text() == ""


def test_characters_that_no_key_has_stay_to_be_seen(field: RecoveryKeyField) -> None:
    QTest.keyClicks(field, "U" + KEY.replace("-", "")[1:])
    assert field.text().startswith("U")
    assert field.problem().startswith("Group 1: did you mean")
