from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.markup.blocks import (
    Align,
    Block,
    Code,
    Heading,
    Item,
    Marker,
    MarkerKind,
    Paragraph,
    Picture,
    Place,
    Quote,
    Rule,
    Span,
    Table,
    Text,
    plain_text,
)
from chatelaine.markup.links import is_safe_link, picture_source
from chatelaine.markup.parser import parse


def text_of(source: str) -> Text:
    (block,) = parse(source)
    assert isinstance(block, Paragraph)
    return block.text


def words(block: Block) -> Text:
    assert isinstance(block, Paragraph)
    return block.text


def marker(block: Block) -> Marker:
    assert block.place.marker is not None
    return block.place.marker


def styled(source: str) -> list[tuple[str, Span]]:
    text = text_of(source)
    return [(text.plain[span.start : span.end], span) for span in text.spans]


def test_nothing_gives_nothing():
    assert parse("") == []
    assert parse("\n\n") == []


def test_emphasis_becomes_spans_of_the_plain_text():
    text = text_of("a **b *c* d** ~~e~~ `f`")
    assert text.plain == "a b c d e f"
    assert text.spans == (
        Span(2, 4, bold=True),
        Span(4, 5, bold=True, italic=True),
        Span(5, 7, bold=True),
        Span(8, 9, struck=True),
        Span(10, 11, code=True),
    )


def test_spans_count_characters_even_beyond_the_basic_plane():
    text = text_of("🎉 **fest**")
    assert text.spans == (Span(2, 6, bold=True),)


def test_a_line_break_in_the_source_is_a_space_and_a_forced_one_stays():
    assert text_of("one\ntwo").plain == "one two"
    assert text_of("one  \ntwo").plain == "one\ntwo"
    assert text_of("one\\\ntwo").plain == "one\ntwo"


def test_raw_html_is_text():
    source = "<b>x</b> <script>alert(1)</script>"
    assert text_of(source) == Text(source)
    (block,) = parse("<div>\n<p>hello</p>\n</div>")
    assert isinstance(block, Paragraph)
    assert block.text.plain == "<div> <p>hello</p> </div>"


@pytest.mark.parametrize(
    "target",
    [
        "http://a.example/",
        "https://a.example/?q=1#x",
        "mailto:a@b.example",
        "chatelaine:thread/thread_a-B9",
    ],
)
def test_links_to_the_web_to_mail_and_to_threads_are_links(target: str):
    assert styled(f"[words]({target})") == [("words", Span(0, 5, link=target))]


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "file:///etc/passwd",
        "vbscript:x",
        "data:text/html,x",
        "ftp://a.example/",
        "smb://a.example/",
        "//a.example/",
        "/local",
        "chatelaine:x",
    ],
)
def test_any_other_link_stays_as_it_was_written(target: str):
    source = f"[words]({target})"
    assert text_of(source) == Text(source)
    assert not is_safe_link(target)


def test_a_link_keeps_the_emphasis_within_it():
    assert styled("[a **b**](http://x.example)") == [
        ("a ", Span(0, 2, link="http://x.example")),
        ("b", Span(2, 3, bold=True, link="http://x.example")),
    ]


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("see https://a.example/x.", "https://a.example/x"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("https://a.example/a_b_c?d=e&f", "https://a.example/a_b_c?d=e&f"),
        ("**https://a.example**", "https://a.example"),
        ("<https://a.example/y>", "https://a.example/y"),
    ],
)
def test_a_bare_address_is_a_link_without_what_ends_the_sentence(source: str, address: str):
    ((words, span),) = styled(source)
    assert (words, span.link) == (address, address)


def test_an_address_in_code_is_no_link():
    assert styled("`https://a.example`") == [("https://a.example", Span(0, 17, code=True))]


