from __future__ import annotations

import re
from itertools import pairwise

import pytest

from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import Palette

READ = 4.5
SEEN = 3.0
READ_WELL = 7.0
SEEN_WELL = 4.5
USUAL = [palettes.light(), palettes.dark()]
HIGH = [palettes.light_contrast(), palettes.dark_contrast()]

# (words, the grounds they are written on)
READABLE = [
    ("text", "window sidebar raised bubble code code_header inline_code hover pressed selected"),
    ("text", "selection hit hit_current accent_soft danger_soft warning_soft"),
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
        for role in Palette._fields
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


def title(made: Palette) -> str:
    return f"{made.name}, {'high' if made.is_high_contrast else 'usual'}"


def pairs(table):
    return [(mark, ground) for mark, grounds in table for ground in grounds.split()]


def test_the_measure_itself_knows_black_on_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("made", [*USUAL, *HIGH], ids=title)
@pytest.mark.parametrize(("words", "ground"), pairs(READABLE))
def test_words_can_be_read_on_their_ground(made: Palette, words: str, ground: str):
    wanted = READ_WELL if made.is_high_contrast else READ
    assert contrast(getattr(made, words), getattr(made, ground)) >= wanted


@pytest.mark.parametrize("made", [*USUAL, *HIGH], ids=title)
@pytest.mark.parametrize(("mark", "ground"), pairs(VISIBLE))
def test_edges_and_focus_can_be_seen_on_their_ground(made: Palette, mark: str, ground: str):
    wanted = SEEN_WELL if made.is_high_contrast else SEEN
    assert contrast(getattr(made, mark), getattr(made, ground)) >= wanted


@pytest.mark.parametrize("made", HIGH, ids=lambda p: p.name)
@pytest.mark.parametrize("ground", ["window", "sidebar", "raised", "bubble", "code"])
def test_where_contrast_is_high_every_line_and_thumb_is_seen(made: Palette, ground: str):
    assert contrast(made.border, getattr(made, ground)) >= SEEN_WELL
    assert contrast(made.scrollbar, getattr(made, ground)) >= SEEN_WELL
    assert contrast(made.text_disabled, made.window) >= READ


@pytest.mark.parametrize("made", [*USUAL, *HIGH], ids=title)
def test_hits_can_be_told_from_their_ground_and_the_current_one_from_the_others(made: Palette):
    steps = [made.window, made.hit, made.hit_current]
    for one, other in pairwise(steps):
        assert contrast(one, other) >= 1.2


@pytest.mark.parametrize("made", [*USUAL, *HIGH], ids=title)
def test_each_role_is_a_plain_colour(made: Palette):
    values = made._asdict()
    del values["name"], values["is_high_contrast"]
    assert all(re.fullmatch("#[0-9a-f]{6}", value) for value in values.values())
