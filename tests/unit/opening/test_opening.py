"""What the program can be asked to open: exactly a thread or a backup, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.gui.opening import (
    LONGEST_UID,
    BackupFile,
    NotUnderstood,
    ThreadLink,
    Wanted,
    from_words,
    is_token,
    link_to,
    parse,
    parse_link,
    to_words,
)

HERE = Path("/home/ada")
NO_LINK = NotUnderstood(is_link=True)
NO_ID = NotUnderstood(is_link=True, names_thread=True)
NO_FILE = NotUnderstood(is_link=False)


def test_a_link_leads_to_its_thread():
    assert link_to("thread_a-B_9") == "chatelaine:thread/thread_a-B_9"
    assert parse_link("chatelaine:thread/thread_a-B_9") == ThreadLink("thread_a-B_9")
    assert parse("chatelaine:thread/thread_a-B_9", HERE) == ThreadLink("thread_a-B_9")


@given(st.text(min_size=1, max_size=LONGEST_UID))
def test_every_session_id_that_can_be_printed_has_a_link(uid: str):
    try:
        link = link_to(uid)
    except UnicodeEncodeError:  # half of a pair of surrogates is no character
        return
    assert link.isascii()
    assert parse_link(link) == (ThreadLink(uid) if uid.isprintable() else NO_ID)


@pytest.mark.parametrize(
    "text",
    [
        "chatelaine:",
        "chatelaine:thread",
        "chatelaine:thread/",
        "chatelaine://thread/a",
        "chatelaine:/thread/a",
        "chatelaine:thread/a/b",
        "chatelaine:thread/../a",
        "chatelaine:thread/a?b=c",
        "chatelaine:thread/a#b",
        "chatelaine:thread/a b",
        "chatelaine:thread/a\n",
        "chatelaine:thread/a%0A",
        "chatelaine:thread/%00",
        "chatelaine:thread/%61",  # it has one form only
        "chatelaine:thread/%c3%bc",
        "chatelaine:thread/%FF",
        "chatelaine:thread/%",
        "chatelaine:thread/\u00fc",
        "Chatelaine:thread/a",
        "CHATELAINE:THREAD/a",
        "chatelaine:delete/a",
        "chatelaine:run?command=a",
        "chatelaine:thread/" + "a" * (LONGEST_UID + 1),
        "chatelaine:thread/" + "%F0%9F%94%91" * (LONGEST_UID + 1),
        "chatelaine:thread/" + "a" * 10_000_000,
    ],
)
def test_whatever_is_not_exactly_a_link_is_none(text: str):
    why = NO_ID if text.startswith("chatelaine:thread/") else NO_LINK
    assert parse_link(text) == why
    assert parse(text, HERE) == why


def test_a_backup_is_known_by_its_name_and_found_from_where_one_is():
    assert parse("a.chtlbak", HERE) == BackupFile(HERE / "a.chtlbak")
    assert parse("/media/b.CHTLBAK", HERE) == BackupFile(Path("/media/b.CHTLBAK"))
    assert parse("file:///media/b%20c.chtlbak", HERE) == BackupFile(Path("/media/b c.chtlbak"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "history.db",
        "a.chtlbak.exe",
        "a\0.chtlbak",
        "x" * 5000 + ".chtlbak",
        "file://server/share/a.chtlbak",
        "file:///a.chtlbak?b",
        "file://[/a.chtlbak",
        "https://example.com/a.chtlbak",
        "--help",
    ],
)
def test_whatever_is_no_backup_on_this_machine_is_not_opened(text: str):
    wanted = parse(text, HERE)
    # The address of a page is the name of a file that does not end as a backup does, or lies here.
    if isinstance(wanted, BackupFile):
        assert wanted.path.is_relative_to(HERE)
    else:
        assert isinstance(wanted, NotUnderstood)
        assert not wanted.is_link


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("README.md", "README.md"),
        ("/media/b \u00fc.txt", "b \u00fc.txt"),
        ("file:///media/b%20c.txt", "b c.txt"),
        ("/media/two\nlines.txt", ""),
        (os.fsdecode(b"/media/\xff.txt"), ""),
        ("/media/" + "x" * 300, ""),
        ("x" * 5000 + ".chtlbak", ""),  # it does end as a backup does
        ("", ""),
    ],
)
def test_what_is_no_backup_is_known_by_its_name_where_it_can_be_shown(text: str, name: str):
    assert parse(text, HERE) == NotUnderstood(is_link=False, name=name)


@pytest.mark.parametrize(
    "wanted",
    [
        ThreadLink("thread_a"),
        ThreadLink("a thread of \u00dcmit/\U0001f511"),
        BackupFile(Path("/media/b c\u00fc.chtlbak")),
        BackupFile(Path(os.fsdecode(b"/media/\xff\n.chtlbak"))),
        BackupFile(Path("/" + "\u00fc" * 2000 + ".chtlbak")),
        NO_LINK,
        NO_ID,
        NO_FILE,
        NotUnderstood(is_link=False, name="b c\u00fc \U0001f511.txt"),
    ],
)
def test_what_is_handed_on_arrives(wanted: Wanted):
    words = to_words(wanted)
    assert len(words) < 13_000
    assert words.isascii()
    verb, what = words.split()
    assert from_words(verb, what) == wanted


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        (b"raise", b"x"),
        (b"open", b"/etc/passwd"),
        (b"thread", b""),
        (b"thread", b"a/b"),
        (b"thread", b"\xff"),
        (b"backup", b"%2Fhome%2Fhistory.db"),
        (b"backup", b"a.chtlbak"),
        (b"backup", b"/a.chtlbak"),
        (b"backup", b"%2F" + b"a" * 5000 + b".chtlbak"),
        (b"delete", b"thread_a"),
    ],
)
def test_what_nobody_would_hand_on_is_not_taken(verb: bytes, what: bytes):
    assert from_words(verb, what) is None


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_nothing_that_is_handed_on_is_an_error(verb: bytes, what: bytes):
    from_words(verb, what)


def test_a_token_is_bounded_and_can_be_printed():
    assert is_token(b"gnome-shell/App/1234-1-host_TIME56")
    assert not is_token(b"")
    assert not is_token(b"a b")
    assert not is_token(b"a\x00")
    assert not is_token(b"a" * 1025)
