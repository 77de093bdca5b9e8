"""What is damaged is said, what can be read is saved, and the original stays as it is."""

from __future__ import annotations

import os
import random
import time

import pytest

from chatelaine.errors import HistoryDamaged
from chatelaine.store import backup, repair
from chatelaine.store.archive import BackupKind
from chatelaine.store.backup import BackupPlace
from chatelaine.store.engine import connect, connect_to_fill
from chatelaine.store.migrations.upgrade import upgrade
from chatelaine.store.store import ConversationStore
from support.pages import Pages

PAGE = 4096
BRANCHING = 5
"""What a page of a table begins with that has no rows, but leads to other pages."""
FULL = bool(os.environ.get("CHATELAINE_FULL_COUNTS"))
ROUNDS = 60 if FULL else 6


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A history of about 2,000 pages: 40 threads of 25 turns with two messages each."""
    path, key = tmp_path_factory.mktemp("made") / "history.db", bytes(range(32))
    path.touch(0o600)
    connection = connect_to_fill(path, key)
    upgrade(connection, create=True)
    connection.execute("BEGIN")
    turn = 0
    for thread in range(1, 41):
        parent = None
        for _ in range(25):
            turn += 1
            connection.execute(
                "INSERT INTO turn (id, parent, thread, state, agent, model, error_title,"
                " error_message, created) VALUES (?, ?, ?, 'done', 'a', 'm', '', '', ?)",
                (turn, parent, thread, turn),
            )
            parent = turn
            for n, role in enumerate(("user", "assistant")):
                text = f"{role} {turn} " + f"{turn**0.5} " * 190
                data = f'{{"role":"{role}","content":"{text}"}}'
                connection.execute(
                    "INSERT INTO item VALUES (?, 'message', ?, '', ?, 1, ?, ?)",
                    ((turn << 16) + n, role, len(text), turn, data),
                )
        connection.execute(
            "INSERT INTO thread (uid, title, named, preview, head, tip, steps, created, updated)"
            " VALUES (?, ?, 1, '', ?, ?, 0, 1, 1)",
            (f"t{thread}", f"Thread {thread}", parent, parent),
        )
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    connection.close()
    return path.read_bytes()


def items_of(path, key):
    connection = connect(path, key)
    try:
        assert repair.check(connection, path).problems == ()
        return dict(connection.execute("SELECT id, data FROM item").fetchall())
    finally:
        connection.close()


@pytest.fixture
def whole(made, path, key):
    path.parent.mkdir(parents=True)
    path.write_bytes(made)
    return items_of(path, key)


def damage(content, pages, how, chance):
    content = bytearray(content)
    for page in pages:
        start = page * PAGE
        if how == "flip":
            content[start + chance.randrange(PAGE)] ^= 1 << chance.randrange(8)
        else:
            content[start : start + PAGE] = bytes(PAGE)
    return bytes(content)


@pytest.fixture(scope="module")
def pages_made(made, tmp_path_factory):
    """The pages of that history, readable."""
    path = tmp_path_factory.mktemp("pages") / "history.db"
    path.write_bytes(made)
    return Pages(path, bytes(range(32))).of_file


@pytest.fixture(scope="module")
def branching(pages_made):
    """The numbers of the pages that lead to others, counted from 0."""
    return [n for n, page in enumerate(pages_made) if n and page[0] == BRANCHING]


@pytest.fixture(scope="module")
def leaves(pages_made, branching):
    """The numbers of the others, but for those that say which tables there are."""
    schema = {n for n, page in enumerate(pages_made) if b"CREATE " in page}
    return sorted(set(range(1, len(pages_made))) - schema - set(branching))


@pytest.mark.parametrize("how", ["flip", "zero"])
@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_what_can_be_read_is_saved_and_right(whole, made, leaves, path, *, how, seed):
    key = bytes(range(32))
    chance = random.Random(seed)  # noqa: S311 -- not a secret
    pages = chance.sample(leaves, 20)
    hurt = damage(made, pages, how, chance)
    path.write_bytes(hurt)
    connection = connect(path, key, probe=True)
    assert repair.check(connection, path).pages == 20
    connection.close()
    saved = repair.salvage(path, key, path.with_name("saved.db"), salt=made[:16])
    assert path.read_bytes() == hurt
    assert saved.path.read_bytes()[:16] == made[:16]
    found = items_of(saved.path, key)
    assert found.items() <= whole.items()
    assert len(found) >= 0.97 * len(whole)
    async with await ConversationStore.open(saved.path, key) as store:
        shown = [len(await store.turns(each.id)) for each in await store.threads()]
        assert sum(shown) >= 0.97 * 1000


@pytest.mark.parametrize("how", ["flip", "zero"])
def test_a_page_that_leads_to_others_costs_those_and_no_more(whole, made, branching, path, how):
    key = bytes(range(32))
    saved_at_all: set[int] = set()
    for number, page in enumerate(branching):
        path.write_bytes(damage(made, [page], how, random.Random(0)))  # noqa: S311 -- not a secret
        saved = repair.salvage(path, key, path.with_name(f"saved-{number}.db"), salt=made[:16])
        found = items_of(saved.path, key)
        assert found.items() <= whole.items()
        assert saved.lost or len(found) == len(whole), "it is said that something is missing"
        saved_at_all |= set(found)
    assert saved_at_all == set(whole), "each page leads to something else"


@pytest.mark.parametrize("part", [0.25, 0.5, 0.9])
async def test_a_file_that_was_cut_off_gives_what_is_left(whole, made, path, key, part):
    hurt = made[: int(len(made) * part)]
    path.write_bytes(hurt)
    try:
        saved = repair.salvage(path, key, path.with_name("saved.db"))
    except HistoryDamaged:
        pytest.fail("its beginning is whole")
    assert path.read_bytes() == hurt
    found = items_of(saved.path, key)
    assert found.items() <= whole.items()
    assert len(found) > 0.5 * part * len(whole)


def test_a_history_whose_beginning_is_damaged_is_left_alone(made, path, key):
    path.parent.mkdir(parents=True)
    hurt = bytes(PAGE) + made[PAGE:]
    path.write_bytes(hurt)
    with pytest.raises(HistoryDamaged):
        repair.salvage(path, key, path.with_name("saved.db"))
    assert [each.name for each in path.parent.iterdir()] == ["history.db"]
    assert path.read_bytes() == hurt


async def test_what_does_not_belong_together_is_said_and_mended(store):
    thread = await store.create_thread(title="Broken")

    def hurt(connection):
        connection.execute(
            "INSERT INTO turn (id, parent, thread, state, agent, model, error_title,"
            " error_message, created) VALUES (9, 8, ?, 'done', '', '', '', '', 5)",
            (thread.id,),
        )
        connection.execute("UPDATE thread SET head = 77, tip = 77")
        connection.execute(
            "INSERT INTO item VALUES (?, 'message', 'user', '', 2, 1, 1, ?)",
            (50 << 16, '{"role":"user","content":"alone"}'),
        )

    file = store._databases.file
    await file.write(hurt)
    report = await file.apart(lambda c: repair.check(c, file.path))
    assert not report.whole
    assert len(report.problems) == 3
    assert await file.write(repair.mend) == 2
    assert (await file.apart(lambda c: repair.check(c, file.path))).whole
    assert [turn.id for turn in await store.turns(thread.id)] == [8, 9]
    assert [each.title for each in await store.threads()].count("Saved messages") == 1


async def test_a_page_inside_a_text_is_never_read_or_backed_up_as_zeros(made, path, key):
    path.parent.mkdir(parents=True)
    refused = 0
    for page in range(300, 312):
        path.write_bytes(damage(made, [page], "zero", None))
        with pytest.raises(HistoryDamaged):
            backup.make(path, key, BackupPlace(path.parent, bytes), BackupKind.MANUAL)
        async with await ConversationStore.open(path, key) as store:
            for thread in await store.threads():
                try:
                    texts = [item.text for item in await store.items(thread.id)]
                except HistoryDamaged:
                    refused += 1
                else:
                    assert not any("\0" in text for text in texts)
    assert refused == 12
    assert [each.name for each in path.parent.iterdir()] == ["history.db"]


def test_saving_is_quick(made, path, key):
    path.parent.mkdir(parents=True)
    chance = random.Random(1)  # noqa: S311 -- not a secret
    path.write_bytes(damage(made, chance.sample(range(5, len(made) // PAGE), 20), "zero", chance))
    began = time.process_time()
    repair.salvage(path, key, path.with_name("saved.db"))
    assert time.process_time() - began < 20
