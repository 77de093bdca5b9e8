from __future__ import annotations

import dataclasses
import re

import pytest

from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import Palette

READ = 4.5
SEEN = 3.0

# (words, the grounds they are written on)
READABLE = [
    ("text", "window sidebar raised bubble code code_header inline_code hover pressed selected"),
    ("text", "selection accent_soft danger_soft warning_soft"),
    ("text_muted", "window sidebar raised bubble code code_header hover selected"),
    ("accent", "window raised"),
    ("on_accent", "accent accent_hover"),
    ("link", "window raised bubble"),
    ("danger", "window raised danger_soft"),
    ("on_danger", "danger"),
    ("warning", "window raised warning_soft"),
    ("success", "window raised"),
    *(
        (role, "code")
        for role in Palette.__slots__
        if role.startswith("code_") and role != "code_header"
    ),
]
VISIBLE = [
    ("focus", "window sidebar raised bubble code_header"),
    ("border_strong", "window raised"),
    ("accent", "window sidebar"),
]


def luminance(value: str) -> float:
    channels = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def pairs(table):
    return [(mark, ground) for mark, grounds in table for ground in grounds.split()]


def test_the_measure_itself_knows_black_on_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("made", [palettes.light(), palettes.dark()], ids=lambda p: p.name)
@pytest.mark.parametrize(("words", "ground"), pairs(READABLE))
def test_words_can_be_read_on_their_ground(made: Palette, words: str, ground: str):
    assert contrast(getattr(made, words), getattr(made, ground)) >= READ


@pytest.mark.parametrize("made", [palettes.light(), palettes.dark()], ids=lambda p: p.name)
@pytest.mark.parametrize(("mark", "ground"), pairs(VISIBLE))
def test_edges_and_focus_can_be_seen_on_their_ground(made: Palette, mark: str, ground: str):
    assert contrast(getattr(made, mark), getattr(made, ground)) >= SEEN


@pytest.mark.parametrize("made", [palettes.light(), palettes.dark()], ids=lambda p: p.name)
def test_each_role_is_a_plain_colour(made: Palette):
    values = dataclasses.asdict(made)
    del values["name"]
    assert all(re.fullmatch("#[0-9a-f]{6}", value) for value in values.values())
