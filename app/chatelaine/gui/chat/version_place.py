"""Where another version of a message is shown: in the place of the one that was there.

So one can step through all of them, by mouse without moving it and by key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chatelaine.gui.chat.rows import UserRow

if TYPE_CHECKING:
    from chatelaine.gui.chat.row_layouts.controls import ControlKey
    from chatelaine.gui.chat.timeline_surface import TimelineSurface
    from chatelaine.store.records import TurnId

_OTHER: Final = {"next": "previous", "previous": "next"}


class _Version(NamedTuple):
    """Another version of a message that was asked for.

    Attributes:
        turn: Its turn.
        bottom: How far below the top of the view the message ends in whose place it comes.
        control: What of that message has the keyboard.
    """

    turn: TurnId
    bottom: int
    control: ControlKey | None


class VersionPlace:
    """Keeps the place of a message while another version of it is read."""

    def __init__(self, surface: TimelineSurface) -> None:
        self._surface = surface
        self._wanted: _Version | None = None

    def keep(self, turn: TurnId) -> None:
        """Remember where the message stands of which another version is wanted, of this turn."""
        surface = self._surface
        for row in surface.visible_rows():
            shown = surface.rows[row]
            if isinstance(shown, UserRow) and turn in shown.branches:
                bottom = surface.origin(row).y() + surface.laid_out.layout(row).height
                control = surface.keys.control if surface.keys.row == row else None
                self._wanted = _Version(turn, round(bottom), control)

    def look(self) -> None:
        """Show the version that was asked for, if it is there now."""
        surface, wanted = self._surface, self._wanted
        row = None if wanted is None else surface.laid_out.model.index_of_turn(wanted.turn)
        if wanted is None or row is None:
            return
        self._wanted = None
        layout = surface.laid_out.layout(row)
        surface.show_place(row, layout.height, below=wanted.bottom)
        if wanted.control is not None:
            enabled = {one.name: one.key for one in layout.row_controls() if one.enabled}
            name = wanted.control.name
            surface.keys.stay_at(row, enabled.get(name) or enabled.get(_OTHER.get(name, "")))
