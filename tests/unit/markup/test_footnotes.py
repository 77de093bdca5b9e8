from __future__ import annotations

from chatelaine.markup.blocks import (
    Block,
    Code,
    Item,
    Marker,
    MarkerKind,
    Paragraph,
    Place,
    Quote,
    Span,
    Text,
    plain_text,
)
from chatelaine.markup.parser import parse
from chatelaine.markup.stream import StreamParser

SOURCE = """\
One[^a] and two[^2], **one[^a]** again.

[^2]: The *second*.
[^a]: The first, which refers[^c] on.

    Its second paragraph.

Words in between.

[^c]: ```
    code
    ```
[^unused]: Nobody asked.
"""


def raised(block: Block) -> list[str]:
    assert isinstance(block, Paragraph)
    return [block.text.plain[span.start : span.end] for span in block.text.spans if span.raised]


def note(number: int) -> Place:
    return Place((Item(1),), Marker(MarkerKind.NUMBER, f"{number}."))


def test_references_are_raised_numbers_and_what_they_mean_is_a_list_at_the_end():
    first, between, a, a_more, second, c, unused = parse(SOURCE)
    assert raised(first) == ["1", "2", "1"]
    assert isinstance(first, Paragraph)
    assert first.text.plain == "One1 and two2, one1 again."
    assert first.text.spans[-1] == Span(18, 19, bold=True, raised=True)
    assert plain_text([between]) == "Words in between."
    assert raised(a) == ["3"]
    assert a.place == note(1)
    assert a_more == Paragraph(Text("Its second paragraph."), Place((Item(1),)))
    assert second == Paragraph(Text("The second.", (Span(4, 10, italic=True),)), note(2))
    assert c == Code("code", "", note(3))
    assert unused == Paragraph(Text("Nobody asked."), note(4))


def test_what_is_not_defined_is_text():
    assert parse("a[^1] [^b] [^ c] [^]") == [Paragraph(Text("a[^1] [^b] [^ c] [^]"))]
    assert parse("    [^1]: x") == [Code("[^1]: x")]
    assert parse("> [^1]: x")[0].place.inside == (Quote(),)


def test_a_note_that_says_nothing_still_has_its_number():
    assert parse("a[^1]\n\n[^1]:")[1] == Paragraph(
        Text(""), Place((Item(1),), Marker(MarkerKind.NUMBER, "1."), tight=True)
    )


def test_a_definition_ends_the_paragraph_before_it():
    blocks = parse("- item[^1]\n[^1]: x\n[^2]: y\nlazy")
    assert [plain_text([block]) for block in blocks] == ["item1", "1. x", "2. y lazy"]


def test_notes_that_refer_to_each_other_end():
    assert len(parse("[^a]: x[^b]\n[^b]: y[^a]\n")) == 2


def test_a_number_is_raised_before_its_note_is_written():
    parser = StreamParser()
    source = "Some words[^1] and more[^2].\n\nThe end.\n\n[^1]: First.\n[^2]: Second.\n"
    for end in range(source.index("[^1]") + 4, len(source) + 1):
        blocks = parser.grow(source[:end])
        assert isinstance(blocks[0], Paragraph)
        assert blocks[0].text.plain.startswith("Some words1"), source[:end]
        assert "[^" not in plain_text(blocks), source[:end]
        assert "]" not in plain_text(blocks), source[:end]
    assert parser.grow(source) == parser.finish() == parse(source)


def test_a_number_that_was_none_is_text_in_the_end():
    parser = StreamParser()
    assert plain_text(parser.grow("Set [^1] here.\n\nEnd\n")) == "Set 1 here.\nEnd"
    assert plain_text(parser.finish()) == "Set [^1] here.\nEnd"
