"""Tells whether two pictures show the same, as an eye would: not pixel by pixel.

Another version of the font engine draws the edges of letters a little differently. So both pictures
are made a third as large, where such edges are grey on both sides. Then it is looked at what font
engines do not change: how much the whole and each small region differ, the mean colour of a region,
and whether there is something where in the other picture there is nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALLER: Final = 3
_REGION: Final = 8
"""Width and height of a region, in pixels of the smaller picture."""
_SPOT: Final = 4
"""The same of a spot: where a thin line makes a difference."""
_AROUND: Final = 1
_CHANNELS: Final = 3

MOST_MEAN: Final = 3.2
MOST_OF_REGION: Final = 16.0
MOST_OF_SHADE: Final = 6.0
MOST_OF_HUE: Final = 5.0
MOST_ALONE: Final = 24.0
_NOTHING: Final = 4
"""A spot whose pixels differ by no more than this has nothing on it."""


class Difference(NamedTuple):
    """How much two pictures differ, each in steps of 255.

    Attributes:
        mean: Over the whole.
        region: Of the region that differs most: the mean difference of its pixels.
        shade: Of the region that differs most: the difference of its mean colours.
        hue: Of the spot that differs most: how far red and blue are from green.
        alone: The contrast of what stands out most on a spot that is plain in the other picture.
    """

    mean: float
    region: float
    shade: float
    hue: float
    alone: float

    @property
    def is_seen(self) -> bool:
        """Whether somebody would call it another picture."""
        most = (MOST_MEAN, MOST_OF_REGION, MOST_OF_SHADE, MOST_OF_HUE, MOST_ALONE)
        return any(value > limit for value, limit in zip(self, most, strict=True))


ANOTHER_SIZE: Final = Difference(*(5 * (255.0,)))


def compare(one: QImage, other: QImage) -> Difference:
    """Measure how much two pictures differ; those of other sizes differ as much as can be."""
    if one.size() != other.size():
        return ANOTHER_SIZE
    small = QSize(max(one.width() // _SMALLER, 1), max(one.height() // _SMALLER, 1))
    first, second = _scaled(one, small), _scaled(other, small)
    apart = [abs(a - b) for a, b in zip(_values(first), _values(second), strict=True)]
    shade, hue = _of_shade(first, second), _of_hue(first, second)
    greys = _greys(first), _greys(second)
    alone = max(_alone(*greys), _alone(*reversed(greys)))
    region = _of_region(apart, small.width() * _CHANNELS)
    return Difference(sum(apart) / len(apart), region, shade, hue, alone)


def _of_region(apart: Sequence[int], row: int) -> float:
    """Give the mean of the region with the largest one."""
    found = 0
    for top in range(0, len(apart) // row, _REGION):
        lines = [apart[y : y + row] for y in range(top * row, len(apart), row)][:_REGION]
        for left in range(0, row, _REGION * _CHANNELS):
            right = left + _REGION * _CHANNELS
            found = max(found, sum(sum(line[left:right]) for line in lines))
    # What sticks out over the last whole region counts like the others.
    return found / (_REGION * _REGION * _CHANNELS)


def _of_shade(first: QImage, second: QImage) -> float:
    """Give the largest difference of the mean colours of regions."""
    return float(max(map(abs, _means_apart(first, second, _REGION))))


def _of_hue(first: QImage, second: QImage) -> float:
    """Give the largest difference of how far red and blue are from green, of spots."""
    apart = _means_apart(first, second, _SPOT)
    greens = apart[1::_CHANNELS]
    others = apart[0::_CHANNELS], apart[2::_CHANNELS]
    return float(max(abs(a - g) for other in others for a, g in zip(other, greens, strict=True)))


def _means_apart(first: QImage, second: QImage, side: int) -> list[int]:
    size = QSize(max(first.width() // side, 1), max(first.height() // side, 1))
    means = zip(_values(_scaled(first, size)), _values(_scaled(second, size)), strict=True)
    return [a - b for a, b in means]


def _alone(shown: list[bytes], other: list[bytes]) -> float:
    """Give the largest contrast on a spot around which the other picture is plain."""
    found = 0
    for top in range(_AROUND, len(shown) - _SPOT - _AROUND, _SPOT // 2):
        lines = shown[top : top + _SPOT]
        around = other[top - _AROUND : top + _SPOT + _AROUND]
        for left in range(_AROUND, len(shown[0]) - _SPOT - _AROUND, _SPOT // 2):
            right = left + _SPOT
            contrast = _contrast(lines, left, right)
            if contrast > found and _contrast(around, left - _AROUND, right + _AROUND) <= _NOTHING:
                found = contrast
    return float(found)


def _contrast(lines: list[bytes], left: int, right: int) -> int:
    parts = [line[left:right] for line in lines]
    return max(map(max, parts)) - min(map(min, parts))


def _scaled(image: QImage, size: QSize) -> QImage:
    return image.scaled(
        size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).convertToFormat(QImage.Format.Format_RGB888)


def _values(image: QImage) -> bytes:
    """Give red, green and blue of each pixel."""
    return b"".join(_lines(image, image.width() * _CHANNELS))


def _greys(image: QImage) -> list[bytes]:
    return _lines(image.convertToFormat(QImage.Format.Format_Grayscale8), image.width())


def _lines(image: QImage, wide: int) -> list[bytes]:
    """Give the lines without what fills them up."""
    data, line = bytes(image.constBits()), image.bytesPerLine()
    return [data[y * line : y * line + wide] for y in range(image.height())]
