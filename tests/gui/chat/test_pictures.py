from __future__ import annotations

import base64
import struct
import threading
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF
from PySide6.QtGui import QColor, QImage, QImageWriter
from PySide6.QtSvg import QSvgRenderer
from shiboken6 import delete

from chatelaine.gui.chat import picture_decoding
from chatelaine.gui.chat import pictures as module
from chatelaine.gui.chat.blocks.layout import Marked, MarkKind
from chatelaine.gui.chat.blocks.picture import PictureBlock
from chatelaine.gui.chat.blocks.sources import NO_SOURCES, BlockSources, PictureState
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.picture_decoding import (
    DamagedError,
    TooLargeError,
    data_of,
    decode,
    harmless,
)
from chatelaine.gui.chat.pictures import PictureLoader
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import Picture
from gui.chat.painting import colours_in, painted

if TYPE_CHECKING:
    from collections.abc import Iterator

RED = "#cc2211"
REMOTE = "https://pics.example.com/cat.png"


def picture(width: int = 40, height: int = 20, kind: bytes = b"PNG") -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(RED))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(kind)).write(image)
    return bytes(buffer.data().data())


def address(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def svg(inside: str, size: str = 'width="40" height="20"') -> bytes:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f" {size}>{inside}</svg>"
    ).encode()


