"""What the menus call undoing and redoing a step of a thread."""

from __future__ import annotations

from chatelaine.store.records import StepKind

_STEP_NAMES = {
    StepKind.TURN: ("Undo &last turn", "Red&o turn"),
    StepKind.RETRY: ("Undo re&try", "Red&o retry"),
    StepKind.CLEAR: ("Undo c&lear", "Red&o clear"),
    StepKind.EDIT: ("Undo &last edit", "Red&o edit"),
    StepKind.COMPACT: ("Undo compactio&n", "Red&o compaction"),
    StepKind.SWITCH: ("Undo &branch change", "Red&o branch change"),
    StepKind.DELETE: ("Undo &delete message", "Red&o delete message"),
    StepKind.POP: ("Undo remova&l", "Red&o removal"),
    StepKind.RENAME: ("Undo rena&me", "Red&o rename"),
    StepKind.MOVE: ("Undo mo&ve", "Red&o move"),
    StepKind.ARCHIVE: ("Undo archi&ve", "Red&o archive"),
    StepKind.TRASH: ("Undo move to &trash", "Red&o move to trash"),
    StepKind.RESTORE: ("Undo r&estore", "Red&o restore"),
}


def undo_text(step: StepKind | None) -> str:
    """Name undoing this step as the menu does; None is for when there is nothing to undo."""
    return _STEP_NAMES[step or StepKind.TURN][0]


def redo_text(step: StepKind | None) -> str:
    """Name redoing this step as the menu does; None is for when there is nothing to redo."""
    return _STEP_NAMES[step or StepKind.TURN][1]
