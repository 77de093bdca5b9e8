"""A message that is sent while no thread is open yet goes to the one that opens, or comes back."""

from __future__ import annotations

import secrets
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.testing import Gate, ScriptedModel
from chatelaine.chat.assistant import Assistant
from chatelaine.chat.conversation import Conversation
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.workspace_page import WorkspacePage
from chatelaine.store.store import ConversationStore
from support.until import until

if TYPE_CHECKING:
    from chatelaine.workspace import Workspace


@pytest.fixture
async def scope():
    problems: list[BaseException] = []
    scope = TaskScope(problems.append)
    yield scope
    await scope.close()
    assert problems == []


@pytest.fixture
async def store(tmp_path):
    path, key = tmp_path / "history.db", secrets.token_bytes(32)
    async with await ConversationStore.open(path, key, create=True) as store:
        yield store


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
async def page(store, scope, gate, dressed):
    """A page of which each thread has a model that says one word and then waits."""

    class Cast:
        agent = Agent("Tester", model=ScriptedModel([["One ", gate, "two"]]))

        async def current(self):
            return Assistant(self.agent, "scripted")

    made = WorkspacePage(scope)
    made._workspace = cast(
        "Workspace",
        SimpleNamespace(
            store=store, conversation=lambda thread: Conversation(store, thread, Cast())
        ),
    )
    made.writing.attach(store)
    await made.place.attach(store)
    made.writing._timer.setInterval(0)
    yield made
    made.detach()
    made.frame.deleteLater()


async def idle(page, gate):
    """Wait until nothing is being done: Qt's events go on between a test and its end."""
    gate.open()
    await page.stop_all()
    await until(lambda: not page._scope._tasks and not page.writing._timer.isActive())


def say(page, text):
    page.composer.set_text("")
    page._submit(text)


async def test_it_is_sent_in_the_thread_that_opens(page, store, gate):
    thread = await store.create_thread()
    say(page, "Hello")
    gate.open()
    await page._open(thread)
    await until(lambda: not page.running and len(page.timeline.rows) == 2)
    assert [row.text for row in page.timeline.rows] == ["Hello", "One two"]
    assert page.composer.text() == ""
    await idle(page, gate)


async def test_where_a_turn_runs_it_stands_in_the_composer_again(page, store, gate):
    thread = await store.create_thread()
    await page._open(thread)
    say(page, "Hello")
    await until(lambda: len(page.timeline.rows) == 2)
    page._leave()
    say(page, "And this")
    page.composer.set_text("typed since")
    await page._open(thread)
    assert page.running
    assert "And this" in page.composer.text()
    assert "typed since" in page.composer.text()
    await idle(page, gate)


async def test_in_the_trash_nothing_is_said(page, store, gate):
    thread = await store.create_thread()
    await store.trash_thread(thread.id)
    say(page, "Hello")
    await page._open(await store.thread(thread.id))
    assert page.composer.text() == "Hello"
    assert not page.running
    await idle(page, gate)
