"""The timeline comes to rest, however much there is of what comes later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.gui.chat import formulas
from chatelaine.gui.chat.blocks.formula import FormulaBlock
from chatelaine.gui.chat.blocks.text import TextBlock
from support.thread_rows import exchange

if TYPE_CHECKING:
    import pytest

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
