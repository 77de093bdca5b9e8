from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from chatelaine.gui.chat.composer import Composer

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def composer(dressed, qtbot) -> Composer:
    made = Composer()
    qtbot.addWidget(made)
    made.resize(700, made.height())
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    made.setFocus()
    return made


def type_in(composer: Composer, text: str) -> None:
    QTest.keyClicks(composer.field, text)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_sends_what_is_written(composer, qtbot, key):
    type_in(composer, "Hello there")
    with qtbot.waitSignal(composer.submitted) as sent:
        QTest.keyClick(composer.field, key)
    assert sent.args == ["Hello there"]
    assert composer.text() == "Hello there", "whoever takes the text empties the field"


def test_empty_lines_around_a_text_are_not_sent_but_the_indent_of_its_first_line_is(
    composer, qtbot
):
    composer.set_text("\n\n    if done:\n        stop()\n\n")
    with qtbot.waitSignal(composer.submitted) as sent:
        QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert sent.args == ["    if done:\n        stop()"]


def test_shift_enter_breaks_the_line(composer, qtbot):
    type_in(composer, "one")
    with qtbot.assertNotEmitted(composer.submitted):
        QTest.keyClick(composer.field, Qt.Key.Key_Return, SHIFT)
    type_in(composer, "two")
    assert composer.text() == "one\ntwo"


def test_nothing_is_not_sent(composer, qtbot):
    with qtbot.assertNotEmitted(composer.submitted):
        QTest.keyClick(composer.field, Qt.Key.Key_Return)
        type_in(composer, "   ")
        QTest.keyClick(composer.field, Qt.Key.Key_Return)
        QTest.mouseClick(composer.button, Qt.MouseButton.LeftButton)
    assert not composer.button.isEnabled()


def test_the_button_sends(composer, qtbot):
    type_in(composer, "Hello")
    assert composer.button.isEnabled()
    with qtbot.waitSignal(composer.submitted):
        QTest.mouseClick(composer.button, Qt.MouseButton.LeftButton)
    assert composer.field.hasFocus()


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_the_button_can_be_pressed_with_the_keyboard(composer, qtbot, key):
    type_in(composer, "Hello")
    QTest.keyClick(composer.field, Qt.Key.Key_Tab)
    assert composer.button.hasFocus()
    with qtbot.waitSignal(composer.submitted):
        QTest.keyClick(composer.button, key)


# ---------------------------------------------------------------------------- running


def test_while_a_turn_runs_the_button_stops_it(composer, qtbot):
    composer.set_running(True)
    assert composer.button.accessibleName() == "Stop"
    assert composer.button.isEnabled(), "also while nothing is written"
    with qtbot.waitSignal(composer.stop_requested):
        QTest.mouseClick(composer.button, Qt.MouseButton.LeftButton)
    composer.set_running(False)
    assert composer.button.accessibleName() == "Send"


def test_typing_goes_on_while_a_turn_runs_and_enter_keeps_it(composer, qtbot):
    composer.set_running(True)
    type_in(composer, "Next question")
    with qtbot.assertNotEmitted(composer.submitted):
        QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert composer.text() == "Next question"


# ---------------------------------------------------------------------------- input methods


def compose(composer: Composer, preedit: str, commit: str = "") -> None:
    event = QInputMethodEvent(preedit, [])
    event.setCommitString(commit)
    QApplication.sendEvent(composer.field, event)


def test_enter_chooses_a_word_of_the_input_method_and_does_not_send(composer, qtbot):
    type_in(composer, "a")
    compose(composer, "にほん")
    with qtbot.assertNotEmitted(composer.submitted):
        QTest.keyClick(composer.field, Qt.Key.Key_Return)
    compose(composer, "", "日本")
    with qtbot.waitSignal(composer.submitted) as sent:
        QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert sent.args == ["a日本"]


# ---------------------------------------------------------------------------- text


def test_changes_are_told(composer, qtbot):
    with qtbot.waitSignal(composer.text_changed):
        type_in(composer, "x")
    with qtbot.waitSignal(composer.text_changed):
        composer.set_text("other")
    assert composer.text() == "other"
    with qtbot.assertNotEmitted(composer.text_changed):
        composer.set_text("other")


