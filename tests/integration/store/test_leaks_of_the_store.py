"""Whatever the engine puts on the disk and wherever it is cut off: none of it can be read."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chatelaine.store.engine import connect
from chatelaine.store.store import ConversationStore
from support import power_cuts
from support.markers import found_in

EVERYTHING = bool(os.environ.get("CHATELAINE_LEAKS"))
"""Whether each way to keep a journal is tried with each end; else only the product's own is."""
PROGRAM = Path(__file__).with_name("marked_program.py")
JOURNALS = ("wal", "delete", "truncate", "persist", "memory")
ENDS = ("closed", "in the middle", "before the commit", "after the commit", "after a vacuum")
CASES = [
    (journal, end)
    for journal in JOURNALS
    for end in ENDS
    if EVERYTHING or journal == "wal" or (journal, end) == ("delete", "in the middle")
]
KEY = bytes(range(32))
WORDS = ["Quagmire", "Zeppelin", "quagmire", "CREATE TABLE", "message_index", "sqlite_master"]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def environment(home):
    app = str(PROGRAM.parents[3] / "app")
    return os.environ | {"PYTHONPATH": app, "PYTHONDONTWRITEBYTECODE": "1"}


def command(path, end="closed", umask=0o022, **pragmas):
    wanted = {"path": str(path), "end": end, "umask": umask, "pragmas": pragmas}
    return [sys.executable, str(PROGRAM), json.dumps(wanted)]


@pytest.mark.parametrize(("journal", "end"), CASES)
def test_nothing_readable_is_left_however_it_ends(environment, tmp_path, journal, end):
    path = tmp_path / "data" / "history.db"
    program = command(path, end, journal_mode=journal, cache_size="20")
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == (0 if end == "closed" else -9)
    assert path.stat().st_size > 100_000
    assert found_in(tmp_path, WORDS, [KEY]) == []
    assert [file for file in tmp_path.rglob("*") if "etilqs" in file.name] == []
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_nobody_else_may_read_any_file(environment, tmp_path, umask):
    path = tmp_path / "data" / "history.db"
    subprocess.run(command(path, "after the commit", umask), env=environment, check=False)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("history.db", "history.db-wal", "history.db-shm"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.fixture
def files_written(environment, tmp_path, monkeypatch):
    """Give the names of all files that the program makes or writes, wherever they are."""

    if shutil.which("strace") is None and not os.environ.get("CI"):
        pytest.skip("what is written is not recorded")

    def written(path, **pragmas):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        events = power_cuts.record(command(path, **pragmas), Path("/"), tmp_path / "log")
        return {event.path for event in events if event.what is not power_cuts.What.SAID}

    return written


def test_no_temporary_file_is_made(files_written, tmp_path):
    path = tmp_path / "data" / "history.db"
    folder = str(path.parent.relative_to("/"))
    written = files_written(path, cache_size="20")
    assert any(name.endswith("history.db-wal") for name in written)
    elsewhere = {name for name in written if not name.startswith((folder, "dev/", "proc/"))}
    assert elsewhere == set()


def test_a_temporary_file_would_be_seen(files_written, tmp_path):
    written = files_written(tmp_path / "x" / "history.db", cache_size="20", temp_store="file")
    assert [name for name in written if "etilqs" in name]


async def test_all_that_is_temporary_stays_in_memory(path, key):
    store = await ConversationStore.open(path, key)
    passing = await store.create_thread(temporary=True)
    [hit async for hit in store.search.find("x")]
    databases = store._databases
    searcher = databases.file._searcher
    assert searcher is not None
    for connection in (
        databases.file._writer,
        databases.file._reader,
        searcher,
        databases.of(passing.id)._writer,
    ):
        (kept,) = await connection.post(lambda c: c.execute("PRAGMA temp_store").fetchone())
        assert kept in {0, 2}
    await store.aclose()
    bare = connect(path, key)
    (options,) = bare.execute(
        "SELECT group_concat(compile_options) FROM pragma_compile_options"
    ).fetchone()
    bare.close()
    assert "TEMP_STORE=2" in options or "TEMP_STORE=3" in options
