"""The timeline comes to rest, however much there is of what comes later."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, QImageWriter

from chatelaine.gui.chat import formulas, pictures
from chatelaine.gui.chat.blocks.formula import FormulaBlock
from chatelaine.gui.chat.blocks.picture import PictureBlock
from chatelaine.gui.chat.blocks.sources import PictureState
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.chat.seen_pictures import seen_pictures
from support.thread_rows import exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from chatelaine.gui.chat.blocks.layout import BlockLayout
    from chatelaine.gui.chat.blocks.sources import FormulaPicture, FormulaRequest
    from chatelaine.gui.chat.timeline_view import TimelineView
    from support.timeline_driver import TimelineDriver


def blocks(view: TimelineView) -> list[BlockLayout]:
    """Give all blocks that have layouts."""
    parts = [part for layout in view.laid_out._layouts.values() for part in layout.parts]
    made = [
        part.document.made_layout(index)
        for part in parts
        for index in range(len(part.document.blocks))
    ]
    return [block for block in made if block is not None]


def lay_out_all(view: TimelineView) -> None:
    """Lay out every row, as scrolling over all of it does."""
    for row in range(len(view.laid_out)):
        view.layout_to_read(row, 0, 100_000)


def test_more_formulas_than_are_remembered_are_all_shown_and_not_set_again(
    view: TimelineView, user: TimelineDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formulas, "_REMEMBERED", 10)
    asked: list[str] = []
    real = view._formulas.find

    def watched(request: FormulaRequest) -> FormulaPicture | None:
        asked.append(request.tex)
        return real(request)

    monkeypatch.setattr(view._formulas, "find", watched)
    rows = [
        row
        for turn in range(1, 9)
        for row in exchange(turn, f"So $a_{turn}$ and $b_{turn}$ are:\n\n$$c_{turn} = d$$\n")
    ]
    view.load(rows)
    lay_out_all(view)
    user.settle()
    shown = [block for block in blocks(view) if isinstance(block, TextBlock | FormulaBlock)]
    set_alone = [block for block in shown if isinstance(block, FormulaBlock) and block._is_set]
    within = [inset for b in shown if isinstance(b, TextBlock) for inset in b._insets]
    assert (len(set_alone), len(within)) == (8, 16)
    asked.clear()
    view._formulas.ready.emit()  # something else has come
    user.settle()
    assert not asked


def png(width: int, height: int) -> bytes:
    """Give the bytes of a picture."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#cc2211"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(buffer.data().data())


def pictures_thread(count: int) -> list[Any]:
    return [row for turn in range(1, count + 1) for row in exchange(turn, f"![p](p{turn}.png)")]


def is_shown(user: TimelineDriver, row: int) -> bool:
    block = user.document(row).layout(0)
    assert isinstance(block, PictureBlock)
    return block._load.image is not None


@pytest.mark.parametrize("limit", ["_MOST_PICTURES", "_MOST_MEMORY"])
def test_more_pictures_than_are_kept_come_to_rest_and_each_is_shown_when_it_is_seen(
    view: TimelineView,
    user: TimelineDriver,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
) -> None:
    monkeypatch.setattr(pictures, limit, 3 if limit == "_MOST_PICTURES" else 3 * 400 * 300 * 4)
    read: list[str] = []

    def read_file(name: str, take: Callable[[bytes | None], None]) -> None:
        read.append(name)
        take(png(400, 300))

    view.file_requested.connect(read_file)
    view.load(pictures_thread(12))
    lay_out_all(view)
    user.settle()
    count = range(len(view.laid_out))
    heights = [view.laid_out.heights[row] for row in count]
    read.clear()
    view.pictures.ready.emit()
    user.settle()
    assert not read
    for row in (1, 23, 11, 1):
        user.bring_into_view(row)
        qtbot.waitUntil(partial(is_shown, user, row))
        user.settle()
        seen = seen_pictures(view)
        assert seen
        assert {
            source
            for source in seen
            if (load := view.pictures.look(source)) and load.state is PictureState.SHOWN
        } == seen
    assert [view.laid_out.heights[row] for row in count] == heights, (
        "what was let go of keeps its place"
    )
    assert len(view.pictures._held) <= 4
    read.clear()
    view.pictures.ready.emit()
    user.settle()
    assert not read


def test_pictures_that_are_seen_stay_though_there_is_no_room_for_them(
    view: TimelineView, user: TimelineDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_MOST_MEMORY", 1)
    read: list[str] = []

    def read_file(name: str, take: Callable[[bytes | None], None]) -> None:
        read.append(name)
        take(png(60, 40))

    view.file_requested.connect(read_file)
    view.load(exchange(1, "\n\n".join(f"![p](p{number}.png)" for number in range(4))))
    user.settle()
    blocks = [user.document(1).layout(number) for number in range(4)]
    shown = [block._load.image is not None for block in blocks if isinstance(block, PictureBlock)]
    assert shown == [True] * 4
    user.settle()
    assert sorted(read) == [f"p{number}.png" for number in range(4)]
