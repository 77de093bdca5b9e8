"""The piece of a message that shows what was found in it: near its beginning, without Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.store.excerpts import BEFORE, BEGIN, END, LONGEST, beginning, excerpt

TABLE = """# Moons of Jupiter

A *table* with **bold** heads, aligned to the left, to the middle and to the right:

| Moon | Discovered by | Diameter (km) |
|:-----|:-------------:|--------------:|
| Io | Galileo | 3643 |
| <Ganymede> | Galileo Galilei | 5268 |
"""


def shown(text: str, *, markdown: bool = True) -> str:
    """Give an excerpt; in it and in the text what was found stands between < and >."""
    marked = text.replace("<", BEGIN).replace(">", END)
    return "".join(
        f"<{one.text}>" if one.highlighted else one.text
        for one in excerpt(marked, markdown=markdown)
    )


def test_a_word_in_a_table_is_seen_at_once() -> None:
    found = shown(TABLE)
    assert found.endswith("Io · Galileo · 3643 <Ganymede> · Galileo Galilei · 5268")
    assert found.startswith("…")
    assert found.index("<") <= BEFORE + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# A <title>\n\ntext", "A <title> text"),
        ("**<bold>** and *it* and ~~gone~~ and ***all***", "<bold> and it and gone and all"),
        ("- [ ] <todo>\n- [x] done\n* more", "<todo> done more"),
        ("1. <one>\n2. two", "1. <one> 2. two"),
        ("`**kept** <code>` and __<strong>__", "**kept** <code> and <strong>"),
        ("```py\n# <code> with **marks**\n```\n# <Title>", "# <code> with **marks** <Title>"),
        ("[<words>](https://a.example/b) ![<p>](x.png)", "<words> <p>"),
        ("[words](https://<address>.example)", "[words](https://<address>.example)"),
        ("2*3*4 a ** b <x> snake_case_word", "2*3*4 a ** b <x> snake_case_word"),
        ("<a>\n\n---\n\nb\n===\n\n***", "<a> b"),
        (r"<x> \*no mark\*", "<x> *no mark*"),
        ("<paid **in> full**", "<paid in> full"),
        ("*<never> closed and **never opened.**", "<never> closed and never opened."),
        ("<x>: a * b, f(*args), 5 ** 2", "<x>: a * b, f(*args), 5 ** 2"),
    ],
)
def test_marks_of_markdown_are_taken_away_and_those_of_hits_stay(text: str, expected: str) -> None:
    assert shown(text) == expected


def begun(text: str, *, markdown: bool = True) -> str:
    """Give what stands for a text in which nothing was searched for."""
    return "".join(one.text for one in beginning(text, markdown=markdown))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n\n## A title\n\n- [x] done", "A title done"),
        ("```py\nx = 1\n```\n**So** it is", "x = 1 So it is"),
        ("a\x00b\x02c\x04d", "a b c d"),
        ("", ""),
        ("word " * 200, "word " * 39 + "word…"),
    ],
)
def test_where_nothing_was_searched_for_the_beginning_is_shown(text: str, expected: str) -> None:
    assert begun(text) == expected


def test_the_beginning_of_what_the_user_typed_stays_as_it_is() -> None:
    assert begun("**not** `bold`", markdown=False) == "**not** `bold`"


@given(st.text(max_size=900), st.booleans())
def test_any_text_has_a_beginning_on_one_line(text: str, markdown: bool) -> None:
    shown_text = begun(text, markdown=markdown)
    assert len(shown_text) <= LONGEST + 1
    assert "\n" not in shown_text


def test_a_quotation_has_no_bar() -> None:
    marked = f"> > quoted **{BEGIN}words{END}**\n> and more"
    said = "".join(one.text for one in excerpt(marked, markdown=True))
    assert said == "quoted words and more"


def test_what_the_user_typed_stays_as_it_is() -> None:
    assert shown("# **<bold>** | `x`", markdown=False) == "# **<bold>** | `x`"


def test_code_that_began_far_above_is_known_as_code() -> None:
    code = "```py\n" + "x = 1\n" * 200 + "# <here>  **x**\n```\n"
    assert "# <here> **x**" in shown(code)


def test_the_piece_with_the_most_words_is_taken() -> None:
    text = "<june> alone. " + "Filler words. " * 40 + "The <invoice> of <June>. " + "More. " * 90
    found = shown(text)
    assert "<invoice> of <June>" in found
    assert found.index("<") <= BEFORE + 1
    assert LONGEST / 2 < len(found) <= LONGEST + 10


def test_a_text_without_spaces_is_cut_as_well() -> None:
    assert shown("x" * 5000 + "<hit>" + "y" * 5000).startswith("…" + "x" * BEFORE + "<hit>y")


WORDS = st.sampled_from([*"*_~`#|>-\\[]()!\n \t", "**", "```", "](", " word ", "\u6f22", "1"])


@given(st.lists(WORDS, max_size=600), st.lists(WORDS, max_size=600), st.booleans())
def test_whatever_stands_around_it_what_was_found_is_marked_near_the_beginning(
    before: list[str], behind: list[str], markdown: bool
) -> None:
    text = f"{''.join(before)}{BEGIN}Ganymede{END}{''.join(behind)}"
    made = excerpt(text, markdown=markdown)
    assert [one.text for one in made if one.highlighted] == ["Ganymede"]
    said = "".join(one.text for one in made)
    assert said.index("Ganymede") <= BEFORE + 1
    assert not set(said) & set("\x02\x03\x04\x05\n\t")
    assert len(said) <= LONGEST + 3
