"""Which files belong to a history, and what their first bytes tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatelaine.errors import HistoryError, HistoryMissing
from chatelaine.vault.files import HistoryFiles, is_free, next_history_beside

if TYPE_CHECKING:
    from pathlib import Path


def test_the_files_of_a_history_lie_beside_each_other(tmp_path: Path):
    files = HistoryFiles.beside(tmp_path / "history.db")
    assert files.keys == tmp_path / "history.keys.json"
    assert files.lock == tmp_path / "history.lock"
    assert files.journals == (tmp_path / "history.db-wal", tmp_path / "history.db-journal")


def test_two_names_of_one_history_have_one_lock(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere" / "history.db")
    assert HistoryFiles.beside(link) == HistoryFiles.beside(tmp_path / "elsewhere" / "history.db")


@pytest.mark.parametrize(
    ("content", "header"), [(None, None), (b"", b""), (b"x", b"x"), (b"x" * 20, b"x" * 16)]
)
def test_a_header_is_the_beginning_of_the_file(
    content: bytes | None, header: bytes | None, tmp_path: Path
):
    files = HistoryFiles.beside(tmp_path / "history.db")
    if content is not None:
        files.history.write_bytes(content)
    assert files.read_header() == header


def test_a_folder_in_the_place_of_a_history_is_told(tmp_path: Path):
    (tmp_path / "history.db").mkdir()
    with pytest.raises(HistoryError, match="cannot be read"):
        HistoryFiles.beside(tmp_path / "history.db").read_header()


@pytest.mark.parametrize("content", [None, b""])
def test_a_journal_without_its_history_is_never_taken_for_nothing(
    content: bytes | None, tmp_path: Path
):
    files = HistoryFiles.beside(tmp_path / "history.db")
    if content is not None:
        files.history.write_bytes(content)
    wal = tmp_path / "history.db-wal"
    wal.write_bytes(b"turns that are nowhere else")
    with pytest.raises(HistoryMissing, match=r"history\.db-wal"):
        files.read_header()
    wal.write_bytes(b"")
    assert files.read_header() == content


def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path):
    wal = tmp_path / "history.db-wal"
    wal.symlink_to(wal)
    with pytest.raises(HistoryError, match=r"history\.db-wal cannot be read"):
        HistoryFiles.beside(tmp_path / "history.db").read_header()


def test_new_histories_are_counted(tmp_path: Path):
    first = tmp_path / "history.db"
    assert next_history_beside(first) == tmp_path / "history-2.db"
    assert next_history_beside(tmp_path / "history-2.db") == tmp_path / "history-3.db"
    assert next_history_beside(tmp_path / "my-notes.db") == tmp_path / "my-notes-2.db"
    assert next_history_beside(tmp_path / "plain") == tmp_path / "plain-2"


@pytest.mark.parametrize(
    "left",
    ["history-2.db", "history-2.keys.json", "history-2.db-wal", "history-2.db-journal"],
)
def test_a_name_is_not_taken_where_anything_is_left_of_a_history(left: str, tmp_path: Path):
    (tmp_path / left).write_bytes(b"")
    assert next_history_beside(tmp_path / "history.db") == tmp_path / "history-3.db"


def test_a_path_that_cannot_be_looked_at_is_not_taken_for_free(tmp_path: Path):
    with pytest.raises(HistoryError, match="cannot be read"):
        is_free(tmp_path / ("x" * 300))
    assert is_free(tmp_path / "nowhere" / "history.db")
