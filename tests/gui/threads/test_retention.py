"""What has had its time is deleted for good, and said once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest

from chatelaine.gui.retention import Retention
from chatelaine.gui.settings.privacy_page import PrivacyPage
from chatelaine.gui.tasks import TaskScope
from chatelaine.settings.schema import TRASH_DAYS, Settings
from chatelaine.store import threads as rows
from chatelaine.store.store import ConversationStore
from support.until import until


class Holder:
    """As much of a workspace as is needed here."""

    def __init__(self, store: ConversationStore) -> None:
        self.store = store


@pytest.fixture
async def store(tmp_path):
    key = secrets.token_bytes(32)
    async with await ConversationStore.open(tmp_path / "history.db", key, create=True) as store:
        yield store


@pytest.fixture
async def retention(store):
    errors: list[BaseException] = []
    scope = TaskScope(errors.append)
    retention = Retention(scope)
    retention.start(cast("Any", Holder(store)))
    yield retention
    retention.stop()
    await scope.close()
    assert not errors


async def test_what_is_in_the_trash_for_too_long_goes_and_the_rest_stays(
    store, retention, monkeypatch
):
    told: list[int] = []
    retention.deleted_first.connect(told.append)
    old, young, kept = [await store.create_thread(title=name) for name in ("old", "young", "kept")]
    moment = rows.now()
    monkeypatch.setattr(rows, "now", lambda: moment - 31 * 86_400_000_000)
    await store.trash_thread(old.id)
    monkeypatch.setattr(rows, "now", lambda: moment)
    await store.trash_thread(young.id)
    retention.keep_trash(0)
    retention.look()
    retention.keep_trash(30)
    retention.look()
    await until(lambda: told)
    assert told == [1]
    assert [thread.id for thread in await store.threads(trashed=True)] == [young.id]
    assert [thread.id for thread in await store.threads()] == [kept.id]


async def test_it_is_said_only_the_first_time(store, retention):
    told: list[int] = []
    retention.deleted_first.connect(told.append)
    gone: list[int] = []
    store.subscribe(lambda change: gone.extend(change.removed))
    for _ in range(2):
        thread = await store.create_thread(title="short-lived")
        await store.set_lifetime(thread.id, timedelta(microseconds=1))
        retention.look()
        await until(partial(gone.__contains__, thread.id))
    await until(lambda: told)
    assert told == [1]


@pytest.mark.parametrize("days", TRASH_DAYS)
def test_every_choice_of_the_settings_is_shown_and_given_back(qtbot, days):
    page = PrivacyPage()
    qtbot.addWidget(page)
    page.load(Settings(trash_days=days))
    assert page.trash_days() == days
