"""The examples of CommonMark's and GitHub's specifications through our own parse to blocks.

Each is compared as it stands, and once more with links and pictures that may lead anywhere, as most
examples lead to places that a message may not. Where the blocks differ, they differ on purpose:
`departures.json` says why, and what they are instead.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from chatelaine.markup import spans, syntax
from chatelaine.markup.parser import parse
from support.markdown_structure import of_blocks, of_html

_DATA: Final = Path(__file__).parents[2] / "data" / "markdown"


def _read(name: str) -> Any:
    return json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8"))


DEPARTURES: Final = _read("departures")
EXAMPLES: Final = {
    f"{name}-{example['example']}": example
    for name in ("commonmark", "gfm")
    for example in _read(name)
}
SECTIONS: Final = sorted({example["section"] for example in EXAMPLES.values()})


def _plain(nodes: Any) -> Any:
    return json.loads(json.dumps(nodes))


def _reference(html: str) -> Any:
    try:
        return _plain(of_html(html))
    except AssertionError:
        return "HTML of its own"


def _check(section: str, departures: dict[str, Any]) -> None:
    for name, example in EXAMPLES.items():
        if example["section"] != section:
            continue
        blocks = _plain(of_blocks(parse(example["markdown"])))
        reference = _reference(example["html"])
        if (departure := departures.get(name)) is None:
            assert blocks == reference, name
        else:
            assert departure["reason"]
            assert blocks == departure["blocks"], name
            assert blocks != reference, f"{name} no longer departs"


@pytest.mark.parametrize("section", SECTIONS)
def test_the_structure_is_the_one_of_the_specification(
    section: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(spans, "is_safe_link", lambda _: True)
    monkeypatch.setattr(syntax, "is_safe_link", lambda _: True)
    monkeypatch.setattr(spans, "picture_source", lambda address: address)
    _check(section, DEPARTURES["structure"])


@pytest.mark.parametrize("section", SECTIONS)
def test_what_a_message_shows_departs_in_its_links_alone(section: str):
    _check(section, DEPARTURES["structure"] | DEPARTURES["links"])


def test_every_example_is_there_and_every_departure_is_one_of_them():
    assert [name for name in EXAMPLES if name.startswith("commonmark")] == [
        f"commonmark-{number}" for number in range(1, 653)
    ]
    assert set(DEPARTURES["structure"]) | set(DEPARTURES["links"]) <= set(EXAMPLES)
