from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.markup.blocks import Code, Heading, Paragraph, Table, Text
from chatelaine.markup.formulas import looks_like_maths
from chatelaine.markup.mend import mend
from chatelaine.markup.parser import parse
from chatelaine.markup.stream import StreamParser

SAMPLE = """\
# A **bold** title

Some *words* with `code`, a [link](https://a.example/x) and ~~none~~.
The second line, 2 * 3 = 6, snake_case_name.

- one **item**
- [ ] a task
  1. nested `x`

| Step | Time | Note |
|:-----|-----:|:----:|
| *a*  | 1 ms | `b`  |
| c    | 2 ms | **d** |

```python
def f(x):
    return "**" + x  # | a | b |
```

> A quote with ***both***.

---

![A picture](pic.png) and a note[^1], so $x^2 + \\frac{1}{2}$.

$$
\\int_0^1 x
$$

![Alone](https://a.example/p.png)

[^1]: What it *says*.

The end.
"""


def words(source: str) -> str:
    parts = []
    for block in StreamParser().grow(source):
        match block:
            case Paragraph() | Heading():
                parts.append(block.text.plain)
            case Table():
                parts.extend(cell.plain for row in (block.head, *block.rows) for cell in row)
            case _:
                pass
    return "\n".join(parts)


@pytest.mark.parametrize("end", range(len(SAMPLE) + 1))
def test_no_half_written_mark_is_seen_at_any_moment(end: int):
    seen = words(SAMPLE[:end]).replace("2 * 3", "").replace("[link", "")
    assert "*" not in seen
    assert "`" not in seen
    assert "~" not in seen
    assert "|" not in seen
    assert "](" not in seen
    assert "![" not in seen
    assert "[^" not in seen
    assert "#" not in seen


@pytest.mark.parametrize("end", range(len(SAMPLE) + 1))
def test_no_paragraph_turns_into_a_heading_for_a_moment(end: int):
    headings = [block for block in parse(mend(SAMPLE[:end])) if isinstance(block, Heading)]
    assert len(headings) <= 1


def test_what_is_complete_comes_back_as_it_is():
    assert mend(SAMPLE) == SAMPLE
    assert mend("") == ""
    assert mend("Plain words.") == "Plain words."


@pytest.mark.parametrize(
    ("source", "mended"),
    [
        ("**bold te", "**bold te**"),
        ("**bold*", "**bold**"),
        ("**bold ", "**bold**"),
        ("**a *b", "**a *b***"),
        ("~~x~", "~~x~~"),
        ("say `co", "say `co`"),
        ("a ``b`", "a ``b```"),
        ("text\n-", "text\n"),
        ("text\n==", "text\n"),
        ("words [link](htt", "words link"),
        ("words [link](http://a.example/x_(y", "words link"),
        ('words [link](http://a.example "ti', "words link"),
        ("see ![a ca", "see a ca"),
        ("see ![", "see "),
        ("see ![a cat]", "see a cat"),
        ("![a cat](data:image/png;base64,AAAA", "a cat"),
        ("words[^1", "words"),
        ("words **bold[^no", "words **bold**"),
        ("words\n\n[^1]:", "words\n\n"),
        ("words\n\n[^1", "words\n\n"),
        ("[^1]: wor **b", "[^1]: wor **b**"),
        ("- **a** x\n- **b", "- **a** x\n- **b**"),
        ("> *q", "> *q*"),
        ("a \\*b", "a \\*b"),
    ],
)
def test_what_is_open_is_closed(source: str, mended: str):
    assert mend(source) == mended


@pytest.mark.parametrize("source", ["2 * 3", "a_b", "1.", "x [0", "- a"])
def test_what_may_be_meant_is_left_alone(source: str):
    assert parse(mend(source)) == parse(source)


def test_a_table_is_one_from_its_first_line():
    for source in ("| a | b", "| a | b |\n", "| a | b |\n|", "| a | b |\n|:--|-"):
        (block,) = parse(mend(source))
        assert isinstance(block, Table), source
        assert block.head == (Text("a"), Text("b"))


def test_the_alignment_that_is_written_is_kept_while_the_rest_is_missing():
    (block,) = parse(mend("| a | b |\n|--:|"))
    assert isinstance(block, Table)
    assert [align.value for align in block.aligns] == ["right", "left"]


def test_open_code_is_code_and_half_of_its_end_is_not_shown():
    assert parse(mend("```py")) == [Code("", "py")]
    assert parse(mend("```py\nx = '`'")) == [Code("x = '`'", "py")]
    assert parse(mend("```py\nx\n``")) == [Code("x", "py")]
    assert parse(mend("````\n```")) == [Code("")]
    assert parse(mend("```py\n# **x")) == [Code("# **x", "py")]


def test_marks_in_code_are_not_closed_after_it():
    source = "Use `**` and `*x` as they are"
    assert mend(source) == source


@given(st.text(alphabet="ab *`~|-\n[](:)#>1.\\", max_size=60))
def test_mending_never_fails_and_never_makes_much(source: str):
    mended = mend(source)
    assert len(mended) <= 3 * len(source) + 60
    parse(mended)


def test_of_what_is_opened_many_times_only_the_beginning_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
):
    looked_at: list[int] = []

    def counted(words: str) -> bool:
        looked_at.append(len(words))
        return looks_like_maths(words)

    monkeypatch.setattr("chatelaine.markup.mend.looks_like_maths", counted)
    mend("a " + "\\[ and " * 2000)
    assert len(looked_at) >= 1
    assert max(looked_at) <= 200
