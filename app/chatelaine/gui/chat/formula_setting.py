r"""Sets TeX's formulas: from their source to an SVG drawing.

Import it in a worker thread only: it loads a font, which takes 0.2 s. A formula takes 4 to 40 ms.

The source comes from a model or from whoever it has read. The library under it is no TeX: `\input`
and its like are unknown words to it, and it reads no file but its own font. What it does not do is
to stop: the time it takes doubles with each level of nesting. So its steps are counted here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree import ElementTree as ET

from ziamath.config import config
from ziamath.mathfont import MathFont
from ziamath.tex import tex2mml
from ziamath.zmath import Math, fontname, loadedfonts

from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from ziamath.mathtable import MathTable

LONGEST: Final = 2000
"""Characters beyond which a formula stays as it was written."""
_MOST_STEPS: Final = 8000
"""Of 25 to 120 µs each. A common formula takes some hundred."""
_LARGEST: Final = 8000.0
_FONT: Final = "counted"
# The library would draw what is within any other element, and write a line into the log.
_KNOWN: Final = frozenset(
    {
        "math",
        "menclose",
        "mfenced",
        "mfrac",
        "mi",
        "mmultiscripts",
        "mn",
        "mo",
        "mover",
        "mpadded",
        "mphantom",
        "mprescripts",
        "mroot",
        "mrow",
        "ms",
        "mspace",
        "msqrt",
        "mstyle",
        "msub",
        "msubsup",
        "msup",
        "mtable",
        "mtd",
        "mtext",
        "mtr",
        "munder",
        "munderover",
        "none",
    }
)
_SCRIPTS: Final = {"msub": 1, "msup": 1, "msubsup": 2}
"""Elements with scripts, and how many."""
_TAG: Final = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
_NUMBERING: Final = re.compile(r"\\(?:nonumber|notag|label\s*\{[^{}]*\})")


class CannotSetError(Exception):
    """This is no formula, or one that would take too long."""


class Drawing(NamedTuple):
    """A formula, drawn. Lengths are in pixels.

    Attributes:
        svg: The drawing.
        width: How wide it is.
        height: How high it is.
        ascent: How much of the height is above the line on which it stands.
    """

    svg: bytes
    width: float
    height: float
    ascent: float


class _CountedFont(MathFont):
    """The font, which notices how often it is asked for its measures: once for each node."""

    def __init__(self) -> None:
        self.steps = 0
        super().__init__(fontname)

    @property  # type: ignore[explicit-override]  # it has, as a pair
    @override
    def math(self) -> MathTable:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise CannotSetError
        return self._math

    @math.setter
    def math(self, table: MathTable) -> None:
        self._math = table


# Qt does not know how to repeat a symbol: each letter is drawn where it is.
config.svg2 = False
_font = _CountedFont()
loadedfonts[_FONT] = _font


def draw(tex: str, pixels: float, colour: str, *, display: bool) -> Drawing:
    """Set a formula.

    Args:
        tex: What is between its marks.
        pixels: The size of the words around it.
        colour: As `#rrggbb`.
        display: Whether it stands on a line of its own, with room above and below.

    Raises:
        CannotSetError: It cannot be set, whatever the reason.
    """
    if len(tex) > LONGEST:
        raise CannotSetError
    _font.steps = 0
    try:
        made = _draw(tex, pixels, colour, display=display)
    except CannotSetError:
        raise
    except Exception as error:
        raise CannotSetError from error
    if max(made.width, made.height) > _LARGEST:
        raise CannotSetError
    return made


def _draw(tex: str, pixels: float, colour: str, *, display: bool) -> Drawing:
    root = ET.fromstring(tex2mml(_prepared(tex), inline=not display))  # noqa: S314  made here
    if any(element.tag.rpartition("}")[2] not in _KNOWN for element in root.iter()):
        raise CannotSetError
    _gather_bases(root)
    root.set("mathcolor", colour)
    made = Math(root, size=pixels, font=_FONT)
    svg = made.svgxml()
    _, top, width, height = (float(part) for part in svg.attrib["viewBox"].split())
    return Drawing(ET.tostring(svg), width, height, -top)


def _gather_bases(root: ET.Element) -> None:
    """Let what scripts stand at be one thing: of a matrix it is three, with its brackets."""
    for element in list(root.iter()):
        namespace, brace, name = element.tag.rpartition("}")
        count = _SCRIPTS.get(name)
        if count is not None and len(element) > count + 1:
            base = element[: len(element) - count]
            row = ET.Element(f"{namespace}{brace}mrow")
            for part in base:
                element.remove(part)
                row.append(part)
            element.insert(0, row)


def _prepared(tex: str) -> str:
    """Write a formula so that it means the same to the library."""
    tex = _NUMBERING.sub("", _TAG.sub(r"\\qquad (\\text{\1})", tex))
    # In a text it would be taken for the beginning of an element of XML.
    return tex.replace("<", r"\lt ")