def test_a_paragraph_that_is_one_picture_is_a_picture():
    assert parse('![a *cat*](https://a.example/cat.png "Tom")') == [
        Picture("https://a.example/cat.png", "a cat", "Tom")
    ]
    assert parse("![](data:image/png;base64,iVBORw0KGgo=)") == [
        Picture("data:image/png;base64,iVBORw0KGgo=", "")
    ]
    assert parse("- ![plot][p]\n\n[p]: <my plot.png>") == [
        Picture("my plot.png", "plot", "", Place((Item(),), Marker(MarkerKind.DISC), tight=True))
    ]


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("plot.png", "plot.png"),
        ("charts/my%20plot.png", "charts/my plot.png"),
        ("attachment:7f3a", "attachment:7f3a"),
        ("HTTPS://a.example/x.png", "HTTPS://a.example/x.png"),
        ("javascript:alert(1)", ""),
        ("java%73cript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("/etc/passwd", ""),
        ("../secret.png", ""),
        ("%2e%2e/secret.png", ""),
        ("//a.example/x.png", ""),
        ("C:\\x.png", ""),
        ("~/x.png", ""),
        ("data:text/html,x", ""),
        ("ftp://a.example/x.png", ""),
        ("", ""),
    ],
)
def test_a_picture_is_one_of_the_web_or_of_the_thread_or_it_is_its_description(
    address: str, source: str
):
    assert picture_source(address) == source
    (block,) = parse(f"![words](<{address}>)")
    if source:
        assert isinstance(block, Picture)
        assert (block.source.lower(), block.description) == (source.lower(), "words")
    else:
        assert block == Paragraph(Text("Image: words"))


def test_a_picture_in_a_line_is_its_description_with_its_address():
    assert styled("See ![a cat](https://a.example/cat.png)!") == [
        (
            "Image: a cat",
            Span(4, 16, link="https://a.example/cat.png", picture="https://a.example/cat.png"),
        )
    ]
    assert styled("See ![a cat](cat.png)") == [("Image: a cat", Span(4, 16, picture="cat.png"))]
    assert text_of("See ![](javascript:x)") == Text("See Image")
    assert text_of("[x](data:image/png;base64,iVBORw0KGgo=)") == Text("x")
    assert styled("[![alt](https://a.example/i.png)](https://b.example)") == [
        ("Image: alt", Span(0, 10, link="https://b.example", picture="https://a.example/i.png"))
    ]
    assert [span.picture for _, span in styled("![a](x.png)![a](x.png)")] == ["x.png", "x.png"]


@pytest.mark.parametrize(
    ("source", "words", "target"),
    [
        ("see www.a.example/x.", "www.a.example/x", "http://www.a.example/x"),
        ("mail me@a.example!", "me@a.example", "mailto:me@a.example"),
        ("(mailto:me@a.example)", "mailto:me@a.example", "mailto:me@a.example"),
        ("'https://a.example/x'", "https://a.example/x", "https://a.example/x"),
        ("http://localhost:8000/x", "http://localhost:8000/x", "http://localhost:8000/x"),
    ],
)
def test_what_is_written_and_where_it_leads_are_both_known(source: str, words: str, target: str):
    assert [(text, span.link) for text, span in styled(source)] == [(words, target)]


@pytest.mark.parametrize("source", ["awww.a.example", "http://", "a@b", "www.a_b.example", "x@"])
def test_what_is_no_address_is_text(source: str):
    assert text_of(source) == Text(source)


def test_headings_and_rules():
    assert parse("# A\n\n### B\n\n---\n\nC\n===") == [
        Heading(1, Text("A")),
        Heading(3, Text("B")),
        Rule(),
        Heading(1, Text("C")),
    ]


def test_code_keeps_its_lines_and_its_language():
    assert parse("```python title=x\na\n\n  b\n```") == [Code("a\n\n  b", "python")]
    assert parse("~~~\n```\n~~~") == [Code("```")]
    assert parse("    indented\n    code") == [Code("indented\ncode")]


def test_a_table_has_aligned_columns_and_styled_cells():
    assert parse("| a | b | c |\n|---|:-:|--:|\n| 1 | **2** | 3 |\n| 4 |\n") == [
        Table(
            (Align.LEFT, Align.CENTER, Align.RIGHT),
            (Text("a"), Text("b"), Text("c")),
            (
                (Text("1"), Text("2", (Span(0, 1, bold=True),)), Text("3")),
                (Text("4"), Text(""), Text("")),
            ),
        )
    ]


def test_nested_lists_are_flat_blocks_that_say_where_they_stand():
    item = Item()
    assert parse("- a\n  - b\n    - c\n- d") == [
        Paragraph(Text("a"), Place((item,), Marker(MarkerKind.DISC), tight=True)),
        Paragraph(Text("b"), Place((item, item), Marker(MarkerKind.CIRCLE), tight=True)),
        Paragraph(Text("c"), Place((item, item, item), Marker(MarkerKind.SQUARE), tight=True)),
        Paragraph(Text("d"), Place((item,), Marker(MarkerKind.DISC), tight=True)),
    ]


