"""The application's icon in all its sizes and forms."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import icons

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def with_qt(qapp: object) -> None:
    """Painting needs it."""


def picture(size: int) -> Image.Image:
    return Image.open(io.BytesIO(icons.png(size))).convert("RGBA")


@pytest.mark.parametrize("size", icons.SIZES)
def test_each_size_shows_the_key_on_its_ground(size: int):
    image = picture(size)
    assert image.size == (size, size)
    colours = image.getcolors(size * size) or []
    opaque = [(count, colour) for count, colour in colours if colour[3] == 255]  # type: ignore[index]
    total = sum(count for count, _ in opaque)
    assert total > size * size * 0.6
    brass = sum(count for count, (red, _, blue, _) in opaque if red > 200 and blue < 170)  # type: ignore[misc]
    assert 0.04 < brass / total < 0.4


def test_corners_are_empty():
    assert picture(64).getpixel((0, 0)) == (0, 0, 0, 0)


def test_small_sizes_have_a_drawing_of_their_own():
    assert icons.drawing(32) != icons.drawing(48)
    assert icons.drawing(16).exists()


@pytest.mark.qt_log_ignore("Cannot read file")
def test_a_drawing_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    broken = tmp_path / "broken.svg"
    broken.write_text("no drawing")
    monkeypatch.setattr(icons, "drawing", lambda _size: broken)
    with pytest.raises(ValueError, match="no drawing"):
        icons.png(16)


def test_windows_and_macos_get_each_size_as_it_was_drawn(tmp_path: Path):
    with Image.open(icons.write_ico(tmp_path / "some.ico")) as ico:
        assert set(ico.info["sizes"]) == {(size, size) for size in icons.ICO_SIZES}
        small = ico.ico.getimage((16, 16)).convert("RGBA")  # type: ignore[attr-defined]
    assert small.tobytes() == picture(16).tobytes()
    with Image.open(icons.write_icns(tmp_path / "some.icns")) as icns:
        assert max(size[0] * size[2] for size in icns.info["sizes"]) == 1024
