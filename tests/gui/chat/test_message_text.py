from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolTip

from chatelaine.gui.chat.blocks.document import Position
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.chat.message_text import MARGIN, MessageText
from chatelaine.markup.parser import parse

LEFT = Qt.MouseButton.LeftButton


def point_of(message: MessageText, block: int, offset: int) -> QPoint:
    """Give where a character of a block is, on the widget."""
    entry = message.document.entries[block]
    assert isinstance(entry.layout, TextBlock)
    rects = entry.layout._rects(offset, offset + 1)
    return (rects[0].center() + entry.origin + QPointF(MARGIN, 0)).toPoint()


def drag(message, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(message, LEFT, pos=start)
    QTest.mouseMove(message, end)
    QTest.mouseRelease(message, LEFT, pos=end)


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def test_the_mouse_selects_and_ctrl_c_copies(message):
    text = message("One **two** three.\n\nFour five.")
    drag(text, point_of(text, 0, 4), point_of(text, 1, 4))
    QTest.keyClick(text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == text.selected_text()
    assert "two three.\n\nFour" in clipboard()


def test_a_double_click_selects_a_word_and_a_third_the_block(message):
    text = message("One two three.")
    QTest.mouseDClick(text, LEFT, pos=point_of(text, 0, 5))
    assert text.selected_text() == "two"
    QTest.mouseClick(text, LEFT, pos=point_of(text, 0, 5))
    assert text.selected_text() == "One two three."


def test_shift_click_extends_the_selection(message):
    text = message("One two three.")
    QTest.mouseClick(text, LEFT, pos=point_of(text, 0, 0) - QPoint(3, 0))
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mouseClick(text, LEFT, shift, pos=point_of(text, 0, 6) + QPoint(4, 0))
    assert text.selected_text() == "One two"


def test_ctrl_a_selects_all_and_a_click_nothing(message):
    text = message("One.\n\nTwo.")
    text.setFocus()
    QTest.keyClick(text, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert text.selected_text() == "One.\n\nTwo."
    QTest.mouseClick(text, LEFT, pos=point_of(text, 0, 0))
    assert text.selection is None


def test_without_a_selection_ctrl_c_copies_the_message_as_it_was_written(message):
    text = message("One **two**.")
    text.setFocus()
    QTest.keyClick(text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "One **two**."


def test_selected_code_is_plain_text(message):
    text = message("```python\nif x:\n    y = 1\n```")
    text.select_all()
    text.copy()
    assert clipboard() == "if x:\n    y = 1"
    assert not QGuiApplication.clipboard().mimeData().hasHtml()


def test_a_click_on_a_link_tells_where_it_leads(message, qtbot):
    text = message("See [the page](https://a.example/x).")
    with qtbot.waitSignal(text.link_activated) as told:
        QTest.mouseClick(text, LEFT, pos=point_of(text, 0, 6))
    assert told.args == ["https://a.example/x"]


def test_selecting_a_link_does_not_follow_it(message, qtbot):
    text = message("See [the page](https://a.example/x) now.")
    with qtbot.assertNotEmitted(text.link_activated):
        drag(text, point_of(text, 0, 5), point_of(text, 0, 9))
    assert text.selected_text()


def test_a_right_click_on_a_link_does_not_follow_it(message, qtbot):
    text = message("See [the page](https://a.example/x).")
    with qtbot.assertNotEmitted(text.link_activated):
        QTest.mouseClick(text, Qt.MouseButton.RightButton, pos=point_of(text, 0, 6))


def test_the_mouse_has_the_shape_of_what_it_is_over(message):
    text = message("See [the page](https://a.example/x).\n\n```\ncode\n```")
    QTest.mouseMove(text, point_of(text, 0, 6))
    assert text.cursor().shape() == Qt.CursorShape.PointingHandCursor
    QTest.mouseMove(text, point_of(text, 0, 1))
    assert text.cursor().shape() == Qt.CursorShape.IBeamCursor
    QTest.mouseMove(text, QPoint(text.width() - 3, 5))
    assert text.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_the_tool_tip_says_where_a_link_leads(message):
    text = message("See [the page](https://a.example/x).")
    point = point_of(text, 0, 6)
    event = QHelpEvent(QEvent.Type.ToolTip, point, text.mapToGlobal(point))
    QApplication.sendEvent(text, event)
    assert QToolTip.text() == "https://a.example/x"
    QToolTip.hideText()


def test_tab_goes_through_the_links_and_enter_follows_one(message, qtbot):
    text = message("[a](https://a.example) [b](https://b.example)")
    text.setFocus(Qt.FocusReason.TabFocusReason)
    assert text.shows_focus
    QTest.keyClick(text, Qt.Key.Key_Tab)
    QTest.keyClick(text, Qt.Key.Key_Tab)
    assert not text.shows_focus
    with qtbot.waitSignal(text.link_activated) as told:
        QTest.keyClick(text, Qt.Key.Key_Return)
    assert told.args == ["https://b.example"]
    QTest.keyClick(text, Qt.Key.Key_Backtab)
    with qtbot.waitSignal(text.link_activated) as told:
        QTest.keyClick(text, Qt.Key.Key_Enter)
    assert told.args == ["https://a.example"]


def test_a_click_does_not_show_the_ring_of_the_keyboard(message):
    text = message("Words.")
    QTest.mouseClick(text, LEFT, pos=point_of(text, 0, 1))
    assert text.hasFocus()
    assert not text.shows_focus


def test_the_copy_button_of_code_copies_it_and_says_so(message, qtbot):
    text = message("```python\na = 1\n```\n\n```\nb\n```")
    first, second = text._buttons
    assert first.accessibleName() == "Copy code"
    QTest.mouseClick(second, LEFT)
    assert clipboard() == "b"
    QTest.mouseClick(first, LEFT)
    assert clipboard() == "a = 1"
    assert first.accessibleName() == first.text() == "Copied"
    first._thanks.stop()
    second._thanks.stop()


def test_copy_buttons_lie_on_the_code_they_copy(message):
    text = message("words\n\n```\na\n```\n\n> ```\n> b\n> ```", 300)
    for button, (entry, block) in zip(text._buttons, text.document.code_blocks(), strict=True):
        assert entry.y <= button.y()
        assert button.geometry().bottom() <= entry.y + block.header
        assert button.geometry().right() <= MARGIN + entry.x + block.natural_width


def test_buttons_come_and_go_with_the_code(message):
    text = message("```\na\n```\n\n```\nb\n```")
    text.set_blocks(parse("words"))
    assert text._buttons == []


def names(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_the_menu_offers_what_can_be_done_here(message):
    text = message("See [the page](https://a.example/x).\n\n```\ncode\n```")
    link = point_of(text, 0, 6) - QPoint(MARGIN, 0)
    assert names(text.make_menu(QPointF(link))) == [
        "Copy message",
        "Open link",
        "Copy link address",
        "Select all",
    ]
    code = text.document.entries[1].rect.center()
    assert names(text.make_menu(code)) == ["Copy message", "Copy code", "Select all"]
    text.select_all()
    assert names(text.make_menu(QPointF(5, 5)))[0] == "Copy"


def test_the_menu_does_what_it_says(message, qtbot):
    text = message("See [the page](https://a.example/x).\n\n```\ncode\n```")
    menu = text.make_menu(QPointF(point_of(text, 0, 6) - QPoint(MARGIN, 0)))
    actions = {action.text(): action for action in menu.actions()}
    actions["Copy link address"].trigger()
    assert clipboard() == "https://a.example/x"
    with qtbot.waitSignal(text.link_activated):
        actions["Open link"].trigger()
    code = text.make_menu(text.document.entries[1].rect.center())
    next(action for action in code.actions() if action.text() == "Copy code").trigger()
    assert clipboard() == "code"


def wheel(message, point: QPointF, angle: QPoint, modifiers=Qt.KeyboardModifier.NoModifier) -> bool:
    event = QWheelEvent(
        point,
        message.mapToGlobal(point),
        QPoint(),
        angle,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(message, event)
    return event.isAccepted()


@pytest.mark.parametrize(
    ("angle", "modifiers"),
    [
        (QPoint(-120, 0), Qt.KeyboardModifier.NoModifier),
        (QPoint(0, -120), Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_a_wheel_to_the_side_scrolls_long_code(message, angle, modifiers):
    text = message("```\n" + "x" * 300 + "\n```")
    block = text.document.code_blocks()[0][1]
    assert wheel(text, QPointF(50, 50), angle, modifiers)
    assert block.sideways.offset > 0


def test_a_wheel_down_is_left_to_the_timeline(message):
    text = message("```\n" + "x" * 300 + "\n```")
    assert not wheel(text, QPointF(50, 50), QPoint(0, -120))
    assert text.document.code_blocks()[0][1].sideways.offset == 0


def test_the_thumb_of_long_code_can_be_dragged(message):
    text = message("```\n" + "x" * 300 + "\n```")
    entry, block = text.document.code_blocks()[0]
    thumb = block.sideways.thumb().translated(entry.origin + QPointF(MARGIN, 0))
    drag(text, thumb.center().toPoint(), thumb.center().toPoint() + QPoint(900, 0))
    assert block.sideways.offset == block.sideways.furthest
    assert text.selection is None


def test_text_that_shrinks_keeps_the_selection_within(message):
    text = message("One two three.\n\nFour.")
    text.select_all()
    text.set_blocks(parse("One"))
    assert text.selection is None or text.selection[1] <= Position(0, 3)
    text.selected_text()


def test_a_screen_reader_hears_who_says_what(message):
    text = message("One **two**.")
    text.say("Ada")
    assert text.accessibleName() == "Ada: One two."


def test_code_gets_its_colours(message):
    text = message("```python\nclass X: pass\n```")
    assert text.document.code_blocks()[0][1]._marks
