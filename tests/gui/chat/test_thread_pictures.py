"""The pictures of threads whose files have the same names, in a history on the disk."""

from __future__ import annotations

import secrets
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage, QImageWriter
from PySide6.QtTest import QTest

from chatelaine.agents.agent import Agent
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.testing import ScriptedModel
from chatelaine.chat.assistant import Assistant
from chatelaine.chat.conversation import Conversation
from chatelaine.errors import ExportFailed
from chatelaine.gui.chat.blocks.picture import PictureBlock
from chatelaine.gui.chat.blocks.sources import PictureState
from chatelaine.gui.chat.picture_dialog import PictureDialog
from chatelaine.gui.leaving import close_dialogs
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.widgets.file_dialog import FileDialog
from chatelaine.gui.workspace_page import WorkspacePage
from chatelaine.store.store import ConversationStore
from support.timeline_driver import TimelineDriver, choose, heard, names
from support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from chatelaine.store.records import Thread
    from chatelaine.workspace import Workspace

RED, BLUE = "#cc2211", "#1122cc"


def png(ink: str, width: int = 80, height: int = 60) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(ink))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(buffer.data().data())


@pytest.fixture
async def store(tmp_path):
    path, key = tmp_path / "history.db", secrets.token_bytes(32)
    async with await ConversationStore.open(path, key, create=True) as store:
        yield store


@pytest.fixture
def problems() -> list[BaseException]:
    return []


@pytest.fixture
async def page(store, dressed, problems):
    scope = TaskScope(problems.append)

    class Cast:
        async def current(self):
            return Assistant(Agent("Tester", model=ScriptedModel([["One"]])), "scripted")

    made = WorkspacePage(scope)
    made.frame.resize(900, 600)
    made.frame.show()
    made.frame.activateWindow()
    made._workspace = cast(
        "Workspace",
        SimpleNamespace(
            store=store, conversation=lambda thread: Conversation(store, thread, Cast())
        ),
    )
    made.writing.attach(store)
    await made.place.attach(store)
    yield made
    made.detach()
    await scope.close()
    made.frame.deleteLater()
    assert problems == []


async def thread_with(
    store: ConversationStore, ink: str, width: int = 80, height: int = 60
) -> Thread:
    """Make a thread with a picture of a colour; its name is the same in each."""
    thread = await store.create_thread()
    turn = await store.begin_turn(thread.id, [user_message("Show it")])
    answer: list[Any] = [assistant_message("![a picture](image.png)")]
    await store.extend_turn(turn.id, answer, ended=True)
    await store.attachments.add(turn.id << 16, "image.png", "image/png", png(ink, width, height))
    return thread


def shown(page: WorkspacePage) -> str:
    """Give the colour in the middle of the picture; what stands there instead, where it is none."""
    timeline = page.timeline
    if len(timeline.rows) != 2 or not timeline.is_settled:
        return "nothing"
    part = timeline.laid_out.layout(1).parts[0]
    block = part.document.layout(0)
    assert isinstance(block, PictureBlock)
    if block._load.state is not PictureState.SHOWN:
        return str(block._load.state.value)
    point = timeline.origin(1) + part.origin + part.document.origin(0) + QPointF(40, 30)
    image = timeline.viewport().grab().toImage()
    return image.pixelColor(point.toPoint()).name()


async def test_each_thread_shows_its_own_file(page, store):
    threads = {ink: await thread_with(store, ink) for ink in (RED, BLUE)}
    for ink in (RED, BLUE, RED):
        page._open_by_id(threads[ink].id)
        await until(partial(page._is_open, threads[ink].id))
        await until(lambda: shown(page) not in {"nothing", "loading"})
        assert shown(page) == ink


async def test_a_history_that_is_left_leaves_no_picture(page, store):
    page._open_by_id((await thread_with(store, RED)).id)
    await until(lambda: shown(page) == RED)
    loader = page.timeline.pictures
    assert loader._entries
    page.detach()
    await page._scope.end_all()
    page.forget()
    assert not loader._entries
    assert not loader._held


# ---------------------------------------------------------------------------- what is done with it


@pytest.fixture
async def user(page, store, qtbot):
    """Somebody who looks at a large picture."""
    page._open_by_id((await thread_with(store, RED, 2400, 1600)).id)
    await until(lambda: shown(page) == RED)
    return TimelineDriver(page.timeline, qtbot)


async def outside(act: Callable[[], object]) -> None:
    """Do something as the user does it: from the loop, and not within a coroutine."""
    done: list[object] = []
    QTimer.singleShot(0, lambda: done.append(act()))
    await until(lambda: list(done))


def dialog(page: WorkspacePage) -> PictureDialog | None:
    found = page.frame.window().findChildren(PictureDialog)
    return next((one for one in found if one.isVisible()), None)


def menu_at_picture(page: WorkspacePage, user: TimelineDriver) -> QMenu:
    rect = user.control_rect(1, "open")
    return page.timeline.menu.make(1, rect.center())


