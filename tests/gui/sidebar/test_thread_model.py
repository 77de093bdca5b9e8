from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from typing_extensions import override

from chatelaine.gui.sidebar.thread_model import Listed, Role, ThreadModel, short_time
from chatelaine.store.records import Change, Thread

if TYPE_CHECKING:
    from collections.abc import Iterable

START = datetime(2026, 5, 3, 12, tzinfo=UTC)


def thread(number: int, minute: int = 0, *, title: str = "", trashed: bool = False) -> Thread:
    moment = START + timedelta(minutes=minute)
    return Thread(
        id=number,
        uid=f"session-{number}",
        title=title,
        preview="",
        created=START,
        updated=moment,
        trashed=moment if trashed else None,
    )


def shown(model: ThreadModel) -> list[int]:
    return [model.index(row).data(Role.ID) for row in range(model.rowCount())]


@pytest.fixture
def model() -> ThreadModel:
    model = ThreadModel()
    # It goes on watching: what it finds is a Qt warning, and fails the test.
    QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Warning, parent=model
    )
    return model


class Signals(list[Any]):
    """What the model tells its views, in order."""

    def __init__(self, model: ThreadModel) -> None:
        super().__init__()
        model.modelReset.connect(lambda: self.append("reset"))
        model.rowsInserted.connect(lambda _, first, last: self.append(("insert", first, last)))
        model.rowsRemoved.connect(lambda _, first, last: self.append(("remove", first, last)))
        model.rowsMoved.connect(lambda _, a, b, __, to: self.append(("move", a, b, to)))
        model.dataChanged.connect(lambda a, b: self.append(("data", a.row(), b.row())))


def test_threads_are_listed_newest_first_whatever_order_they_come_in(model: ThreadModel) -> None:
    model.set_threads([thread(1, 5), thread(2, 9), thread(3, 1), thread(4, 9)])
    assert shown(model) == [4, 2, 1, 3]


def test_a_thread_that_was_spoken_in_moves_to_the_top_and_nothing_else_moves(
    model: ThreadModel,
) -> None:
    model.set_threads([thread(number, number) for number in range(10)])
    signals = Signals(model)
    model.apply(Change(threads=(thread(3, 99),)))
    assert shown(model) == [3, 9, 8, 7, 6, 5, 4, 2, 1, 0]
    assert signals == [("move", 6, 6, 0), ("data", 0, 0)]


def test_a_thread_that_keeps_its_place_is_only_repainted(model: ThreadModel) -> None:
    model.set_threads([thread(1, 1), thread(2, 2), thread(3, 3)])
    signals = Signals(model)
    model.apply(Change(threads=(thread(3, 7),)))
    model.apply(Change(threads=(thread(1, 1, title="Named"),)))
    assert signals == [("data", 0, 0), ("data", 2, 2)]
    assert model.index(2).data() == "Named"


def test_a_thread_that_did_not_change_is_not_repainted(model: ThreadModel) -> None:
    model.set_threads([thread(1, 1), thread(2, 2)])
    signals = Signals(model)
    model.apply(Change(threads=(thread(1, 1), thread(2, 2))))
    assert signals == []


def test_a_new_thread_is_inserted_where_it_belongs(model: ThreadModel) -> None:
    model.set_threads([thread(1, 1), thread(3, 3)])
    signals = Signals(model)
    model.apply(Change(threads=(thread(2, 2),)))
    assert shown(model) == [3, 2, 1]
    assert signals == [("insert", 1, 1)]


def test_trashed_and_removed_threads_go_and_unknown_ones_do_no_harm(model: ThreadModel) -> None:
    model.set_threads([thread(1, 1), thread(2, 2), thread(3, 3)])
    signals = Signals(model)
    model.apply(
        Change(threads=(thread(2, 2, trashed=True),), removed=frozenset({3, 77})),
    )
    model.apply(Change(threads=(thread(2, 2, trashed=True),)))
    assert shown(model) == [1]
    assert signals == [("remove", 0, 0), ("remove", 0, 0)]


