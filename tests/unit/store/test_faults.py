from __future__ import annotations

from pathlib import Path

import pytest

from chatelaine import errors
from chatelaine.store.faults import history_error

PATH = Path("/somewhere/history.db")


class EngineError(Exception):
    def __init__(self, name):
        super().__init__(name)
        self.sqlite_errorname = name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_FULL", errors.DiskFull),
        ("SQLITE_READONLY", errors.HistoryReadOnly),
        ("SQLITE_READONLY_DIRECTORY", errors.HistoryReadOnly),
        ("SQLITE_CORRUPT", errors.HistoryDamaged),
        ("SQLITE_CORRUPT_INDEX", errors.HistoryDamaged),
        ("SQLITE_NOTADB", errors.HistoryDamaged),
        ("SQLITE_BUSY", errors.HistoryOpenElsewhere),
        ("SQLITE_BUSY_SNAPSHOT", errors.HistoryOpenElsewhere),
        ("SQLITE_CANTOPEN", errors.HistoryError),
        ("SQLITE_IOERR", errors.HistoryError),
        ("SQLITE_IOERR_WRITE", errors.HistoryError),
    ],
)
def test_a_fault_of_the_engine_is_said_in_words_with_the_name_of_the_file(name, kind):
    error = history_error(EngineError(name), PATH)
    assert error is not None
    assert type(error) is kind
    assert str(PATH) in error.message
    assert "SQLITE" not in error.title


@pytest.mark.parametrize("name", ["SQLITE_ERROR", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_MISUSE", ""])
def test_a_mistake_of_ours_stays_one(name):
    assert history_error(EngineError(name), PATH) is None


def test_an_error_that_is_not_the_engines_stays_as_it_is():
    assert history_error(ValueError("x"), PATH) is None