@pytest.mark.parametrize("way", ["click", "key", "menu", "key menu"])
async def test_a_picture_is_opened_large_and_closed_again(page, user, way):
    if way == "click":
        await outside(lambda: user.press(1, "open"))
    elif way == "menu":
        await outside(lambda: choose(menu_at_picture(page, user), "Open picture"))
    else:
        page.timeline.keys.go_to(1, user.control(1, "open").key)
        if way == "key":
            await outside(lambda: user.key(Qt.Key.Key_Return))
        else:
            menu = page.timeline.menu.make(1, page.timeline.keys.menu_point())
            await outside(lambda: choose(menu, "Open picture"))
    await until(lambda: dialog(page) is not None)
    opened = dialog(page)
    assert opened is not None
    assert opened.picture.accessibleName() == opened.windowTitle() == "a picture"
    room = opened.screen().availableSize()
    assert opened.width() <= room.width()
    assert opened.height() <= room.height()
    assert opened.picture.shown.width() / opened.picture.shown.height() == pytest.approx(
        1.5, abs=0.01
    )
    await until(lambda: opened.picture.pixmap().width() == opened.wanted_width)
    assert opened.picture.pixmap().width() > 591, "it was read anew, and is larger"
    middle = opened.grab().toImage().pixelColor(opened.rect().center())
    assert middle.name() == RED
    QTest.keyClick(opened, Qt.Key.Key_Escape)
    await until(lambda: dialog(page) is None)
    await until(lambda: not page.frame.window().findChildren(PictureDialog))


async def test_a_click_closes_it_but_not_the_second_of_two(page, user, qapp):
    before = qapp.doubleClickInterval()
    try:
        await outside(lambda: user.press(1, "open"))
        await until(lambda: dialog(page) is not None)
        opened = dialog(page)
        assert opened is not None
        qapp.setDoubleClickInterval(1_000_000)
        QTest.mouseClick(opened.picture, Qt.MouseButton.LeftButton)
        assert opened.isVisible()
        qapp.setDoubleClickInterval(0)
        QTest.mouseClick(opened.picture, Qt.MouseButton.RightButton)
        assert opened.isVisible()
        QTest.mouseClick(opened.picture, Qt.MouseButton.LeftButton)
        assert not opened.isVisible()
    finally:
        qapp.setDoubleClickInterval(before)


async def test_it_closes_with_the_history(page, user):
    await outside(lambda: user.press(1, "open"))
    await until(lambda: dialog(page) is not None)
    close_dialogs(page.frame.window())
    await until(lambda: not page.frame.window().findChildren(PictureDialog))


async def test_a_selection_can_begin_on_a_picture(page, user):
    rect = user.control_rect(1, "open")
    user.drag(rect.center().toPoint() - QPoint(50, 0), rect.center().toPoint() + QPoint(50, 0))
    assert user.selected() == "Image: a picture"
    assert dialog(page) is None


async def test_a_picture_is_copied_as_large_as_it_is(page, user):
    told = heard(page.timeline.copied)
    await outside(lambda: choose(menu_at_picture(page, user), "Copy picture"))
    await until(lambda: told)
    copied = QGuiApplication.clipboard().image()
    assert copied.size().toTuple() == (2400, 1600)
    assert copied.pixelColor(5, 5).name() == RED


async def test_what_was_copied_later_is_not_replaced(page, user):
    await outside(lambda: choose(menu_at_picture(page, user), "Copy picture"))
    await outside(lambda: choose(page.timeline.menu.make(0, None), "Copy message"))
    await until(lambda: not page._scope._tasks)
    assert QGuiApplication.clipboard().text() == "Show it"


async def where_to(page: WorkspacePage, user: TimelineDriver) -> FileDialog:
    """Choose to save the picture; give the dialog that asks where to."""
    await outside(lambda: choose(menu_at_picture(page, user), "Save picture as…"))
    window = page.frame.window()
    await until(lambda: window.findChildren(FileDialog))
    (asked,) = window.findChildren(FileDialog)
    assert isinstance(asked, FileDialog)
    return asked


async def test_a_picture_is_saved_as_it_was_stored(page, user, tmp_path):
    asked = await where_to(page, user)
    assert [name.rpartition("/")[2] for name in asked.selectedFiles()] == ["image.png"]
    target = tmp_path / "mine.png"
    asked.fileSelected.emit(str(target))
    asked.reject()
    await until(page.toast.isVisible)
    assert target.read_bytes() == png(RED, 2400, 1600)
    page.toast.hide()


async def test_it_is_said_why_a_picture_cannot_be_saved(page, user, tmp_path, problems):
    asked = await where_to(page, user)
    asked.fileSelected.emit(str(tmp_path / "nowhere" / "mine.png"))
    asked.reject()
    await until(lambda: list(problems))
    (problem,) = problems
    problems.clear()
    assert isinstance(problem, ExportFailed)
    assert problem.title == "The picture could not be saved"
    assert problem.message.startswith("“mine.png” could not be written: No such file")


async def test_a_picture_that_is_gone_says_so(page, user, monkeypatch, problems):
    loader = page.timeline.pictures
    monkeypatch.setattr(loader, "fetch", lambda source, take: take(None))
    await outside(lambda: choose(menu_at_picture(page, user), "Copy picture"))
    await outside(lambda: user.press(1, "open"))
    await until(lambda: len(problems) == 2)
    titles = {problem.title for problem in problems}
    problems.clear()
    assert titles == {"The picture is no longer there"}
    assert dialog(page) is None


async def test_what_is_no_shown_picture_has_none_of_this(page, store, user):
    menu = page.timeline.menu.make(0, user.row_rect(0).center().toPointF())
    assert not {"Open picture", "Copy picture", "Save picture as…"} & set(names(menu))