def test_text_that_is_put_there_can_be_written_on(composer):
    composer.set_text("Hello")
    type_in(composer, " there")
    assert composer.text() == "Hello there"


def test_typing_can_be_undone_and_done_again(composer):
    type_in(composer, "Hello")
    QTest.keySequence(composer.field, QKeySequence(QKeySequence.StandardKey.Undo))
    assert composer.text() == ""
    QTest.keySequence(composer.field, QKeySequence(QKeySequence.StandardKey.Redo))
    assert composer.text() == "Hello"


def test_what_is_pasted_is_plain_text(composer):
    rich = QMimeData()
    rich.setText("bold words")
    rich.setHtml("<b>bold</b> <i>words</i>")
    QGuiApplication.clipboard().setMimeData(rich)
    QTest.keySequence(composer.field, QKeySequence(QKeySequence.StandardKey.Paste))
    assert composer.text() == "bold words"


def test_a_large_paste_arrives_whole(composer, qtbot):
    text = "\n".join(f"line {number} of a log" for number in range(40_000))
    QGuiApplication.clipboard().setText(text)
    QTest.keySequence(composer.field, QKeySequence(QKeySequence.StandardKey.Paste))
    assert composer.text() == text
    with qtbot.waitSignal(composer.submitted) as sent:
        QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert sent.args == [text]


# ---------------------------------------------------------------------------- size


def lines(count: int) -> str:
    return "\n".join("x" * count)


def test_it_grows_with_its_lines_up_to_eight_and_shrinks_again(composer):
    heights = []
    for count in (1, 2, 5, 8, 9, 30):
        composer.set_text(lines(count))
        heights.append(composer.height())
    assert heights[1] < heights[2] < heights[3] == heights[4] == heights[5]
    composer.set_text("")
    assert composer.height() == heights[0]


def test_it_grows_with_a_line_that_wraps(composer):
    empty = composer.height()
    composer.set_text("words " * 60)
    assert composer.height() > empty


def test_a_narrower_composer_is_higher(composer):
    composer.set_text("words " * 30)
    wide = composer.height()
    composer.resize(320, composer.height())
    assert composer.height() > wide


def test_the_end_of_a_long_text_is_seen_while_it_is_typed(composer):
    composer.set_text(lines(40))
    type_in(composer, "end")
    field = composer.field
    assert field.viewport().rect().contains(field.cursorRect().center())


def test_the_field_lies_within_the_frame_at_every_width(composer):
    for width in (300, 480, 900, 1600):
        composer.resize(width, composer.height())
        assert composer._frame.contains(composer.field.geometry())
        assert composer._frame.contains(composer.button.geometry())
        assert not composer.field.geometry().intersects(composer.button.geometry())


def test_a_larger_text_size_makes_it_higher(appearance, composer, qtbot):
    before = composer.height()
    appearance.set_scale(1.6)
    qtbot.waitUntil(lambda: composer.height() > before)


# ---------------------------------------------------------------------------- keyboard, names


def test_focus_goes_to_the_field_and_tab_leaves_it(composer):
    composer.button.setFocus()
    composer.setFocus()
    assert composer.field.hasFocus()
    type_in(composer, "x")
    QTest.keyClick(composer.field, Qt.Key.Key_Tab)
    assert composer.text() == "x"
    assert composer.button.hasFocus()


def test_a_click_anywhere_in_the_frame_begins_to_write(composer):
    composer.button.setFocus()
    QTest.mouseClick(composer, Qt.MouseButton.LeftButton, pos=composer._frame.topLeft() * 1.2)
    assert composer.field.hasFocus()


def test_a_screen_reader_hears_what_the_field_is_for(composer):
    assert composer.field.accessibleName() == "Message"
    assert "Enter sends" in composer.field.accessibleDescription()


def test_it_looks_different_in_the_dark(appearance, composer, qtbot):
    from chatelaine.gui.theme.appearance import Scheme

    bright = composer.grab().toImage()
    appearance.set_scheme(Scheme.DARK)
    assert composer.grab().toImage() != bright