def test_the_trash_lists_only_what_is_in_it_newest_arrival_first() -> None:
    model = ThreadModel(Listed.TRASH)
    model.set_threads([thread(1, 1, trashed=True), thread(2, 2, trashed=True)])
    model.apply(Change(threads=(thread(3, 3), thread(4, 9, trashed=True))))
    assert shown(model) == [4, 2, 1]
    model.apply(Change(threads=(thread(2, 20),)))
    assert shown(model) == [4, 1]


def changes(ids: st.SearchStrategy[int]) -> st.SearchStrategy[Change]:
    minutes = st.integers(0, 12)
    threads = st.builds(thread, ids, minutes, title=st.text(max_size=2), trashed=st.booleans())
    return st.builds(
        Change,
        threads=st.lists(threads, max_size=3).map(tuple),
        removed=st.frozensets(ids, max_size=2),
    )


@given(st.lists(changes(st.integers(1, 8)), max_size=12))
def test_after_any_changes_the_rows_are_those_of_a_list_sorted_anew(sequence: list[Change]) -> None:
    model = ThreadModel()
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Warning, parent=model
    )
    assert tester.model() is model
    expected: dict[int, Thread] = {}
    mirror: list[int] = []  # what a view that only follows the signals would list
    model.rowsInserted.connect(lambda _, a, __: mirror.insert(a, 0))
    model.rowsRemoved.connect(lambda _, a, __: mirror.pop(a))
    model.rowsMoved.connect(
        lambda _, a, __, ___, to: mirror.insert(to if to < a else to - 1, mirror.pop(a))
    )
    model.dataChanged.connect(lambda a, _: mirror.__setitem__(a.row(), a.data(Role.ID)))
    for change in sequence:
        model.apply(change)
        for number in change.removed:
            expected.pop(number, None)
        for one in change.threads:
            if one.trashed is None:
                expected[one.id] = one
            else:
                expected.pop(one.id, None)
        wanted = sorted(expected.values(), key=lambda one: (one.updated, one.id), reverse=True)
        assert shown(model) == [one.id for one in wanted]
        assert [model.row_of(one.id) for one in wanted] == list(range(len(wanted)))
        mirror[:] = [a or b for a, b in zip(mirror, shown(model), strict=True)]
        assert mirror == shown(model)


def test_a_row_tells_title_time_session_id_and_whether_it_is_answered(model: ThreadModel) -> None:
    now = datetime.now(UTC)
    model.set_threads([replace(thread(7, title="Bread & <b>butter</b>"), updated=now)])
    index = model.index(0)
    time = f"{now.astimezone():%H:%M}"
    assert index.data() == "Bread & <b>butter</b>"
    assert index.data(Role.WHEN) == time
    assert index.data(Role.RUNNING) is False
    assert index.data(Qt.ItemDataRole.ToolTipRole) == (
        "<qt>Bread &amp; &lt;b&gt;butter&lt;/b&gt;<br>Session ID: session-7</qt>"
    )
    spoken = f"Bread & <b>butter</b>, {time}"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == spoken
    signals = Signals(model)
    model.set_running({7, 1234})
    assert index.data(Role.RUNNING) is True
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == f"{spoken}, being answered"
    model.set_running({7})
    model.set_running(())
    assert index.data(Role.RUNNING) is False
    assert signals == [("data", 0, 0), ("data", 0, 0)]


def test_a_thread_without_a_title_is_called_new_but_edited_as_empty(model: ThreadModel) -> None:
    model.set_threads([thread(1)])
    assert model.index(0).data() == "New thread"
    assert model.index(0).data(Qt.ItemDataRole.EditRole) == ""


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Better", [(1, "Better")]),
        ("  two\nlines \t of it ", [(1, "two lines of it")]),
        ("Old", []),
        ("   ", []),
    ],
)
def test_an_edited_title_is_asked_for_and_not_taken(
    model: ThreadModel, typed: str, asked: list[tuple[int, str]]
) -> None:
    model.set_threads([thread(1, title="Old")])
    edits: list[tuple[int, str]] = []
    model.title_edited.connect(lambda number, title: edits.append((number, title)))
    assert model.setData(model.index(0), typed) is False
    assert edits == asked
    assert model.index(0).data() == "Old"


