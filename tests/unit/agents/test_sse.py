from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.models import sse
from chatelaine.agents.models.sse import EventTooLongError, SSEReader


def read(*pieces: bytes) -> list[str]:
    reader = SSEReader()
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.close()


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: one\n\ndata: two\n\n", ["one", "two"]),
        (b"data:one\r\n\r\ndata:two\r\n\r\n", ["one", "two"]),
        (b"data: one\r\rdata: two\r\r", ["one", "two"]),
        (b"event: named\nid: 7\nretry: 3\ndata: one\n\n", ["one"]),
        (b": a comment\n\n: another\ndata: one\n\n", ["one"]),
        (b"data: first\ndata: second\n\n", ["first\nsecond"]),
        (b"data: first\ndata\ndata:\n\n", ["first\n\n"]),
        (b"data:  indented\n\n", [" indented"]),
        (b"database: one\n\n", []),
        (b"event: nothing\n\n\n\n", []),
        (b"\xef\xbb\xbfdata: one\n\n", ["one"]),
        (b"data: no blank line after it", ["no blank line after it"]),
        (b"data: one\n\ndata: two\n", ["one", "two"]),
        ("data: é ½ 漢\n\n".encode(), ["é ½ 漢"]),
        (b"data: \xff\n\n", ["\ufffd"]),
        (b"", []),
    ],
)
def test_events_are_found_whatever_the_form_of_the_stream(stream: bytes, events: list[str]) -> None:
    assert read(stream) == events


@given(
    data=st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8")), min_size=1),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 200)),
)
def test_it_does_not_matter_where_the_stream_is_cut_into_pieces(
    data: list[str], line_end: str, cuts: list[int]
) -> None:
    stream = "".join(f"data: {one}{line_end}{line_end}" for one in data).encode()
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in pairwise(places)]

    assert read(*pieces) == data


def test_an_event_is_given_as_soon_as_its_blank_line_has_come() -> None:
    reader = SSEReader()

    assert reader.feed(b"data: one\n") == []
    assert reader.feed(b"\n") == ["one"]


def test_a_line_that_never_ends_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LARGEST_EVENT", 1000)

    with pytest.raises(EventTooLongError):
        read(*[b"data: more and more"] * 100)
