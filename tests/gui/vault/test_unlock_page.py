from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton, QWidget

from chatelaine.errors import (
    ChatelaineError,
    HistoryDamaged,
    HistoryLocked,
    HistoryMissing,
    HistoryOpenElsewhere,
    KeyFileMissing,
    KeyFileUnreadable,
    KeyOfAnotherHistory,
    KeyringEntryMissing,
    KeyringLocked,
    KeyringUnavailable,
    RecoveryKeyMistyped,
    WrongSecret,
)
from chatelaine.gui.vault.unlock_page import UnlockPage
from chatelaine.gui.widgets.spinner import Spinner
from chatelaine.vault.recovery_key import to_text

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

KEY = to_text(bytes(range(16)))
LEFT = Qt.MouseButton.LeftButton
Key = Qt.Key


class Asked(list[tuple[Any, ...]]):
    """What the page asks for, in order."""

    def __init__(self, page: UnlockPage) -> None:
        super().__init__()
        for name in (
            "try_again",
            "recovery_key_entered",
            "passphrase_entered",
            "other_history_chosen",
            "new_history_requested",
            "quit_requested",
        ):
            signal = getattr(page, name)
            signal.connect(lambda *values, name=name: self.append((name, *values)))


@pytest.fixture
def page(qtbot: QtBot) -> UnlockPage:
    page = UnlockPage()
    qtbot.addWidget(page)
    page.resize(640, 640)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    return page


@pytest.fixture
def asked(page: UnlockPage) -> Asked:
    return Asked(page)


def field(page: UnlockPage, name: str) -> QLineEdit:
    found = page.findChild(QLineEdit, name)
    assert isinstance(found, QLineEdit)
    return found


def button(page: UnlockPage, name: str) -> QPushButton:
    found = page.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def offered(page: UnlockPage) -> set[str]:
    names = ("tryAgain", "passphrase", "recoveryKey", "instead", "otherHistory", "newHistory")
    return {
        name
        for name in (*names, "quit")
        if (found := page.findChild(QWidget, name)) is not None and found.isVisible()
    }


def words(page: UnlockPage) -> list[str]:
    return [one.text() for one in page.findChildren(QLabel) if one.isVisible() and one.text()]


ALWAYS = {"otherHistory", "newHistory", "quit"}
NO_KEY = ALWAYS | {"tryAgain", "recoveryKey"}