def test_titles_are_edited_among_the_threads_and_not_in_the_trash(model: ThreadModel) -> None:
    trash = ThreadModel(Listed.TRASH)
    model.set_threads([thread(1)])
    trash.set_threads([thread(1, trashed=True)])
    assert model.index(0).flags() & Qt.ItemFlag.ItemIsEditable
    assert not trash.index(0).flags() & Qt.ItemFlag.ItemIsEditable


def test_a_thread_that_is_not_listed_has_no_index(model: ThreadModel) -> None:
    model.set_threads([thread(1)])
    assert model.row_of(2) == -1
    assert not model.index_of(2).isValid()
    assert model.index_of(1).row() == 0
    assert model.data(QModelIndex()) is None


BERLIN = timezone(timedelta(hours=2))
NOW = datetime(2026, 5, 4, 14, 7, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW, "14:07"),
        (datetime(2026, 5, 4, 0, 0, tzinfo=BERLIN), "00:00"),
        (datetime(2026, 5, 3, 22, 30, tzinfo=UTC), "00:30"),
        (datetime(2026, 5, 3, 21, 59, tzinfo=UTC), "Yesterday"),
        (datetime(2026, 5, 3, 0, 0, tzinfo=BERLIN), "Yesterday"),
        (datetime(2026, 5, 2, 23, 59, tzinfo=BERLIN), "2 May"),
        (datetime(2026, 1, 1, 0, 0, tzinfo=BERLIN), "1 Jan"),
        (datetime(2025, 12, 31, 12, 0, tzinfo=BERLIN), "31 Dec 2025"),
        (NOW + timedelta(days=2), "14:07"),  # a clock that was wrong
    ],
)
def test_a_time_is_told_as_the_reader_would(moment: datetime, text: str) -> None:
    assert short_time(moment.astimezone(BERLIN), NOW.date()) == text


def test_the_work_of_one_change_does_not_grow_with_the_number_of_threads() -> None:
    class Counting(ThreadModel):
        calls = 0

        @override
        def data(self, index: Any, role: int = 0) -> Any:
            Counting.calls += 1
            return super().data(index, role)

    def rows_asked(threads: Iterable[Thread]) -> int:
        model = Counting()
        model.set_threads(threads)
        Counting.calls = 0
        model.apply(Change(threads=(thread(1, 1_000_000),)))
        return Counting.calls

    assert rows_asked(thread(number) for number in range(10_000)) == 0


def test_pinned_threads_stand_at_the_top_wherever_a_change_leads(model: ThreadModel) -> None:
    pinned = replace(thread(1, 1), pinned=START)
    model.set_threads([thread(2, 2), pinned, thread(3, 3)])
    assert shown(model) == [1, 3, 2]
    model.apply(Change(threads=(thread(2, 9),)))
    assert shown(model) == [1, 2, 3]
    model.apply(Change(threads=(replace(thread(3, 3), pinned=START), thread(1, 1))))
    assert shown(model) == [3, 2, 1]


def test_each_thread_is_in_one_list(model: ThreadModel) -> None:
    lists = [ThreadModel(listed) for listed in Listed]
    archived = replace(thread(1), archived=START)
    trashed = replace(thread(1, trashed=True), archived=START)
    for one, home in ((thread(1), 0), (archived, 1), (trashed, 2), (thread(1), 0)):
        for each in lists:
            each.apply(Change(threads=(one,)))
        assert [shown(each) for each in lists] == [[1] if at == home else [] for at in range(3)]
