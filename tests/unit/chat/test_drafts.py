"""What is typed and not sent: nothing of it is lost, whatever comes in between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatelaine.gui.chat.drafts import Drafts, joined

THREAD = 1
WORDS = st.text("abc ", min_size=1, max_size=5).filter(str.strip)


def test_what_was_sent_is_in_the_draft_until_its_turn_is_stored():
    drafts = Drafts()
    drafts.type(THREAD, "hello")
    drafts.send(THREAD, "hello")
    drafts.type(THREAD, "and then")
    assert drafts.to_write() == {THREAD: "hello\n\nand then"}
    drafts.stored(THREAD)
    assert drafts.to_write() == {THREAD: "and then"}
    assert drafts.to_write() == {}


def test_a_second_undo_replaces_what_the_first_gave_back():
    drafts = Drafts()
    assert drafts.give_back(THREAD, "third") == "third"
    assert drafts.give_back(THREAD, "second") == "second"
    drafts.type(THREAD, "second, changed")
    assert drafts.give_back(THREAD, "first") == "first\n\nsecond, changed"


def test_redo_takes_away_what_undo_gave_back_unless_it_was_changed():
    drafts = Drafts()
    drafts.give_back(THREAD, "question")
    assert drafts.take_away(THREAD)
    assert drafts.typed(THREAD) == ""
    drafts.give_back(THREAD, "question")
    drafts.type(THREAD, "question!")
    assert not drafts.take_away(THREAD)
    assert drafts.typed(THREAD) == "question!"


def test_a_draft_that_was_not_written_is_written_again():
    drafts = Drafts()
    drafts.type(THREAD, "text")
    drafts.to_write()
    drafts.not_written(THREAD)
    assert drafts.to_write() == {THREAD: "text"}


@given(st.lists(st.tuples(st.sampled_from(["type", "send", "stored", "back"]), WORDS)))
def test_the_disk_always_has_what_is_in_memory_and_no_turn_has(steps):
    drafts = Drafts()
    disk = {THREAD: ""}
    sent = typed = returned = ""
    for step, words in steps:
        if step == "type":
            typed = words
            drafts.type(THREAD, words)
        elif step == "send" and typed.strip() and not sent:
            sent, typed, returned = typed, "", ""
            drafts.send(THREAD, sent)
        elif step == "stored":
            sent = ""
            drafts.stored(THREAD)
        elif step == "back" and sent:
            kept = "" if typed.strip() == returned.strip() else typed
            returned = "" if kept.strip() else sent
            typed = drafts.give_back(THREAD, sent)
            assert typed == joined(sent, kept)
            sent = ""
        disk |= drafts.to_write()
        assert disk[THREAD] == joined(sent, typed)
