"""What a block asks for things that come later: colours, formulas, pictures.

To ask is to order: what is not there is made in a worker thread. Whoever makes it tells the view,
and the view has the block take it with `refresh`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from chatelaine.gui.chat.blocks.frame_budget import FrameBudget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QImage

    from chatelaine.markup.highlight import Mark


class FormulaRequest(NamedTuple):
    """A formula as it is wanted.

    Attributes:
        tex: What is between its marks.
        pixels: The size of the words around it, in device-independent pixels.
        colour: As `#rrggbb`.
        ratio: Device pixels for each device-independent one.
        display: Whether it stands on a line of its own.
    """

    tex: str
    pixels: float
    colour: str
    ratio: float
    display: bool = False


@dataclass(frozen=True, slots=True)
class FormulaPicture:
    """A formula that is set. Lengths are in device-independent pixels.

    Attributes:
        image: The picture; None where the formula cannot be set.
        width: How wide it is.
        ascent: How far it reaches above the line on which it stands.
        descent: How far it reaches below.
    """

    image: QImage | None
    width: float = 0.0
    ascent: float = 0.0
    descent: float = 0.0


class FormulaSource(Protocol):
    """Where formulas are set."""

    def find(self, request: FormulaRequest) -> FormulaPicture | None:
        """Give a formula; None while it is being set."""


class PictureState(Enum):
    """How far a picture is."""

    REMOTE = "remote"  # it lies elsewhere, and is not fetched unless the user wants it
    LOADING = "loading"
    SHOWN = "shown"
    MISSING = "missing"
    DAMAGED = "damaged"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class PictureLoad:
    """A picture, or why there is none.

    Attributes:
        state: How far it is.
        image: The picture, about as large as it was asked for. One that was there is let go of once
            it is out of sight, and is loading again; then its size is still known.
        width: How wide it is by itself, in pixels; 0 where that is not known.
        height: How high it is by itself.
    """

    state: PictureState
    image: QImage | None = None
    width: float = 0.0
    height: float = 0.0


class PictureSource(Protocol):
    """Where pictures come from."""

    def find(self, source: str, width: int) -> PictureLoad:
        """Give a picture as it is now, and have it loaded if it is not there.

        Args:
            source: Its address, as it is written in the message.
            width: How wide it will be shown at most, in device pixels.
        """

    def look(self, source: str) -> PictureLoad | None:
        """Give a picture as it is now, and load nothing; None where nobody has asked for it."""

    def load(self, source: str) -> None:
        """Fetch a picture that the user wants to see."""


class ColourSource(Protocol):
    """Where code gets its colours."""

    def find(self, owner: object, code: str, language: str) -> Sequence[Mark]:
        """Give the colours of code, as far as they are known: also those of its beginning.

        Args:
            owner: The block that asks. Asking again, it no longer waits for what it asked before.
            code: The lines.
            language: As the author named it.
        """


@dataclass(frozen=True, slots=True)
class BlockSources:
    """What blocks can ask; without one, they show what they have.

    Attributes:
        formulas: Sets formulas.
        pictures: Loads pictures.
        highlighter: Colours code.
        budget: Says how long they may take.
    """

    formulas: FormulaSource | None = None
    pictures: PictureSource | None = None
    highlighter: ColourSource | None = None
    budget: FrameBudget = field(default_factory=FrameBudget)


NO_SOURCES: Final = BlockSources()
