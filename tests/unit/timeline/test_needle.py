from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.gui.chat.needle import Needle, folded

LETTERS = st.text("aAeEéÉ\u0301ßsSﬁfiIİ\u0131\u03c3ςΣ한ㅎ😀 \u00a0.-", max_size=30)


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("bold", "a BOLD b", ["BOLD"]),
        ("cafe", "Café, CAFÉ, cafe\u0301!", ["Café", "CAFÉ", "cafe\u0301"]),
        ("CAFÉ", "cafe", ["cafe"]),
        ("strasse", "Straße", ["Straße"]),
        ("fi", "ﬁne", ["ﬁ"]),
        ("\u03c3", "Σς", ["Σ", "ς"]),
        ("aa", "aaaaa", ["aa", "aa"]),
        ("a b", "a\u00a0b", ["a\u00a0b"]),
        ("x", "😀x😀", ["x"]),
        ("", "anything", []),
        ("  ", "a  b", []),
        ("\u0301", "e\u0301", []),
    ],
)
def test_words_are_found_whatever_the_case_and_the_accents(words, text, found):
    assert [text[start:end] for start, end in Needle(words).spans(text)] == found


@given(LETTERS, LETTERS)
def test_what_is_found_reads_as_what_was_looked_for(words, text):
    needle = Needle(words)
    spans = needle.spans(text)
    assert needle.count(text) == len(spans)
    assert bool(spans) is (bool(needle) and folded(words) in folded(text))
    last = 0
    for start, end in spans:
        assert last <= start < end <= len(text)
        last = end
        # A character that is compared as several may reach beyond it on both sides.
        assert folded(words) in folded(text[start:end])
        assert end == len(text) or not unicodedata.combining(text[end])


@given(LETTERS)
def test_a_text_is_compared_character_by_character(text):
    assert folded(text) == "".join(folded(character) for character in text)


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("bold", "**bo**ld"),
        ("a_b", r"a\_b"),
        ("text", "[te](https://example.org)xt"),
        ("text", "[te][1]xt\n\n[1]: https://example.org"),
        ("two words", "two\nwords"),
        ("a & b", "a &amp; b"),
        ("&amp;", "`&amp;`"),
        ("**", "`**`"),
    ],
)
def test_a_source_that_may_show_the_words_is_never_left_out(words, source):
    assert Needle(words).may_be_in(source)


def test_a_source_without_the_words_need_not_be_parsed():
    assert not Needle("gold").may_be_in("**bo**ld and more")
    assert not Needle("bold gold").may_be_in("**bo**ld and more")
