"""Compaction against a plain list: whatever is done, in whatever order, nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    is_user_message,
    user_message,
)
from chatelaine.agents.sessions.compaction import CompactionSession
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.sessions.turns import is_note, split_off
from chatelaine.agents.testing import ScriptedModel
from contracts.session import texts
from contracts.third_party import PlainShelfSession, Shelf
from contracts.validity import problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chatelaine.agents.models.protocol import ModelRequest

Items = list[dict[str, Any]]
SO_FAR = "Summary of the conversation so far:\n"


def a_question(number: Iterator[int]) -> Items:
    return [user_message(f"m{next(number)}")]


def an_answer(number: Iterator[int]) -> Items:
    return [assistant_message(f"m{next(number)}")]


def a_note(number: Iterator[int]) -> Items:
    role = ("system", "developer")[next(number) % 2]
    return [{"role": role, "content": f"note {next(number)}"}]


def a_call(number: Iterator[int]) -> Items:
    return [function_call(f"c{next(number)}", "look", {"at": f"m{next(number)}"})]


def a_step(number: Iterator[int]) -> Items:
    call_id = f"c{next(number)}"
    return [
        {"type": "reasoning", "id": f"rs_{next(number)}", "summary": []},
        function_call(call_id, "look", {"at": f"m{next(number)}"}),
        function_call_output(call_id, f"m{next(number)}"),
    ]


def thinking(number: Iterator[int]) -> Items:
    return [{"type": "reasoning", "id": f"rs_{next(number)}", "summary": []}, *an_answer(number)]


def a_turn(number: Iterator[int]) -> Items:
    return [*a_question(number), *a_step(number), *an_answer(number)]


def an_exchange(number: Iterator[int]) -> Items:
    return [*a_question(number), *an_answer(number)]


PIECES: list[Callable[[Iterator[int]], Items]] = [
    a_question,
    an_answer,
    a_note,
    a_call,
    a_step,
    thinking,
    a_turn,
    an_exchange,
    an_exchange,
]

adding = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4)
changing = st.one_of(
    adding,
    adding,
    st.sampled_from(["pop", "pop", "pop turn", "compact", "force", "expire", "reopen"]),
    st.sampled_from(["clear", "pop two turns"]),
)


def scribe() -> ScriptedModel:
    """Make a model whose summary names everything that it was ever told of."""

    def summary(request: ModelRequest) -> str:
        found = set(re.findall(r"\bm\d+", str(request.input[0]["content"])))
        return " ".join(sorted(found)) or "nothing"

    return ScriptedModel([summary] * 1000)


def spoken_in(items: Items) -> set[str]:
    return set(re.findall(r"\bm\d+", str([item for item in items if not is_note(item)])))


def check_parts(view: Items, said: Items, known: set[str], gone: set[str]) -> None:
    """Check that a view is notes, a summary of everything up to some item, and the rest.

    Args:
        view: What the model is shown.
        said: Everything that was said.
        known: What is in the summary.
        gone: What has expired, and may be in it.
    """
    for cut in range(len(said), -1, -1):
        notes = [item for item in said[:cut] if is_note(item)]
        without_summary = [*view[: len(notes)], *view[len(notes) + 1 :]]
        if without_summary == [*notes, *said[cut:]] and known - gone == spoken_in(said[:cut]):
            return
    raise AssertionError(f"{view} is no view of {said}")


def check(view: Items, said: Items, gone: set[str]) -> None:
    summaries = [text for text in texts(view) if text.startswith(SO_FAR)]
    if summaries:
        (summary,) = summaries
        check_parts(view, said, set(re.findall(r"\bm\d+", summary)), gone)
    else:
        assert view == said
    assert len(problems(view)) <= len(problems(said))


@pytest.mark.parametrize("on", ["after_run", "background", "before_run"])
@pytest.mark.parametrize("kind", ["sqlite", "others"])
@given(
    changes=st.lists(changing, max_size=25),
    bounds=st.sampled_from([(2, 1), (3, 1), (4, 2), (4, 3), (6, 2)]),
)
def test_nothing_is_lost_and_what_is_shown_is_whole(
    kind: str, on: Any, changes: list[Any], bounds: tuple[int, int]
) -> None:
    asyncio.run(_walk(kind, on, changes, bounds))


async def _walk(kind: str, on: Any, changes: list[Any], bounds: tuple[int, int]) -> None:
    shelf: Shelf = {}
    numbers = itertools.count(1)
    base: Any = SQLiteSession("one") if kind == "sqlite" else PlainShelfSession("one", shelf)
    most, keep = bounds
    session = CompactionSession(base, most, scribe(), keep_recent=keep, on=on)
    said: Items = []
    gone: set[str] = set()
    for change in changes:
        match change:
            case "pop":
                assert await session.pop_item() == (said.pop() if said else None)
            case "pop turn" | "pop two turns":
                said, removed = split_off(said, 1 if change == "pop turn" else 2)
                popped = await session.pop_turn(1 if change == "pop turn" else 2)
                assert popped == removed
            case "clear":
                await session.clear_session()
                said, gone = [], set()
            case "compact" | "force":
                await session.compact(force=change == "force")
            case "expire":
                if kind == "others":
                    gone |= spoken_in(_expire(said))
                    _expire(shelf["one"])
            case "reopen":
                session = CompactionSession(base, most, scribe(), keep_recent=keep, on=on)
            case _:
                batch = [item for piece in change for item in piece(numbers)]
                await session.add_items(batch)
                said += batch
        assert await session.get_items(include_archived=True) == said
        check(await session.get_items(), said, gone)
    await session.close()


def _expire(items: Items) -> Items:
    """Remove the first turn with everything before it, if there is another one after it."""
    starts = [index for index, item in enumerate(items) if is_user_message(item)]
    end = starts[1] if len(starts) > 1 else 0
    removed = items[:end]
    del items[:end]
    return removed


@given(changes=st.lists(st.sampled_from(["add", "add", "pop", "pop turn", "force"]), max_size=40))
def test_items_that_are_all_the_same_are_told_apart_by_where_they_are(changes: list[str]) -> None:
    asyncio.run(_walk_among_the_same(changes))


async def _walk_among_the_same(changes: list[str]) -> None:
    same = [user_message("Next."), assistant_message("OK.")]
    said: Items = []
    async with CompactionSession(SQLiteSession("one"), 4, scribe(), keep_recent=1) as session:
        for change in changes:
            match change:
                case "add":
                    await session.add_items(same)
                    said += same
                case "pop":
                    await session.pop_item()
                    del said[-1:]
                case "pop turn":
                    await session.pop_turn()
                    said, _ = split_off(said, 1)
                case _:
                    await session.compact(force=True)
            assert await session.get_items(include_archived=True) == said
            view = await session.get_items()
            tail = view[1:] if texts(view)[:1] == [f"{SO_FAR}nothing"] else view
            assert len(tail) <= len(said)
            assert tail == said[len(said) - len(tail) :]
