from __future__ import annotations

from chatelaine.agents.models.concessions import Concessions

ALL = frozenset({"usage", "store"})


def make() -> Concessions:
    return Concessions({"usage": r"include_usage|stream_options", "store": r"\bstore\b"})


def test_everything_is_offered_at_first() -> None:
    assert make().offered == ALL


def test_what_a_refusal_names_is_left_out() -> None:
    assert make().narrowed(ALL, "unknown field 'STREAM_OPTIONS'") == frozenset({"store"})


def test_a_refusal_that_names_nothing_may_be_about_anything() -> None:
    assert make().narrowed(ALL, "bad request") == frozenset()


def test_it_is_not_about_what_the_server_has_taken_before() -> None:
    concessions = make()
    concessions.settle(ALL)

    assert concessions.narrowed(ALL, "bad request") is None


def test_where_nothing_is_left_to_leave_out_nothing_helps() -> None:
    assert make().narrowed(frozenset(), "unknown field 'store'") is None


def test_only_what_was_taken_is_remembered() -> None:
    concessions = make()
    concessions.narrowed(ALL, "store")
    assert concessions.offered == ALL

    concessions.settle(frozenset({"usage"}))
    assert concessions.offered == {"usage"}
