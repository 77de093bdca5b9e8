from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.markup import highlight as module
from chatelaine.markup.highlight import Tint, highlight

PYTHON = '''\
class Shelf(list):
    """Holds *things*."""

    @property
    def first(self) -> int:
        # the first one
        return self[0] if len(self) > 0 and True else -1.5
'''


def tints(code: str, language: str) -> dict[str, Tint]:
    return {code[mark.start : mark.end]: mark.tint for mark in highlight(code, language)}


def test_each_kind_of_word_has_its_tint():
    found = tints(PYTHON, "python")
    assert found["class"] is Tint.KEYWORD
    assert found["Shelf"] is Tint.TYPE
    assert found["first"] is Tint.NAME
    assert found["@property"] is Tint.NAME
    assert found["# the first one"] is Tint.COMMENT
    assert found["int"] is Tint.CONSTANT
    assert found["and"] is Tint.KEYWORD
    assert found["True"] is Tint.CONSTANT
    assert found["0"] is Tint.NUMBER
    assert found['"""Holds *things*."""'] is Tint.STRING


def test_a_patch_shows_what_comes_and_goes():
    found = tints("--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n", "diff")
    assert found["-old"] is Tint.REMOVED
    assert found["+new"] is Tint.ADDED


@pytest.mark.parametrize("language", ["", "no-such-language", "text", "plaintext"])
def test_what_is_no_known_language_has_no_colours(language: str):
    assert highlight("class x: pass", language) == ()


@pytest.mark.parametrize("language", ["Python", "py", "JS", "c++", "bash", "json", "html", "yaml"])
def test_languages_are_known_by_the_names_that_people_write(language: str):
    assert highlight('x = "y" <b>{"a": 1}</b>', language)


def test_very_long_code_is_left_without_colours(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 10)
    assert highlight("x = 1 + 22", "python")
    assert highlight("x = 1 + 222", "python") == ()


@given(st.text(max_size=80), st.sampled_from(["python", "json", "bash", "html", "diff", "c"]))
def test_marks_are_in_order_and_within_the_code(code: str, language: str):
    end = 0
    for mark in highlight(code, language):
        assert end <= mark.start < mark.end <= len(code)
        end = mark.end