@pytest.mark.parametrize(
    ("error", "opens", "ways"),
    [
        (KeyringLocked("It is locked."), "r", NO_KEY),
        (KeyringUnavailable("There is none."), "r", NO_KEY),
        (KeyringEntryMissing("It has no entry."), "r", NO_KEY),
        (KeyOfAnotherHistory("It is another's."), "r", NO_KEY),
        (KeyringLocked("It is locked."), "pr", NO_KEY | {"passphrase"}),
        (KeyringLocked("It is locked."), "", ALWAYS | {"tryAgain"}),
        (KeyFileMissing("It is gone."), "", ALWAYS | {"tryAgain"}),
        (KeyFileUnreadable("It is damaged."), "", ALWAYS | {"tryAgain"}),
        (KeyFileUnreadable("A slot is damaged."), "r", NO_KEY),
        (KeyFileUnreadable("A slot is damaged."), "pr", NO_KEY | {"passphrase"}),
        (HistoryMissing("It is not there."), "r", ALWAYS | {"tryAgain"}),
        (HistoryOpenElsewhere("Close it there."), "pr", ALWAYS | {"tryAgain"}),
        (HistoryDamaged("Page 7."), "pr", ALWAYS | {"tryAgain"}),
        (HistoryLocked("With a passphrase."), "pr", ALWAYS | {"passphrase", "instead"}),
        (HistoryLocked("With a passphrase."), "p", ALWAYS | {"passphrase"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_problem_is_explained_and_offers_the_ways_that_fit(
    page: UnlockPage, error: ChatelaineError, opens: str, ways: set[str]
) -> None:
    page.set_ways(passphrase="p" in opens, recovery_key="r" in opens)
    page.show_problem(error)
    assert error.title in words(page)
    assert error.message in words(page)
    assert offered(page) == ways


def test_a_problem_with_the_key_says_that_the_history_is_safe(page: UnlockPage) -> None:
    page.show_problem(KeyringLocked("It is locked. Unlock it and try again."))
    assert "Your history is safe, but its key is not available" in words(page)
    assert "Nothing was changed or deleted." in words(page)


def test_buttons_ask_for_what_they_say(page: UnlockPage, asked: Asked) -> None:
    page.show_problem(KeyringLocked("It is locked."))
    for name in ("tryAgain", "newHistory", "quit"):
        QTest.mouseClick(button(page, name), LEFT)
    assert asked == [("try_again",), ("new_history_requested",), ("quit_requested",)]


def test_enter_tries_again_at_once(qtbot: QtBot, page: UnlockPage, asked: Asked) -> None:
    page.show_problem(KeyringLocked("It is locked."))
    qtbot.waitUntil(button(page, "tryAgain").hasFocus)
    QTest.keyClick(button(page, "tryAgain"), Key.Key_Return)
    assert asked == [("try_again",)]


# ---------------------------------------------------------------------------- the recovery key


@pytest.fixture
def recovery(page: UnlockPage) -> QLineEdit:
    page.set_ways(passphrase=False, recovery_key=True)
    page.show_problem(KeyringLocked("It is locked."))
    return field(page, "recoveryKey")


def test_a_recovery_key_is_put_into_groups_while_it_is_typed(recovery: QLineEdit) -> None:
    QTest.keyClicks(recovery, "8qh7p6")
    assert recovery.text() == "8QH7-P6"
    QTest.keyClick(recovery, Key.Key_Backspace)
    QTest.keyClick(recovery, Key.Key_Backspace)
    assert recovery.text() == "8QH7"
    QTest.keyClicks(recovery, " - k6")
    assert recovery.text() == "8QH7-K6"


def test_what_is_typed_into_the_middle_stays_under_the_cursor(recovery: QLineEdit) -> None:
    QTest.keyClicks(recovery, "aaaabbbbcccc")
    recovery.setCursorPosition(2)
    QTest.keyClicks(recovery, "123")
    assert recovery.text() == "AA12-3AAB-BBBC-CCC"
    assert recovery.cursorPosition() == 6
    QTest.keyClicks(recovery, "9")
    assert recovery.text() == "AA12-39AA-BBBB-CCCC"


def test_the_page_counts_and_then_says_that_the_key_is_whole(
    page: UnlockPage, recovery: QLineEdit
) -> None:
    QTest.keyClicks(recovery, KEY[:6])
    assert "5 of 32 characters." in words(page)
    QTest.keyClicks(recovery, KEY[6:].replace("-", " ").lower())
    assert recovery.text() == KEY
    assert "There is no slip in it." in words(page)


def test_a_slip_is_pointed_out_while_typing_and_such_a_key_is_not_used(
    page: UnlockPage, asked: Asked, recovery: QLineEdit
) -> None:
    wrong = ("Y" if KEY[11] != "Y" else "Z").join((KEY[:11], KEY[12:]))
    QTest.keyClicks(recovery, wrong)
    hint = next(text for text in words(page) if text.startswith("Group 3: did you mean"))
    assert KEY.split("-")[2] in hint
    QTest.keyClick(recovery, Key.Key_Return)
    assert asked == []
    assert recovery.text() == wrong
    assert hint in words(page)


def test_too_short_a_key_is_not_used_and_said_so(
    page: UnlockPage, asked: Asked, recovery: QLineEdit
) -> None:
    QTest.keyClicks(recovery, "ABCD")
    QTest.mouseClick(button(page, "recoveryKeyOpen"), LEFT)
    assert asked == []
    assert any("4 were typed" in text for text in words(page))


def test_a_whole_key_is_handed_over_and_forgotten(
    page: UnlockPage, asked: Asked, recovery: QLineEdit
) -> None:
    assert not button(page, "recoveryKeyOpen").isEnabled()
    QTest.keyClicks(recovery, KEY)
    QTest.keyClick(recovery, Key.Key_Return)
    assert asked == [("recovery_key_entered", KEY)]
    assert recovery.text() == ""
    page.show_problem(WrongSecret("It belongs to another history."))
    QTest.keyClick(recovery, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert recovery.text() == ""


def test_a_key_of_another_history_is_told_at_its_field_and_the_page_stays(
    qtbot: QtBot, page: UnlockPage, recovery: QLineEdit
) -> None:
    QTest.keyClicks(recovery, KEY)
    QTest.keyClick(recovery, Key.Key_Return)
    page.show_problem(WrongSecret("It belongs to another history."))
    assert "It is locked." in words(page)
    assert "It belongs to another history." in words(page)
    assert WrongSecret.default_title not in words(page)
    assert recovery.isEnabled()
    qtbot.waitUntil(recovery.hasFocus)


def test_a_wrong_secret_that_nobody_entered_here_is_a_problem_like_any_other(
    page: UnlockPage,
) -> None:
    page.show_problem(RecoveryKeyMistyped("Group 3."))
    assert RecoveryKeyMistyped.default_title in words(page)


# ---------------------------------------------------------------------------- the passphrase


def test_a_history_with_a_passphrase_simply_asks_for_it(
    qtbot: QtBot, page: UnlockPage, asked: Asked
) -> None:
    page.set_ways(passphrase=True, recovery_key=True)
    page.show_problem(HistoryLocked("It opens with a passphrase.", title="Welcome back"))
    passphrase = field(page, "passphrase")
    qtbot.waitUntil(passphrase.hasFocus)
    assert passphrase.echoMode() is QLineEdit.EchoMode.Password
    QTest.keyClicks(passphrase, "four odd words here")
    QTest.keyClick(passphrase, Key.Key_Return)
    assert asked == [("passphrase_entered", "four odd words here")]
    assert passphrase.text() == ""
    assert not passphrase.isEnabled()
    assert "Opening your history…" in words(page)
    page.show_problem(WrongSecret("This passphrase does not open it."))
    assert "This passphrase does not open it." in words(page)
    assert "Opening your history…" not in words(page)
    assert offered(page) == ALWAYS | {"passphrase", "instead"}
    qtbot.waitUntil(passphrase.hasFocus)


def test_an_empty_passphrase_is_not_handed_over(page: UnlockPage, asked: Asked) -> None:
    page.set_ways(passphrase=True, recovery_key=True)
    page.show_problem(KeyringLocked("It is locked."))
    QTest.keyClick(field(page, "passphrase"), Key.Key_Return)
    assert asked == []


def test_whoever_forgot_the_passphrase_is_led_to_the_recovery_key(
    qtbot: QtBot, page: UnlockPage
) -> None:
    page.set_ways(passphrase=True, recovery_key=True)
    page.show_problem(HistoryLocked("It opens with a passphrase.", title="Welcome back"))
    QTest.mouseClick(button(page, "instead"), LEFT)
    assert offered(page) == ALWAYS | {"passphrase", "recoveryKey"}
    qtbot.waitUntil(field(page, "recoveryKey").hasFocus)


# ---------------------------------------------------------------------------- waiting


def test_waiting_for_the_keyring_is_shown_and_leaves_the_other_ways_open(
    page: UnlockPage, asked: Asked
) -> None:
    page.set_ways(passphrase=False, recovery_key=True)
    page.show_problem(KeyringLocked("It is locked."))
    spinner = page.findChild(Spinner)
    assert isinstance(spinner, Spinner)
    assert not spinner.isVisible()
    page.set_waiting(True)
    assert spinner.isVisible()
    assert "Waiting for the system keyring…" in words(page)
    assert any("hidden behind this one" in text for text in words(page))
    assert not button(page, "tryAgain").isEnabled()
    QTest.keyClicks(field(page, "recoveryKey"), KEY)
    QTest.keyClick(field(page, "recoveryKey"), Key.Key_Return)
    assert asked == [("recovery_key_entered", KEY)]
    page.set_waiting(False)
    assert not spinner.isVisible()
    assert button(page, "tryAgain").isEnabled()
    assert field(page, "recoveryKey").isEnabled()


@pytest.mark.parametrize(
    ("opens", "ways", "focused"),
    [
        ("r", NO_KEY, "recoveryKey"),
        ("pr", NO_KEY | {"passphrase"}, "passphrase"),
        ("", ALWAYS | {"tryAgain"}, None),
    ],
)
def test_whoever_does_not_want_to_wait_is_offered_what_needs_no_keyring(
    qtbot: QtBot, page: UnlockPage, opens: str, ways: set[str], focused: str | None
) -> None:
    page.set_ways(passphrase="p" in opens, recovery_key="r" in opens)
    page.show_other_ways()
    assert offered(page) == ways
    assert "The system keyring has not answered yet" in words(page)
    assert "Waiting for the system keyring…" in words(page)
    assert not button(page, "tryAgain").isEnabled()
    assert "Nothing was changed or deleted." not in words(page)
    if focused is not None:
        qtbot.waitUntil(field(page, focused).hasFocus)


def test_after_another_way_was_tried_the_page_promises_the_keyring_no_more(
    page: UnlockPage,
) -> None:
    page.set_ways(passphrase=False, recovery_key=True)
    page.show_other_ways()
    assert any("opens by itself" in text for text in words(page))
    QTest.keyClicks(field(page, "recoveryKey"), KEY)
    QTest.keyClick(field(page, "recoveryKey"), Key.Key_Return)
    page.show_problem(WrongSecret("It belongs to another history."))
    assert not any("opens by itself" in text for text in words(page))
    assert any("asks it once more" in text for text in words(page))
    assert button(page, "tryAgain").isEnabled()


def test_an_answer_of_the_keyring_does_not_take_away_what_is_being_typed(
    qtbot: QtBot, page: UnlockPage
) -> None:
    page.set_ways(passphrase=False, recovery_key=True)
    page.show_other_ways()
    recovery = field(page, "recoveryKey")
    qtbot.waitUntil(recovery.hasFocus)
    QTest.keyClicks(recovery, "8qh7p6")
    page.show_problem(KeyringLocked("It is locked."))
    assert recovery.text() == "8QH7-P6"
    assert recovery.hasFocus()
    page.show_problem(HistoryDamaged("Page 7."))
    assert recovery.text() == ""


def test_another_history_is_chosen_without_blocking(
    qtbot: QtBot, page: UnlockPage, asked: Asked, tmp_path: Path
) -> None:
    history = tmp_path / "other.db"
    history.write_bytes(b"history")
    page.show_problem(KeyringLocked("It is locked."))
    QTest.mouseClick(button(page, "otherHistory"), LEFT)
    dialog = page.findChild(QFileDialog, "historyDialog")
    assert isinstance(dialog, QFileDialog)
    qtbot.waitUntil(dialog.isVisible)
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(str(history))
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    QTest.keyClick(name, Key.Key_Return)
    assert asked == [("other_history_chosen", history)]
    assert isinstance(asked[0][1], Path)
    qtbot.waitUntil(lambda: page.findChild(QFileDialog) is None)


# ---------------------------------------------------------------------------- access


def test_every_field_and_button_has_a_name_and_is_reached_with_tab(
    qtbot: QtBot, page: UnlockPage
) -> None:
    page.set_ways(passphrase=True, recovery_key=True)
    page.show_problem(KeyringLocked("It is locked."))
    QTest.keyClicks(field(page, "passphrase"), "x")
    QTest.keyClicks(field(page, "recoveryKey"), "x")
    button(page, "tryAgain").setFocus()
    reached: list[str] = []
    for _ in range(12):
        focused = page.focusWidget()
        assert focused is not None
        reached.append(focused.objectName() or focused.metaObject().className())
        QTest.keyClick(focused, Key.Key_Tab)
    wanted = ["tryAgain", "passphrase", "passphraseOpen", "recoveryKey", "recoveryKeyOpen"]
    wanted += ["otherHistory", "newHistory", "quit"]
    assert [name for name in dict.fromkeys(reached) if name in wanted] == wanted
    for name in ("passphrase", "recoveryKey"):
        assert field(page, name).accessibleName()
        assert any(one.buddy() is field(page, name) for one in page.findChildren(QLabel))


@pytest.mark.parametrize("width", [480, 1400])
def test_nothing_is_cut_off_at_any_width(qtbot: QtBot, page: UnlockPage, width: int) -> None:
    page.set_ways(passphrase=True, recovery_key=True)
    page.show_problem(KeyringLocked("It is locked, and this is why: " + "words " * 30))
    page.resize(width, 480)
    qtbot.waitUntil(lambda: page.viewport().width() > width - 20)
    assert page.horizontalScrollBar().maximum() == 0
    for label in page.findChildren(QLabel):
        if label.isVisible():
            assert label.heightForWidth(label.width()) <= label.height(), label.text()