def png_that_says(width: int, height: int) -> bytes:
    """Make a few bytes that claim to be a huge picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


# ---------------------------------------------------------------------------- decoding


@pytest.mark.parametrize("kind", [b"PNG", b"JPEG", b"BMP"])
def test_pictures_of_the_usual_kinds_are_read(qapp, kind):
    decoded = decode(picture(kind=kind), 500)
    assert (decoded.width, decoded.height) == (40, 20)
    assert decoded.image.size().toTuple() == (40, 20)


def test_a_large_picture_is_read_only_as_large_as_it_is_shown(qapp):
    decoded = decode(picture(2000, 1000), 300)
    assert (decoded.width, decoded.height) == (2000, 1000)
    assert decoded.image.size().toTuple() == (300, 150)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\x89PNG\r\n\x1a\nrest",
        picture()[:60],
        b"%PDF-1.4",
        b"<html/>",
        b"<svg",
    ],
)
def test_what_is_no_picture_is_damaged(qapp, data):
    with pytest.raises(DamagedError):
        decode(data, 300)


def test_a_few_bytes_that_claim_to_be_huge_are_not_believed(qapp):
    with pytest.raises(TooLargeError):
        decode(png_that_says(60_000, 60_000), 300)


def test_too_many_bytes_are_not_looked_at(qapp):
    with pytest.raises(TooLargeError):
        decode(b"\xff\xd8\xff" + bytes(picture_decoding.MOST_BYTES), 300)
    with pytest.raises(TooLargeError):
        data_of("data:," + "x" * (2 * picture_decoding.MOST_BYTES))


def test_addresses_with_data_are_read_in_both_ways(qapp):
    assert data_of(address(b"\x01\x02")) == b"\x01\x02"
    assert data_of("data:image/svg+xml," + quote("<svg/>")) == b"<svg/>"
    for wrong in ("data:image/png;base64", "data:image/png;base64,A"):
        with pytest.raises(DamagedError):
            data_of(wrong)


# ---------------------------------------------------------------------------- drawings


def shown(data: bytes) -> set[str]:
    image = decode(data, 40).image
    return {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }


def test_a_drawing_is_read(qapp):
    assert shown(svg(f'<rect width="40" height="20" fill="{RED}"/>')) == {RED}


def test_a_style_sheet_that_only_gives_colours_is_kept(qapp):
    inside = f'<style>.a {{ fill: {RED} }}</style><rect class="a" width="40" height="20"/>'
    assert shown(svg(inside)) == {RED}


def test_a_drawing_reads_no_file(qapp, tmp_path):
    file = tmp_path / "secret.png"
    file.write_bytes(picture())
    for link in (f"file://{file}", str(file), f"&#102;ile://{file}"):
        for name in ("href", "xlink:href"):
            inside = f'<image {name}="{link}" width="40" height="20"/>'
            data = svg(inside)
            assert b"secret" not in harmless(data)
            assert RED not in shown(data)


def test_a_picture_within_a_drawing_is_shown(qapp):
    inside = f'<image xlink:href="{address(picture())}" width="40" height="20"/>'
    assert RED in shown(svg(inside))


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<rect onclick="alert(1)" width="1" height="1"/>',
        '<style>@import "https://a.example/x.css";</style>',
        "<style>rect { fill: url(https://a.example/x) }</style>",
        '<rect style="fill: url( https://a.example/x#y )" width="1" height="1"/>',
        '<use href="https://a.example/x.svg#a"/>',
        '<image href="https://a.example/x.png" width="1" height="1"/>',
        '<image href="data:image/svg+xml,%3Csvg%3Ealert%3C/svg%3E" width="1" height="1"/>',
        "<foreignObject><iframe src='https://a.example/alert'/></foreignObject>",
        "<animate attributeName='x' values='alert'/>",
    ],
)
def test_what_acts_or_leads_out_of_a_drawing_is_taken_away(qapp, inside):
    cleaned = harmless(svg(inside))
    for word in (b"alert", b"a.example", b"import"):
        assert word not in cleaned
    assert QSvgRenderer().load(cleaned)


def test_a_drawing_that_repeats_itself_without_end_is_refused(qapp):
    levels = "".join(
        f'<g id="g{level}">' + f'<use xlink:href="#g{level - 1}"/>' * 10 + "</g>"
        for level in range(1, 12)
    )
    bomb = f'<g id="g0"><rect width="1" height="1"/></g>{levels}'
    with pytest.raises(DamagedError):
        decode(svg(bomb), 40)
    with pytest.raises(DamagedError):
        decode(svg('<g id="a"><use xlink:href="#a"/></g>'), 40)
    with pytest.raises(DamagedError):
        decode(svg("<g>" * 500 + "</g>" * 500), 40)


def test_entities_are_refused(qapp):
    bomb = b'<!DOCTYPE svg [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>' + svg("&b;")
    with pytest.raises(DamagedError):
        decode(bomb, 40)


def test_a_drawing_that_claims_to_be_huge_is_drawn_small(qapp):
    image = decode(svg("<g/>", 'width="1e9" height="1e7"'), 300).image
    assert image.width() <= 600


# ---------------------------------------------------------------------------- loading


@pytest.fixture
def loader_of(qapp) -> Iterator[Callable[..., PictureLoader]]:
    """What makes a loader that reads files in a certain way."""
    made: list[PictureLoader] = []

    def make(read: module.ReadFile | None = None) -> PictureLoader:
        made.append(PictureLoader(read))
        return made[-1]

    yield make
    for one in made:
        delete(one)


@pytest.fixture
def loader(loader_of: Callable[..., PictureLoader]) -> PictureLoader:
    return loader_of()


def state(loader: PictureLoader, source: str, width: int = 300) -> PictureState:
    return loader.find(source, width).state


def test_a_picture_in_the_text_is_there_some_time_later(loader, qtbot):
    source = address(picture())
    with qtbot.waitSignal(loader.ready):
        assert state(loader, source) is PictureState.LOADING
    assert state(loader, source) is PictureState.SHOWN
    qtbot.waitUntil(lambda: loader.is_idle)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (address(b"nothing"), PictureState.DAMAGED),
        (address(png_that_says(60_000, 60_000)), PictureState.TOO_LARGE),
    ],
)
def test_why_there_is_none_is_told(loader, qtbot, source, wanted):
    with qtbot.waitSignal(loader.ready):
        loader.find(source, 300)
    assert state(loader, source) is wanted


def test_files_of_the_thread_are_asked_for_by_their_names(loader_of, qtbot):
    asked: list[tuple[str, Callable[[bytes | None], None]]] = []
    loader = loader_of(lambda name, then: asked.append((name, then)))
    assert state(loader, "attachment:cat.png") is PictureState.LOADING
    assert state(loader, "attachment:cat.png") is PictureState.LOADING
    ((name, then),) = asked
    assert name == "cat.png"
    with qtbot.waitSignal(loader.ready):
        then(picture())
    assert state(loader, "attachment:cat.png") is PictureState.SHOWN


def test_a_file_that_is_not_there_is_missing(loader_of, qtbot):
    loader = loader_of(lambda name, then: then(None))
    loader.find("cat.png", 300)
    assert state(loader, "cat.png") is PictureState.MISSING
    assert state(loader_of(), "cat.png") is PictureState.MISSING


Asked = list[tuple[str, Callable[[bytes | None], None]]]


def heard_of(loader: PictureLoader) -> Asked:
    """Give a list to which is added what is to be fetched, and who takes it."""
    asked: Asked = []
    loader.load_requested.connect(lambda address, take: asked.append((address, take)))
    return asked


def test_what_lies_elsewhere_is_fetched_only_when_the_user_wants_it(loader_of, qtbot):
    asked: list[str] = []
    loader = loader_of(lambda name, then: asked.append(name))
    wanted = heard_of(loader)
    assert state(loader, REMOTE) is PictureState.REMOTE
    assert (asked, wanted) == ([], [])
    loader.load(REMOTE)
    loader.load(REMOTE)
    ((address, take),) = wanted
    assert (asked, address) == ([], REMOTE)
    assert state(loader, REMOTE) is PictureState.LOADING
    with qtbot.waitSignal(loader.ready):
        take(picture())
    assert state(loader, REMOTE) is PictureState.SHOWN


def test_what_could_not_be_fetched_can_be_tried_again(loader, qtbot):
    wanted = heard_of(loader)
    loader.load(REMOTE)
    wanted[0][1](None)
    assert state(loader, REMOTE) is PictureState.MISSING
    with qtbot.waitSignal(loader.load_requested):
        loader.load(REMOTE)


def fetched(loader: PictureLoader, qtbot, address: str = REMOTE) -> None:
    """Have the user load a picture, and let it come."""
    wanted = heard_of(loader)
    loader.find(address, 300)
    loader.load(address)
    wanted[-1][1](picture())
    qtbot.waitUntil(lambda: state(loader, address) is PictureState.SHOWN)


def test_a_file_of_one_thread_is_not_shown_in_another(loader_of, qtbot):
    asked: Asked = []
    loader = loader_of(lambda name, then: asked.append((name, then)))
    loader.find("cat.png", 300)
    asked[-1][1](picture(40, 20))
    qtbot.waitUntil(lambda: state(loader, "cat.png") is PictureState.SHOWN)
    loader.leave_thread()
    assert state(loader, "cat.png") is PictureState.LOADING
    assert len(asked) == 2, "the file of this thread is another one"
    asked[-1][1](picture(30, 30))
    qtbot.waitUntil(lambda: loader.find("cat.png", 300).width == 30)


def test_what_was_read_for_a_thread_that_was_left_is_not_taken(loader_of, qtbot):
    asked: Asked = []
    loader = loader_of(lambda name, then: asked.append((name, then)))
    loader.find("cat.png", 300)
    loader.leave_thread()
    loader.find("cat.png", 300)
    asked[0][1](picture(40, 20))
    asked[1][1](None)
    qtbot.waitUntil(lambda: loader.is_idle)
    assert state(loader, "cat.png") is PictureState.MISSING


def test_what_is_decoded_as_the_thread_is_left_is_not_taken(loader, qtbot):
    source = address(picture())
    loader.find(source, 300)
    loader.leave_thread()
    qtbot.waitUntil(lambda: loader.is_idle)
    assert loader.look(source) is None


def test_threads_with_the_same_pictures_from_elsewhere_show_what_was_fetched(loader, qtbot):
    fetched(loader, qtbot)
    loader.leave_thread()
    assert state(loader, REMOTE) is PictureState.SHOWN


def test_nothing_is_left_once_the_history_is(loader_of, qtbot):
    asked: Asked = []
    loader = loader_of(lambda name, then: asked.append((name, then)))
    fetched(loader, qtbot)
    loader.find("cat.png", 300)
    loader.find("dog.png", 300)
    asked[0][1](picture())
    loader.load(other := REMOTE + "?other")
    loader.forget()
    qtbot.waitUntil(lambda: loader.is_idle)
    asked[1][1](picture())
    assert [loader.look(name) for name in (REMOTE, other, "cat.png", "dog.png")] == [None] * 4
    assert not loader._held
    assert state(loader, REMOTE) is PictureState.REMOTE, "what was agreed to is forgotten as well"
    qtbot.waitUntil(lambda: loader.is_idle)


def test_a_fetch_of_a_history_that_was_left_is_not_taken_for_the_next_one(loader, qtbot):
    wanted = heard_of(loader)
    loader.load(REMOTE)
    loader.forget()
    loader.load(REMOTE)
    wanted[0][1](picture())
    assert state(loader, REMOTE) is PictureState.LOADING
    assert loader.is_idle


def test_a_picture_that_is_shown_larger_is_read_anew(loader, qtbot):
    source = address(picture(2000, 1000))
    with qtbot.waitSignal(loader.ready):
        loader.find(source, 200)
    small = loader.find(source, 200).image
    assert small is not None
    with qtbot.waitSignal(loader.ready):
        assert loader.find(source, 800).image is small, "the small one is shown meanwhile"
    large = loader.find(source, 800).image
    assert large is not None
    assert large.width() == 800
    loader.find(source, 200)
    qtbot.waitUntil(lambda: loader.is_idle)
    assert loader.find(source, 200).image is large


def test_pictures_are_read_in_another_thread(loader, qtbot, monkeypatch):
    threads: list[int] = []
    real = module._decoded

    def watched(job):
        threads.append(threading.get_ident())
        return real(job)

    monkeypatch.setattr(module, "_decoded", watched)
    with qtbot.waitSignal(loader.ready):
        loader.find(address(picture()), 300)
    assert threads
    assert threading.get_ident() not in threads


def test_only_so_much_is_kept_and_its_size_is_still_known(loader, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_MOST_PICTURES", 3)
    sources = [address(picture(10 + number)) for number in range(6)]
    for source in sources:
        with qtbot.waitSignal(loader.ready):
            loader.find(source, 300)
    there = [loader.look(source) for source in sources]
    assert [load.width for load in there if load] == [10, 11, 12, 13, 14, 15]
    assert [load.image is not None for load in there if load] == [False] * 3 + [True] * 3
    with qtbot.waitSignal(loader.ready):
        assert state(loader, sources[0]) is PictureState.LOADING
    assert state(loader, sources[0]) is PictureState.SHOWN


def test_what_is_seen_is_kept(loader, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_MOST_PICTURES", 2)
    sources = [address(picture(10 + number)) for number in range(4)]
    loader.seen = lambda: sources[:2]
    for source in sources:
        with qtbot.waitSignal(loader.ready):
            loader.find(source, 300)
    there = [loader.look(source) for source in sources]
    assert [load.image is not None for load in there if load] == [True, True, False, False]


def test_an_address_that_holds_a_picture_is_not_kept_for_it(loader, qtbot):
    large, other = (address(picture() + bytes([number]) * 30_000) for number in (1, 2))
    for source in (large, other):
        with qtbot.waitSignal(loader.ready):
            loader.find(source, 300)
    assert [state(loader, source) for source in (large, other)] == [PictureState.SHOWN] * 2
    assert all(len(key) < 100 for key in (*loader._entries, *loader._held))
    assert loader.find(str(large), 300).image is not None


def test_the_bytes_of_pictures_go_before_the_pictures(loader_of, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_MOST_MEMORY", 100_000)
    loader = loader_of(lambda name, then: then(picture() + bytes(90_000)))
    for name in ("a.png", "b.png"):
        loader.find(name, 300)
        qtbot.waitUntil(lambda: loader.is_idle)
    assert [state(loader, name) for name in ("a.png", "b.png")] == [PictureState.SHOWN] * 2
    assert loader._held["a.png"].data is None
    assert loader._held["b.png"].data is not None


def test_only_a_few_files_are_read_at_the_same_time(loader_of, qtbot):
    asked: Asked = []
    loader = loader_of(lambda name, then: asked.append((name, then)))
    names = [f"{number}.png" for number in range(9)]
    for name in names:
        loader.find(name, 300)
    assert len(asked) == module._AT_ONCE
    done = 0
    while done < len(names):
        asked[done][1](None if done % 2 else picture())
        done += 1
        qtbot.waitUntil(lambda: loader.is_idle)
        assert len(asked) == min(module._AT_ONCE + done, len(names))
    assert {name for name, _ in asked} == set(names)


def test_what_the_user_has_agreed_to_is_fetched_again(loader, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_MOST_PICTURES", 1)
    wanted = heard_of(loader)
    fetched(loader, qtbot)
    fetched(loader, qtbot, other := REMOTE + "?other")
    assert state(loader, REMOTE) is PictureState.LOADING
    assert [address for address, _ in wanted] == [REMOTE, other, REMOTE]
    with qtbot.waitSignal(loader.ready):
        wanted[-1][1](picture())
    assert state(loader, REMOTE) is PictureState.SHOWN


# ---------------------------------------------------------------------------- the block


def picture_block(source: str, loader: PictureLoader | None, width: float = 400) -> PictureBlock:
    style = block_style(palette.light(), 1.0)
    sources = BlockSources(pictures=loader) if loader else NO_SOURCES
    made = PictureBlock(Picture(source, "a cat", "Its title"), style, sources)
    made.set_width(width)
    return made


def test_a_picture_takes_its_place_when_it_is_there(dressed, loader, qtbot):
    with qtbot.waitSignal(loader.ready):
        block = picture_block(address(picture(800, 400)), loader)
        before = block.height
    assert block.refresh()
    assert block.height == 200 != before
    assert RED in colours_in(painted(block), block.rects(0, 1)[0])
    assert not block.refresh()


def test_a_small_picture_is_not_made_larger(dressed, loader, qtbot):
    with qtbot.waitSignal(loader.ready):
        block = picture_block(address(picture()), loader)
    block.refresh()
    assert (block.natural_width, block.height) == (40, 20)


def test_a_very_high_picture_fits_into_the_window(dressed, loader, qtbot):
    with qtbot.waitSignal(loader.ready):
        block = picture_block(address(picture(100, 4000)), loader)
    block.refresh()
    assert block.height <= 480


def test_a_picture_elsewhere_offers_to_be_loaded(dressed, loader):
    for width in (900, 400, 240, 130):
        block = picture_block(REMOTE, loader, width)
        (control,) = block.controls()
        assert control.name == "load"
        assert control.words == "Load picture from pics.example.com"
        assert control.rect.right() <= block.natural_width
        assert control.rect.bottom() <= block.height
        painted(block)
        assert block.hint_at(QPointF(5, 5)) == REMOTE


def test_nothing_is_offered_where_nothing_can_be_done(dressed, loader, qtbot):
    with qtbot.waitSignal(loader.ready):
        block = picture_block(address(b"nothing"), loader)
    block.refresh()
    assert block.controls() == []
    assert block._words() == ("a cat", "This picture is damaged")


def test_a_failed_picture_elsewhere_can_be_tried_again(dressed, loader):
    wanted = heard_of(loader)
    block = picture_block(REMOTE, loader)
    loader.load(REMOTE)
    wanted[0][1](None)
    block.refresh()
    (control,) = block.controls()
    assert control.name == "load"


def test_a_picture_is_its_description_to_whoever_reads(dressed):
    block = picture_block(REMOTE, None)
    assert block.text == "Image: a cat"
    assert block.selected_text(0, block.length) == "Image: a cat"
    assert block.word_at(3) == (0, block.length)


def test_a_selected_picture_is_veiled(dressed, loader, qtbot):
    with qtbot.waitSignal(loader.ready):
        block = picture_block(address(picture(200, 100)), loader)
    block.refresh()
    marked = painted(block, [Marked(0, block.length, MarkKind.SELECTION)])
    assert RED not in colours_in(marked, block.rects(0, 1)[0])
    assert marked != painted(block)
