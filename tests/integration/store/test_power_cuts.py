"""The power fails while a history is written: what it was told is stored is there."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import HistoryDamaged, HistoryError
from chatelaine.store.engine import connect
from chatelaine.store.migrations import m0001_initial, upgrade
from chatelaine.store.store import ConversationStore
from support import power_cuts
from support.history_checks import check_kept, check_pages, check_whole

CUTS = int(os.environ.get("CHATELAINE_POWER_CUTS", "30"))
"""How often in each test; a number of hundreds takes minutes."""
PROGRAM = Path(__file__).with_name("program.py")
NEW_KEY = bytes(range(50, 82))

pytestmark = [
    pytest.mark.timeout(120 + 2 * CUTS),
    pytest.mark.skipif(
        shutil.which("strace") is None and not os.environ.get("CI"),
        reason="what is written is not recorded",
    ),
]


@pytest.fixture
def cuts(path, tmp_path, monkeypatch):
    """Record a program on the history; then cut it short as often as is wanted."""

    def run(name, after="ready\n"):
        monkeypatch.setenv("PYTHONPATH", str(PROGRAM.parents[3] / "app"))
        before = tmp_path / "before"
        shutil.copytree(path.parent, before)
        events = power_cuts.record([sys.executable, PROGRAM, name, path], path.parent, log)
        return power_cuts.cuts(events, before, tmp_path / "left", number=CUTS, after=after)

    log = tmp_path / "log"
    return run


async def test_what_was_stored_survives_a_power_cut(key, cuts, tmp_path):
    left = tmp_path / "left" / "history.db"
    said = []
    for cut in cuts("tend_awhile"):
        check_pages(left, key)
        await check_kept(left, key, cut.said)
        check_whole(left, key)
        said.append(len(cut.said))
    assert len(said) == CUTS
    assert said[-1] > 100


async def test_what_is_not_synchronised_is_lost_in_a_power_cut(key, cuts, tmp_path):
    """Else the other tests would tell nothing."""
    left = tmp_path / "left" / "history.db"
    failures = 0
    for cut in cuts("tend_carelessly"):
        try:
            check_pages(left, key)
            await check_kept(left, key, cut.said)
        except (AssertionError, HistoryError):
            failures += 1
    assert failures > CUTS / 4


async def test_a_power_cut_while_the_key_is_changed_leaves_one_key(path, key, cuts, tmp_path):
    left = tmp_path / "left" / "history.db"
    async with await ConversationStore.open(path, key) as store:
        (thread,) = await store.threads()
        for number in range(60):
            said = [user_message(f"{number} " * 200), assistant_message(f"on {number} " * 300)]
            await store.post_items(thread.id, said)
        everything = await store.items(thread.id)
    met = set()
    for cut in cuts("change_key"):
        opened = [each for each in (key, NEW_KEY) if opens(left, each)]
        assert len(opened) == 1
        if "changed" in cut.said:
            assert opened == [NEW_KEY]
        check_pages(left, opened[0])
        check_whole(left, opened[0])
        async with await ConversationStore.open(left, opened[0]) as store:
            assert await store.items(thread.id) == everything
        met.add(opened[0])
    assert met == {key, NEW_KEY}, "it was cut off before and after"


def opens(path, key):
    try:
        connect(path, key, probe=True).close()
    except HistoryDamaged:
        return False
    return True


@pytest.fixture
def first_version(path, key):
    """A history as the first version has made it."""
    for file in path.parent.iterdir():
        file.unlink()
    path.touch(mode=0o600)
    connection = connect(path, key)
    connection.execute("BEGIN")
    m0001_initial.migrate(connection)
    connection.execute(
        "INSERT INTO thread (uid, title, named, preview, head, tip, steps, created, updated)"
        " VALUES ('u', 'Old', 1, '', 40, 40, 0, 1, 1)"
    )
    for turn in range(1, 41):
        connection.execute(
            "INSERT INTO turn VALUES (?, ?, 1, 'done', 'A', 'm', '', '', 1)",
            (turn, turn - 1 or None),
        )
        for place, role in enumerate(("user", "assistant")):
            text = f"word{turn} " * 100
            connection.execute(
                "INSERT INTO item VALUES (?, 'message', ?, '', 1, 1, 1, ?)",
                ((turn << 16) + place, role, f'{{"role": "{role}", "content": "{text}"}}'),
            )
    connection.execute(f"PRAGMA application_id = {upgrade.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute("COMMIT")
    connection.close()


async def test_a_power_cut_while_a_history_is_brought_up_leaves_one_that_can_be(
    first_version, key, cuts, tmp_path
):
    left = tmp_path / "left" / "history.db"
    tables = [set(names) for names in tables_of_versions(tmp_path, key)]
    met = set()
    for cut in cuts("bring_up"):
        check_pages(left, key)
        connection = connect(left, key)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        assert names_of(connection) == tables[version - 1]
        connection.close()
        met.add(version)
        if "opened" in cut.said:
            assert version == len(upgrade.MIGRATIONS)
        async with await ConversationStore.open(left, key) as store:
            (thread,) = await store.threads()
            assert len(await store.items(thread.id)) == 80
            found = [hit async for hits in store.search.find("word40") for hit in hits]
            assert len(found) == 2
        check_whole(left, key)
    assert met >= {1, len(upgrade.MIGRATIONS)}


def tables_of_versions(folder, key):
    connection = connect(folder / "compared.db", key)
    for migrate in upgrade.MIGRATIONS:
        migrate(connection)
        yield names_of(connection)
    connection.close()


def names_of(connection):
    rows = connection.execute(
        "SELECT name || ifnull((SELECT group_concat(name) FROM pragma_table_info(m.name)), '')"
        " FROM sqlite_master m WHERE name NOT LIKE 'sqlite%'"
    )
    return {name for (name,) in rows}
