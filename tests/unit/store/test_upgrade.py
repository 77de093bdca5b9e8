from __future__ import annotations

import pytest

from chatelaine.store.engine import connect
from chatelaine.store.migrations import m0001_initial, upgrade


@pytest.fixture
def connection(tmp_path, key):
    connection = connect(tmp_path / "x.db", key)
    yield connection
    connection.close()


def version(connection):
    return connection.execute("PRAGMA user_version").fetchone()[0]


def tables(connection):
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def test_a_new_history_is_brought_to_the_present(connection):
    upgrade.upgrade(connection, create=True)
    assert version(connection) == len(upgrade.MIGRATIONS)
    assert connection.execute("PRAGMA application_id").fetchone() == (upgrade.APPLICATION_ID,)
    assert tables(connection) == [
        "attachment",
        "blob",
        "blob_part",
        "credential",
        "deleted_turn",
        "draft",
        "folder",
        "item",
        "message_index",
        "message_index_config",
        "message_index_data",
        "message_index_docsize",
        "message_index_idx",
        "pin",
        "setting",
        "step",
        "thread",
        "turn",
        "usage",
    ]
    upgrade.upgrade(connection)


def test_all_tables_are_strict(connection):
    upgrade.upgrade(connection, create=True)
    rows = connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
    loose = {name for name, strict in rows if not strict}
    assert {name for name in loose if not name.startswith(("sqlite_", "message_index"))} == set()


def test_a_step_that_fails_leaves_the_steps_before_it(connection, monkeypatch):
    class PowerCut(Exception):
        pass

    def second(connection):
        connection.execute("CREATE TABLE second (x)")

    def third(connection):
        connection.execute("CREATE TABLE third (x)")
        raise PowerCut

    monkeypatch.setattr(upgrade, "MIGRATIONS", (m0001_initial.migrate, second, third))
    with pytest.raises(PowerCut):
        upgrade.upgrade(connection, create=True)
    assert version(connection) == 2
    assert "second" in tables(connection)
    assert "third" not in tables(connection)
    monkeypatch.setattr(upgrade, "MIGRATIONS", (m0001_initial.migrate, second, lambda _: None))
    upgrade.upgrade(connection)
    assert version(connection) == 3
