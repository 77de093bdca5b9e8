"""The pictures of threads whose files have the same names, in a history on the disk."""

from __future__ import annotations

import secrets
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF
from PySide6.QtGui import QColor, QImage, QImageWriter

from chatelaine.agents.agent import Agent
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.testing import ScriptedModel
from chatelaine.chat.assistant import Assistant
from chatelaine.chat.conversation import Conversation
from chatelaine.gui.chat.blocks.picture import PictureBlock
from chatelaine.gui.chat.blocks.sources import PictureState
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.workspace_page import WorkspacePage
from chatelaine.store.store import ConversationStore
from support.until import until

if TYPE_CHECKING:
    from chatelaine.store.records import Thread
    from chatelaine.workspace import Workspace

RED, BLUE = "#cc2211", "#1122cc"


def png(ink: str) -> bytes:
    image = QImage(80, 60, QImage.Format.Format_RGB32)
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
async def page(store, dressed):
    problems: list[BaseException] = []
    scope = TaskScope(problems.append)

    class Cast:
        async def current(self):
            return Assistant(Agent("Tester", model=ScriptedModel([["One"]])), "scripted")

    made = WorkspacePage(scope)
    made.frame.resize(900, 600)
    made.frame.show()
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


async def thread_with(store: ConversationStore, ink: str) -> Thread:
    """Make a thread with a picture of a colour; its name is the same in each."""
    thread = await store.create_thread()
    turn = await store.begin_turn(thread.id, [user_message("Show it")])
    answer: list[Any] = [assistant_message("![a picture](image.png)")]
    await store.extend_turn(turn.id, answer, ended=True)
    await store.attachments.add(turn.id << 16, "image.png", "image/png", png(ink))
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
