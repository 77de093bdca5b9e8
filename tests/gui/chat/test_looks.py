"""How everything in the timeline looks, next to pictures of how it is meant to look.

After a change that is meant, `make pictures` takes them anew: look at each that is another.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from chatelaine.gui.chat.blocks import measures
from chatelaine.gui.chat.blocks.code import CodeBlock
from chatelaine.gui.chat.row_layouts import agent_header, user_message
from chatelaine.gui.chat.row_layouts.reply import ReplyLayout
from chatelaine.gui.chat.row_layouts.user_message import UserMessageLayout
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.appearance import Contrast, Scheme
from chatelaine.gui.theme.motion import Motion
from support.photograph import REFERENCES, Look, photograph, references
from support.picture_comparison import compare
from support.scenes import Scene, scenes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chatelaine.gui.chat.timeline_view import TimelineView
    from chatelaine.gui.theme.appearance import Appearance

SCENES = {scene.name: scene for scene in scenes()}
MOST_BYTES = 2_000_000


@pytest.fixture
def dresser(appearance: Appearance) -> Iterator[Appearance]:
    yield appearance
    appearance.set_contrast(Contrast.SYSTEM)
    appearance.set_motion(Motion.SYSTEM)


def taken(dresser: Appearance, name: str, scheme: Scheme = Scheme.LIGHT) -> QImage:
    look = Look(scheme)
    look.dress(dresser)
    return photograph(SCENES[name], look)


def kept(name: str, scheme: Scheme = Scheme.LIGHT) -> QImage:
    image = QImage(str(REFERENCES / f"{name}-{scheme}.png"))
    assert not image.isNull()
    return image


@pytest.mark.parametrize(
    ("scene", "look", "path"), [pytest.param(*one, id=one[2].stem) for one in references()]
)
def test_it_looks_as_it_is_meant_to(
    scene: Scene, look: Look, path: Path, dresser: Appearance, tmp_path: Path
) -> None:
    look.dress(dresser)
    image = photograph(scene, look)
    difference = compare(image, QImage(str(path)))
    seen = tmp_path / path.name
    if difference.is_seen:
        image.save(str(seen))
    assert not difference.is_seen, f"{difference}: compare {seen} with {path}"


def test_each_kept_picture_belongs_to_a_scene_and_together_they_are_small() -> None:
    found = set(REFERENCES.glob("*"))
    assert found == {path for _, _, path in references()}
    assert sum(path.stat().st_size for path in found) < MOST_BYTES


# ---------------------------------------------------------------------------- what is seen


@pytest.mark.parametrize("name", ["user", "lists", "tables", "code", "tools", "notices"])
def test_other_edges_of_letters_are_no_difference(name: str, dresser: Appearance) -> None:
    look = Look(ratio=2.0)
    look.dress(dresser)
    fine = photograph(SCENES[name], look)
    # Drawn for a finer screen and made smaller, each letter has other greys at its edges.
    other = fine.scaled(
        QSize(fine.width() // 2, fine.height() // 2),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    image = taken(dresser, name)
    assert other != image
    assert not compare(other, image).is_seen


@pytest.mark.parametrize(
    ("name", "module", "length"),
    [
        ("quotes", measures, "_GAP"),
        ("lists", measures, "_ITEM_INDENT"),
        ("reasoning", agent_header, "_BELOW"),
        ("reasoning", agent_header, "_AFTER_AVATAR"),
        ("user", user_message, "BUBBLE_SIDE"),
    ],
)
def test_what_has_moved_by_six_pixels_is_seen(
    name: str,
    module: object,
    length: str,
    dresser: Appearance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, length, getattr(module, length) + 6)
    image, before = taken(dresser, name), kept(name)
    # Another height would say it by itself: what is common to both must say it, too.
    common = QSize(before.width(), min(image.height(), before.height()))
    difference = compare(_top(image, common), _top(before, common))
    assert difference.is_seen


def test_a_part_that_has_moved_by_six_pixels_is_seen_wherever_it_is(dresser: Appearance) -> None:
    image = taken(dresser, "reasoning")
    # From the line of the agent on, down to the controls.
    for top in range(20, image.height() - 70, 7):
        assert compare(_pushed_down(image, top, 6), image).is_seen, top


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize(
    ("name", "swap"),
    [
        ("code", "code window"),
        ("code", "code_header code"),
        ("code", "code_keyword code_string"),
        ("user", "bubble window"),
        ("user", "text_muted accent"),
        ("reasoning", "text_muted link"),
        ("reasoning", "accent danger"),
        ("headings", "link text"),
        ("tools", "border danger"),
        ("tools", "success text_muted"),
        ("notices", "danger_soft warning_soft"),
        ("find", "hit_current hit"),
        ("selection", "selection hover"),
        ("row-focused", "focus border"),
    ],
)
def test_a_wrong_colour_is_seen(
    name: str,
    swap: str,
    scheme: Scheme,
    dresser: Appearance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    role, instead = swap.split()
    right = getattr(palettes, str(scheme))()
    wrong = right._replace(**{role: getattr(right, instead)})
    monkeypatch.setattr(palettes, str(scheme), lambda: wrong)
    try:
        assert compare(taken(dresser, name, scheme), kept(name, scheme)).is_seen
    finally:
        monkeypatch.undo()


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("missing", ["copy", "fork", "more"])
def test_a_missing_symbol_below_a_reply_is_seen(
    missing: str, scheme: Scheme, dresser: Appearance, monkeypatch: pytest.MonkeyPatch
) -> None:
    _leave_out(monkeypatch, ReplyLayout, missing)
    assert compare(taken(dresser, "reasoning", scheme), kept("reasoning", scheme)).is_seen


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("missing", ["previous", "edit", "more"])
def test_a_missing_control_of_a_bubble_is_seen(
    missing: str, scheme: Scheme, dresser: Appearance, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = dataclasses.replace(SCENES["user"], prepare=_hover_second)
    Look(scheme).dress(dresser)
    whole = photograph(scene, Look(scheme))
    _leave_out(monkeypatch, UserMessageLayout, missing)
    assert compare(photograph(scene, Look(scheme)), whole).is_seen


@pytest.mark.parametrize("missing", ["copy", "wrap"])
def test_a_missing_control_of_code_is_seen(
    missing: str, dresser: Appearance, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = CodeBlock.controls
    monkeypatch.setattr(
        CodeBlock, "controls", lambda self: [one for one in real(self) if one.name != missing]
    )
    assert compare(taken(dresser, "code"), kept("code")).is_seen


def _leave_out(
    monkeypatch: pytest.MonkeyPatch, kind: type[ReplyLayout | UserMessageLayout], missing: str
) -> None:
    real: Any = kind._controls
    monkeypatch.setattr(
        kind, "_controls", lambda self: (one for one in real(self) if one.name != missing)
    )


def _hover_second(view: TimelineView) -> None:
    # On the row, and on no control: what is missing could not be hovered.
    view.mouse._hover(view.origin(1) + QPointF(200, 20))


def _top(image: QImage, size: QSize) -> QImage:
    return image.copy(QRect(QPoint(0, 0), size))


def _pushed_down(image: QImage, top: int, pixels: int) -> QImage:
    made = image.copy()
    below = image.copy(0, top, image.width(), image.height() - top - pixels)
    painter = QPainter(made)
    painter.fillRect(0, top, image.width(), pixels, image.pixelColor(1, 1))
    painter.drawImage(0, top + pixels, below)
    painter.end()
    return made
