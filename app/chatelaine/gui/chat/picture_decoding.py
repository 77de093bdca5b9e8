"""Turns the bytes of a picture into a picture. What comes in is not to be trusted.

Only a few kinds of pictures are taken, told by their first bytes. None is larger than it may be,
before it is read and after. A drawing (SVG) is read into its elements first: whatever in it refers
to something outside of it is taken away, and one that repeats itself without end is refused.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader, QPainter
from PySide6.QtSvg import QSvgRenderer

MOST_BYTES: Final = 24 * 1024 * 1024
_MOST_PIXELS: Final = 40_000_000
_MOST_MEGABYTES: Final = 192
"""What Qt may use for one picture while it reads it."""
_MOST_DRAWING_BYTES: Final = 2 * 1024 * 1024
_MOST_ELEMENTS: Final = 20_000
_DEEPEST: Final = 100
_LONGEST_SIDE: Final = 8192
_DRAWING_WIDTH: Final = 600.0
_FORMATS: Final = {
    b"\x89PNG\r\n": b"png",
    b"\xff\xd8\xff": b"jpeg",
    b"GIF8": b"gif",
    b"RIFF": b"webp",
    b"BM": b"bmp",
}
_INNER_DATA: Final = ("data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp")
_XLINK: Final = "http://www.w3.org/1999/xlink"
ET.register_namespace("", "http://www.w3.org/2000/svg")
ET.register_namespace("xlink", _XLINK)
_EMPTY_WITHOUT_LINK: Final = {"image", "use"}
_DROPPED: Final = {
    "animate",
    "animateColor",
    "animateMotion",
    "animateTransform",
    "audio",
    "filter",
    "foreignObject",
    "handler",
    "script",
    "set",
    "video",
}


class DamagedError(Exception):
    """This is no picture, or one of a kind that is not shown."""


class TooLargeError(Exception):
    """The picture needs more room than one may."""


class Decoded(NamedTuple):
    """A picture that was read.

    Attributes:
        image: The picture, not wider than it was asked for.
        width: How wide it is by itself, in pixels.
        height: How high it is by itself.
    """

    image: QImage
    width: float
    height: float


def data_of(source: str) -> bytes:
    """Give the bytes that a `data:` address holds.

    Raises:
        DamagedError: It holds none.
        TooLargeError: It is too long.
    """
    if len(source) > 2 * MOST_BYTES:
        raise TooLargeError
    head, comma, body = source.partition(",")
    if not comma:
        raise DamagedError
    data = unquote_to_bytes(body)
    if head.rpartition(";")[2].strip().lower() == "base64":
        try:
            return b64decode(data)
        except (Base64Error, ValueError) as error:
            raise DamagedError from error
    return data


def suffix_of(data: bytes) -> str:
    """Give how the name of a file ends that holds these bytes; they were read as a picture."""
    for beginning, name in _FORMATS.items():
        if data.startswith(beginning):
            return ".jpg" if name == b"jpeg" else f".{name.decode()}"
    return ".svg"


def decode(data: bytes, width: int) -> Decoded:
    """Read a picture.

    Args:
        data: Its bytes.
        width: How wide it is shown at most, in device pixels.

    Raises:
        DamagedError: It cannot be read.
        TooLargeError: It is larger than a picture may be.
    """
    if len(data) > MOST_BYTES:
        raise TooLargeError
    for beginning, name in _FORMATS.items():
        if data.startswith(beginning):
            return _decode_pixels(data, name, width)
    return _decode_drawing(data, width)


def _decode_pixels(data: bytes, name: bytes, width: int) -> Decoded:
    QImageReader.setAllocationLimit(_MOST_MEGABYTES)
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(name))
    reader.setDecideFormatFromContent(False)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        raise DamagedError
    if size.width() * size.height() > _MOST_PIXELS:
        raise TooLargeError
    turned = bool(reader.transformation() & QImageIOHandler.Transformation.TransformationRotate90)
    shown = size.transposed() if turned else size
    factor = min(1.0, width / shown.width(), _LONGEST_SIDE / shown.height())
    if factor < 1:
        # Given before it is turned.
        reader.setScaledSize(_scaled(size, factor))
    image = reader.read()
    if image.isNull():
        raise DamagedError
    return Decoded(image, shown.width(), shown.height())


def _scaled(size: QSize, factor: float) -> QSize:
    return QSize(max(round(size.width() * factor), 1), max(round(size.height() * factor), 1))


def _decode_drawing(data: bytes, width: int) -> Decoded:
    if len(data) > _MOST_DRAWING_BYTES:
        raise TooLargeError
    renderer = QSvgRenderer()
    renderer.setAnimationEnabled(False)
    if not renderer.load(QByteArray(harmless(data))):
        raise DamagedError
    size = renderer.viewBoxF().size()
    by_itself = renderer.defaultSize()
    if by_itself.isValid() and not by_itself.isEmpty():
        size = by_itself.toSizeF()
    if not size.isValid() or size.isEmpty():
        raise DamagedError
    # A drawing has no pixels: a tiny one may be meant large.
    if size.width() > _DRAWING_WIDTH:
        size = size * (_DRAWING_WIDTH / size.width())
    factor = min(width / size.width(), 3.0, _LONGEST_SIDE / size.height())
    pixels = (size * factor).toSize().expandedTo(QSize(1, 1))
    if pixels.width() * pixels.height() > _MOST_PIXELS:
        raise TooLargeError
    image = QImage(pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, pixels.width(), pixels.height()))
    painter.end()
    return Decoded(image, size.width(), size.height())


def harmless(data: bytes) -> bytes:
    """Take away from a drawing all that refers to something outside of it, and all that acts.

    Raises:
        DamagedError: It is no drawing, or one that repeats itself too often.
    """
    if b"<!ENTITY" in data or b"<!ATTLIST" in data:
        raise DamagedError
    try:
        root = ET.fromstring(data)  # noqa: S314  entities were refused
    except (ET.ParseError, ValueError, LookupError) as error:
        raise DamagedError from error
    if _name(root.tag) != "svg":
        raise DamagedError
    _clean(root, 0)
    _Repeats(root).check()
    return ET.tostring(root)


def _clean(element: ET.Element, depth: int) -> None:
    if depth > _DEEPEST:
        raise DamagedError
    for key, value in list(element.attrib.items()):
        is_link = _name(key) in {"href", "src"}
        inside = value.startswith(("#", *_INNER_DATA))
        if (is_link and not inside) or _name(key).startswith("on") or _leads_out(value):
            del element.attrib[key]
    if (link := element.attrib.pop("href", None)) is not None:
        # Qt knows only the older way to write it.
        element.attrib[f"{{{_XLINK}}}href"] = link
    for child in list(element):
        name = _name(child.tag)
        if name in _DROPPED or (name == "style" and _acts(child.text or "")):
            element.remove(child)
            continue
        _clean(child, depth + 1)
        if name in _EMPTY_WITHOUT_LINK and f"{{{_XLINK}}}href" not in child.attrib:
            element.remove(child)


def _leads_out(value: str) -> bool:
    """Tell whether a style names something that is not in the drawing."""
    parts = value.lower().replace(" ", "").split("url(")[1:]
    return any(not part.lstrip("'\"").startswith("#") for part in parts)


def _acts(style: str) -> bool:
    """Tell whether a style sheet does more than to give colours and lines."""
    return any(part in style.lower() for part in ("@", "url", "\\"))


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


class _Repeats:
    """Counts how many elements are drawn, as often as each is referred to."""

    def __init__(self, root: ET.Element) -> None:
        self._root = root
        self._named = {
            element.attrib["id"]: element for element in root.iter() if "id" in element.attrib
        }
        self._counts: dict[int, int] = {}
        self._open: set[int] = set()

    def check(self) -> None:
        """Raise DamagedError where it is too many, or where something is within itself."""
        if self._count(self._root) > _MOST_ELEMENTS:
            raise DamagedError

    def _count(self, element: ET.Element) -> int:
        key = id(element)
        if (known := self._counts.get(key)) is not None:
            return known
        if key in self._open or len(self._open) > _DEEPEST:
            raise DamagedError
        self._open.add(key)
        total = 1 + sum(self._count(child) for child in element)
        for value in element.attrib.values():
            for name in _references(value):
                if (other := self._named.get(name)) is not None:
                    total += self._count(other)
        self._open.discard(key)
        self._counts[key] = total
        return total


def _references(value: str) -> list[str]:
    if value.startswith("#"):
        return [value[1:]]
    return [part.split(")")[0].strip("'\" #") for part in value.split("url(")[1:]]
