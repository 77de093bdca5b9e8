"""What is copied is there as words, as Markdown and as a formatted text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QDrag, QGuiApplication, QTextDocument

from chatelaine.gui.chat.copied_data import MARKDOWN
from chatelaine.gui.chat.hits import text_of
from chatelaine.gui.chat.rows import NoticeKind, NoticeRow, ReplyRow, UserRow
from chatelaine.gui.chat.selection import TextPosition
from chatelaine.markup.as_html import html_of
from chatelaine.markup.parser import parse
from support.thread_rows import MIXED, NOW, exchange, tool
from support.timeline_driver import CONTROL, clipboard

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

SOURCES = st.lists(
    st.sampled_from(
        [
            *"ab1é漢 *_`[]()<>#-+.!|~$&:\\\n\"'",
            "\n\n",
            "- ",
            "1. ",
            "> ",
            "**",
            "| a | b |\n|---|---|\n",
        ]
    ),
    max_size=40,
).map("".join)


def data() -> QMimeData:
    return QGuiApplication.clipboard().mimeData()


def markdown() -> str:
    return bytes(data().data(MARKDOWN).data()).decode()


def read(html: str) -> str:
    """Give the words of HTML as a text editor reads them, without the space between them."""
    document = QTextDocument()
    document.setHtml(html)
    return "".join(document.toPlainText().split())


def together(text: str) -> str:
    return "".join(text.split())


def test_whole_messages_are_copied_as_they_were_written_and_formatted(view, user):
    view.load([*exchange(1, MIXED), tool(1), NoticeRow(1, NoticeKind.STOPPED, "Stopped")])
    user.settle()
    user.focus()
    user.key(Qt.Key.Key_A, CONTROL)
    user.key(Qt.Key.Key_C, CONTROL)
    assert markdown() == clipboard() == f"Question 1\n\n{MIXED}\n\nnoon\n\nStopped"
    html = data().html()
    words = "".join(text_of(block) for block in parse(MIXED))
    assert read(html) == together(f"Question 1{words}noonStopped")
    assert "<strong>bold</strong>" in html
    assert "<blockquote>" in html


def test_the_current_message_is_copied_formatted(view, user):
    view.load([UserRow(1, "Some *typed*  words <b>", NOW), ReplyRow(1, "Ada", "m", NOW, "**Yes**")])
    user.settle()
    view.keys.go_to(0)
    view.keys.copy()
    # What the user has typed is shown as it is.
    assert read(data().html()) == "Some*typed*words<b>"
    view.keys.go_to(1)
    view.keys.copy()
    assert (clipboard(), markdown()) == ("**Yes**", "**Yes**")
    assert "<strong>Yes</strong>" in data().html()


def test_a_part_of_a_message_is_copied_formatted(view, user):
    view.load(exchange(1, "Some **bold words** here.\n\n- one\n- `two`\n\nThe 🎉 *end* of it."))
    user.settle()
    view.select(TextPosition(1, 0, 0, 7), TextPosition(1, 0, 3, 8))
    view.keys.copy()
    assert clipboard() == "ld words here.\n\n- one\n- two\n\nThe 🎉 e"
    assert markdown() == "**ld words** here.\n\n- one\n- `two`\n\nThe 🎉 *e*"
    assert read(data().html()) == together("ld words here. one two The 🎉 e")
    assert "<code>two</code>" in data().html()


def test_parts_at_both_ends_stand_around_whole_messages(view, user):
    view.load([*exchange(1, "**One** two"), *exchange(2, "Three *four*")])
    user.settle()
    view.select(TextPosition(1, 0, 0, 1), TextPosition(3, 0, 0, 9))
    view.keys.copy()
    assert clipboard() == "ne two\n\nQuestion 2\n\nThree fou"
    assert markdown() == "**ne** two\n\nQuestion 2\n\nThree *fou*"
    assert read(data().html()) == "netwoQuestion2Threefou"


def test_much_is_copied_as_words_alone(view, user):
    view.load(exchange(1, "Some **words**.\n\n" * 2000))
    user.settle()
    view.keys.go_to(1)
    view.keys.copy()
    assert len(clipboard()) > 10_000
    assert not data().hasHtml()
    assert not data().hasFormat(MARKDOWN)


def test_half_of_a_letter_keeps_nothing_from_being_copied(view, user):
    view.load(exchange(1, "Some **bold** \ud83d words."))
    user.settle()
    view.keys.go_to(1)
    view.keys.copy()
    assert clipboard().startswith("Some **bold** ")
    assert markdown() == "Some **bold** ? words."


def test_what_is_dragged_out_is_formatted_too(view, user, monkeypatch):
    dragged: list[QMimeData] = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, _: dragged.append(drag.mimeData()))
    view.load(exchange(1, "Some **bold** words."))
    user.settle()
    view.select(TextPosition(1, 0, 0, 0), TextPosition(1, 0, 0, 9))
    start, away = user.point(1, 3), user.point(1, 3)
    away.setY(away.y() + 80)
    user.drag(start, away)
    assert [one.text() for one in dragged] == ["Some bold"]
    assert bytes(dragged[0].data(MARKDOWN).data()) == b"Some **bold**"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(SOURCES)
def test_html_is_read_back_as_the_same_words(dressed: object, source: str) -> None:
    blocks = parse(source)
    assert read(html_of(blocks)) == together("".join(map(text_of, blocks)))


@pytest.mark.parametrize("words", ["<b>&amp;</b>", "a  b\tc", "\"'`", "&#60;"])
def test_nothing_in_it_is_taken_for_html(dressed: object, words: str) -> None:
    blocks = parse(f"```\n{words}\n```")
    document = QTextDocument()
    document.setHtml(html_of(blocks))
    assert document.toPlainText().strip() == words