def test_numbers_go_on_from_where_the_list_starts():
    blocks = parse("9. a\n1. b\n\n0) c\n")
    assert [marker(block).text for block in blocks] == ["9.", "10.", "0)"]
    assert blocks[0].place.inside == (Item(digits=2),)
    assert blocks[2].place.inside == (Item(digits=1),)


def test_tasks_have_their_boxes():
    blocks = parse("- [ ] open\n- [x] **done**\n- [X] done too\n- [y] no task")
    assert [marker(block).kind for block in blocks] == [
        MarkerKind.OPEN,
        MarkerKind.DONE,
        MarkerKind.DONE,
        MarkerKind.DISC,
    ]
    assert words(blocks[1]) == Text("done", (Span(0, 4, bold=True),))
    assert words(blocks[3]) == Text("[y] no task")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("`[x]` done", "[x] done"),
        (r"\[ \] not yet", "[ ] not yet"),
        ("**[x]** bold", "[x] bold"),
        ("[[x]](https://a.example/) link", "[x] link"),
    ],
)
def test_what_only_looks_like_a_task_is_words(source: str, shown: str):
    (block,) = parse(f"- {source}")
    assert marker(block).kind is MarkerKind.DISC
    assert words(block).plain == shown


def test_an_item_shows_its_marker_whatever_comes_first_in_it():
    code, rule, empty = parse("- ```\n  x\n  ```\n- ***\n-")
    assert isinstance(code, Code)
    assert isinstance(rule, Rule)
    assert words(empty) == Text("")
    assert all(block.place.marker is not None for block in (code, rule, empty))


def test_an_item_that_begins_with_a_list_keeps_both_markers():
    first, second = parse("- - x")
    assert first.place == Place((Item(),), Marker(MarkerKind.DISC), tight=True)
    assert second.place.inside == (Item(), Item())


def test_a_second_paragraph_of_an_item_has_no_marker():
    first, second = parse("1. a\n\n   b")
    assert first.place == Place((Item(1),), Marker(MarkerKind.NUMBER, "1."))
    assert second.place == Place((Item(1),))


def test_quotes_nest_in_order_with_lists():
    blocks = parse("> a\n> > b\n>\n> - c\n>   > d")
    assert [block.place.inside for block in blocks] == [
        (Quote(),),
        (Quote(), Quote()),
        (Quote(), Item()),
        (Quote(), Item(), Quote()),
    ]


def test_the_plain_text_reads_like_the_message():
    source = "# T\n\n1. *a*\n\n> q\n\n---\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```\nc\n```"
    assert plain_text(parse(source)) == "T\n1. a\nq\nx\ty\n1\t2\nc"


def test_pieces_of_one_paragraph_are_read_as_one():
    first, second = Paragraph(Text("a b ")), Paragraph(Text("c"), Place(tight=True), True)
    assert plain_text([first, second, Paragraph(Text("d"))]) == "a b c\nd"
    assert plain_text(parse("$$\nx^2\n$$\n\n![a cat](cat.png)")) == "x^2\nImage: a cat"


def test_zero_bytes_do_no_harm():
    assert text_of("a\x00b").plain == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    "source",
    [
        "> " * 2000 + "end",
        "".join("  " * depth + "- x\n" for depth in range(200)) + "  " * 200 + "- end",
        "- " * 300 + "end",
        "*a " * 500 + "b*" * 500 + " end",
        "[" * 300 + "end" + "](http://x)" * 300,
    ],
)
def test_nothing_is_lost_however_deep_it_stands(source: str):
    assert "end" in plain_text(parse(source))


@given(st.text(alphabet="ab 1.-*_`~#>|[]()!\n\\:x/\t", max_size=120))
def test_whatever_is_written_can_be_parsed(source: str):
    for block in parse(source):
        texts = []
        match block:
            case Paragraph() | Heading():
                texts.append(block.text)
            case Table():
                texts.extend(cell for row in (block.head, *block.rows) for cell in row)
                assert all(len(row) == len(block.aligns) for row in (block.head, *block.rows))
            case _:
                pass
        for text in texts:
            ends = [0]
            for span in text.spans:
                assert ends[-1] <= span.start < span.end <= len(text.plain)
                ends.append(span.end)
