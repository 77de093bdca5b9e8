"""Long work says how far it is, and what is stopped leaves nothing behind, wherever it is."""

from __future__ import annotations

import pytest
from typing_extensions import override

from chatelaine.agents.items import user_message
from chatelaine.errors import HistoryInterrupted
from chatelaine.store import backup, progress
from chatelaine.store.archive import BackupKind
from chatelaine.store.backup import BackupPlace
from chatelaine.store.engine import connect
from chatelaine.store.progress import Progress, Reached, Stage
from chatelaine.store.records import TurnState
from support.stopping import StopsAt, Watching


@pytest.fixture
async def full(store, monkeypatch):
    """A history of some hundred pages, of which a few are copied at once."""
    monkeypatch.setattr(backup, "PAGES", 8)
    for number in range(10):
        thread = await store.create_thread(title=f"Thread {number}")
        for _ in range(10):
            turn = await store.begin_turn(thread.id, [user_message(f"word{number} " * 800)])
            await store.end_turn(turn.id, TurnState.DONE)
    return store


@pytest.fixture
def keys():
    return []


@pytest.fixture
def place(path, keys):
    def seal(key):
        keys.append(key)
        return b"{}"

    return BackupPlace(backup.folder_of(path), seal)


def there(path):
    files = path.parent.rglob("*")
    return {each for each in files if not each.name.endswith(("-wal", "-shm"))}


def test_what_was_stopped_goes_no_further():
    watched = Progress()
    watched.begin(Stage.COPYING, 3)
    watched.advance(2)
    assert watched.reached == Reached(Stage.COPYING, 2, 3)
    watched.stop()
    with pytest.raises(HistoryInterrupted):
        watched.advance()
    assert watched.stopped


async def test_a_backup_tells_each_page_and_byte(full, place):
    news = []
    await full.back_up(
        place, BackupKind.MANUAL, progress=Watching(lambda *reached: news.append(reached))
    )
    pages = [(done, total) for stage, done, total in news if stage is Stage.COPYING and total]
    assert len(pages) > 10
    assert pages == sorted(pages)
    assert pages[-1][0] == pages[-1][1] == pages[0][1]
    for stage in (Stage.WRITING, Stage.UNPACKING):
        ends = [(done, total) for each, done, total in news if each is stage]
        assert ends[0][0] == 0
        assert ends[-1][0] == ends[-1][1] > 0
    assert any(stage is Stage.CHECKING for stage, _, _ in news)


STAGES = [
    (Stage.COPYING, 0),
    (Stage.COPYING, 20),
    (Stage.WRITING, 0),
    (Stage.WRITING, 1),
    (Stage.UNPACKING, 1),
    (Stage.CHECKING, 0),
    (Stage.ARRANGING, 0),
]


@pytest.mark.parametrize(("stage", "done"), STAGES)
async def test_a_backup_that_is_stopped_leaves_the_ones_before_and_nothing_else(
    full, place, path, stage, done
):
    await full.back_up(place, BackupKind.MANUAL)
    before = there(path)
    with pytest.raises(HistoryInterrupted):
        await full.back_up(place, BackupKind.MANUAL, progress=StopsAt(stage, done))
    assert there(path) == before
    await full.back_up(place, BackupKind.MANUAL)  # nothing is held or locked


async def test_a_backup_in_steps_is_of_one_moment(full, place, path, keys):
    written = 0

    def write(stage, done, total):
        nonlocal written
        if stage is Stage.COPYING and 0 < done < total and written < 5:
            written += 1
            connection = connect(path, full._databases.file.key)
            connection.execute("UPDATE thread SET title = 'Later'")
            connection.close()

    made = await full.back_up(place, BackupKind.MANUAL, progress=Watching(write))
    assert written == 5
    assert made.manifest.counts.threads == 10
    assert {each.title for each in await full.threads()} == {"Later"}
    await full.purge_threads([each.id for each in await full.threads()])
    await full.merge(made.path, keys[0])
    assert {each.title for each in await full.threads()} == {f"Thread {n}" for n in range(10)}


@pytest.mark.parametrize(
    "moment",
    [(Stage.UNPACKING, 1), (Stage.CHECKING, 0), (Stage.COMPARING, 3), (Stage.ADDING, 5)],
)
async def test_a_merge_that_is_stopped_adds_nothing(full, place, path, keys, moment):
    made = await full.back_up(place, BackupKind.MANUAL)
    await full.purge_threads([each.id for each in await full.threads()])
    kept = await full.create_thread(title="Kept")
    before = there(path)
    with pytest.raises(HistoryInterrupted):
        await full.merge(made.path, keys[0], StopsAt(*moment))
    assert there(path) == before
    assert [each.id for each in await full.threads()] == [kept.id]
    assert (await full.check()).whole
    assert len((await full.merge(made.path, keys[0])).added) == 10


@pytest.mark.parametrize("stage", [Stage.UNPACKING, Stage.CHECKING, Stage.COPYING])
async def test_a_replacement_that_is_stopped_is_gone(full, place, path, keys, stage):
    made = await full.back_up(place, BackupKind.MANUAL)
    before = there(path)
    with pytest.raises(HistoryInterrupted):
        await full.prepare_replacement(made.path, keys[0], {}, StopsAt(stage))
    assert there(path) == before


async def test_a_check_is_stopped_within_a_statement(full, monkeypatch):
    monkeypatch.setattr(progress, "_INSTRUCTIONS", 10)

    class StopsInside(Progress):
        """Is stopped once the engine works, where nothing else would notice."""

        @override
        def begin(self, stage, total=0):
            super().begin(stage, total)
            self.stop()

    with pytest.raises(HistoryInterrupted):
        await full.check(StopsInside())
    assert (await full.check()).whole
