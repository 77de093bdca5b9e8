"""Compaction: the contract, what the model is shown, and what is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import SessionClosed, SessionError
from chatelaine.agents.events import Usage
from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.compaction import CompactionSession
from chatelaine.agents.sessions.protocol import EVERYTHING, LayeredSession, SessionSettings
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.sessions.turns import item_limit, within
from chatelaine.agents.testing import Call, ScriptedModel
from contracts.session import SessionContract, numbered, texts, turn
from contracts.session_base import looking_agent
from contracts.session_items import SessionItems
from contracts.session_stress import SessionUnderStress
from contracts.session_turns import SessionTurns
from contracts.third_party import PlainShelfSession, Shelf, ShelfSession
from contracts.validity import problems

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.agents.models.protocol import ModelRequest
    from chatelaine.agents.sessions.protocol import Session

NOTE: dict[str, Any] = {"role": "system", "content": "Be formal."}
SO_FAR = "Summary of the conversation so far:\n"


def scribe(times: int = 100) -> ScriptedModel:
    """Make a model whose summary is every `fact-...` in what it is given."""

    def summary(request: ModelRequest) -> list[Any]:
        facts = sorted(set(re.findall(r"fact-\w+", str(request.input[0]["content"]))))
        return [f"They spoke of {' '.join(facts)}.", Usage(1, 10, 0, 5, 0)]

    return ScriptedModel([summary] * times, name="scribe")


def exchange(number: int) -> list[dict[str, Any]]:
    return [user_message(f"fact-{number}"), assistant_message(f"noted {number}")]


def exchanges(*numbers: int) -> list[dict[str, Any]]:
    return [item for number in numbers for item in exchange(number)]


def summary_of(view: list[Any]) -> str:
    """Give the summary in what the model is shown; '' where there is none."""
    found = [text for text in texts(view) if text.startswith(SO_FAR)]
    assert len(found) <= 1
    return found[0].removeprefix(SO_FAR) if found else ""


def said(session: CompactionSession) -> Any:
    return session.get_items(include_archived=True)


# ---------------------------------------------------------------------------- the contract


class TestOverSQLite(SessionContract):
    shares = False

    @override
    async def make_session(self, session_id: str) -> Session:
        return CompactionSession(SQLiteSession(session_id), 10**6, ScriptedModel([]))


class TestOverAFile(SessionContract):
    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "sessions.db"

    @override
    async def make_session(self, session_id: str) -> Session:
        base = SQLiteSession(session_id, self.path)
        return CompactionSession(base, 10**6, ScriptedModel([]), on="before_run")


class OverOthers(SessionContract):
    capabilities = frozenset({"turns", "runs"})
    refused = frozenset({"info", "forks", "rewrites"})

    @pytest.fixture(autouse=True)
    def _shelf(self) -> None:
        self.shelf: Shelf = {}
        self.bases: dict[str, Any] = {}

    def make_base(self, session_id: str) -> Any:
        raise NotImplementedError

    async def _without_origins(self, session: Session) -> None:
        """Show that runs work, although there is no place for where items come from."""
        with ScriptedModel(["Hello."]) as model:
            await Runner.run(looking_agent(model), "Hi.", session=session)
        asked: Any = session
        assert [item.origin for item in (await asked.begin_run()).items] == [None, None]

    test_several_agents_speak_in_one_conversation = _without_origins
    test_a_conversation_is_handed_over_with_all_that_was_said = _without_origins
    test_items_know_where_they_come_from = _without_origins
    test_origins_stay_with_their_items_when_others_are_removed = _without_origins

    @override
    async def make_session(self, session_id: str) -> Session:
        # The object is all that such a session is known by.
        base = self.bases.get(session_id) or self.make_base(session_id)
        self.bases[session_id] = base
        return CompactionSession(base, 10**6, ScriptedModel([]), on="background")


class TestOverASessionOfSomebodyElse(OverOthers):
    @override
    def make_base(self, session_id: str) -> Any:
        return ShelfSession(session_id, self.shelf)


class TestOverASessionWithPlainMethods(OverOthers):
    @override
    async def test_a_cancelled_write_is_whole_or_absent_when_the_cancellation_arrives(
        self, *_: Any
    ) -> None:
        pytest.skip("what has nothing to wait for cannot be cancelled")

    @override
    def make_base(self, session_id: str) -> Any:
        return PlainShelfSession(session_id, self.shelf)


class Archived(CompactionSession):
    """One that gives everything that was said, whatever the model is shown."""

    @override
    async def get_items(self, limit: int | None = None, *, include_archived: bool = True) -> Any:
        settings = self.session_settings
        items = await super().get_items(
            item_limit(limit, settings), include_archived=include_archived
        )
        return within(items, limit, settings)


class WhileItIsCompacted(SessionItems, SessionTurns, SessionUnderStress):
    """Whatever is summarised meanwhile, everything that was said is there."""

    @override
    async def test_a_run_that_is_cancelled_anywhere_leaves_what_the_next_run_can_use(
        self, *_: Any, **__: Any
    ) -> None:
        pytest.skip("the model is shown less than was said")

    @override
    async def test_after_a_turn_was_taken_back_a_run_goes_on_before_it(self, *_: Any) -> None:
        pytest.skip("the model is shown less than was said")


class TestWhileItIsCompactedInTheRun(WhileItIsCompacted):
    shares = False

    @override
    async def make_session(self, session_id: str) -> Session:
        return Archived(SQLiteSession(session_id), 2, scribe())


class TestWhileItIsCompactedBesideTheRun(WhileItIsCompacted):
    shares = False

    @override
    async def make_session(self, session_id: str) -> Session:
        return Archived(ShelfSession(session_id, {}), 2, scribe(), on="background")


# ---------------------------------------------------------------------------- how it is made


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_messages": 1},
        {"max_messages": -5},
        {"keep_recent": 0},
        {"keep_recent": 20},
        {"on": "never"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        CompactionSession(SQLiteSession("one"), **wrong)


def test_it_is_put_around_a_session_and_nothing_else() -> None:
    with pytest.raises(TypeError, match="str is no session"):
        CompactionSession("conversation")  # type: ignore[arg-type]


def test_a_model_and_a_prompt_are_looked_at_before_they_are_needed() -> None:
    session = SQLiteSession("one")
    with pytest.raises(TypeError, match="5 is neither a model nor the name of one"):
        CompactionSession(session, summary_model=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a prompt is a text, not int"):
        CompactionSession(session, prompt=5)  # type: ignore[arg-type]


async def test_it_is_a_layer_and_says_nothing_secret() -> None:
    session = CompactionSession(ShelfSession("one", {}), 20, "some-model")
    assert isinstance(session, LayeredSession)
    assert repr(session) == "CompactionSession(ShelfSession 'one', 20)"


async def test_a_model_that_is_only_named_is_made_when_it_is_needed(logs: Any) -> None:
    async with CompactionSession(SQLiteSession("one"), 2, "gpt-5.2-mini") as session:
        await session.add_items(exchange(1))
        # There is no key, which is no reason to fail.
        logs.expect("could not be summarised: .* set OPENAI_API_KEY")
        await session.add_items(exchange(2))
        assert await session.get_items() == exchanges(1, 2)


async def test_it_has_the_settings_of_the_session_below_unless_it_has_its_own() -> None:
    settings, own = SessionSettings(limit=2), SessionSettings(limit=3)
    async with SQLiteSession("one", session_settings=settings) as base:
        await base.add_items(numbered(5))
        assert texts(await CompactionSession(base).get_items()) == ["3", "4"]
        other = CompactionSession(base, session_settings=own)
        assert texts(await other.get_items()) == ["2", "3", "4"]
        assert len(await other.get_items(include_archived=True)) == 5


# ---------------------------------------------------------------------------- what the model sees


async def test_a_long_conversation_is_shown_as_a_summary_and_its_latest_turns() -> None:
    base = SQLiteSession("long_conversation")
    facts = scribe()
    async with CompactionSession(
        base_session=base, max_messages=20, summary_model=facts
    ) as session:
        model = ScriptedModel([f"Answer {number}" for number in range(30)])
        agent = Agent("LongChatBot", instructions="Have long conversations.", model=model)
        for number in range(30):
            await Runner.run(agent, f"Message {number}: fact-{number}", session=session)
        assert len(facts.requests) == 4
        for request in model.requests:
            assert len(request.input) <= 22
            assert problems(request.input) == []
        # The very first thing that was said has been through four summaries.
        assert "fact-0 " in summary_of(list(model.requests[-1].input))
        view = await session.get_items()
        assert {f"fact-{number}" for number in range(24)} <= set(
            re.findall(r"fact-\d+", summary_of(view))
        )
        assert texts(view)[1:3] == ["Message 24: fact-24", "Answer 24"]
        assert len(view) == 13
        everything = await said(session)
        assert len(everything) == 60
        assert texts(everything)[0] == "Message 0: fact-0"
        assert session.compaction_usage == Usage(4, 40, 0, 20, 0)
        assert len(await base.get_items()) == 64
        assert problems(await base.get_items()) == []


async def test_each_summary_is_given_the_one_before_and_what_was_said_since() -> None:
    facts = scribe()
    async with CompactionSession(SQLiteSession("one"), 4, facts, prompt="Be short.") as session:
        for number in range(7):
            await session.add_items(exchange(number))
    first, second = facts.requests[:2]
    assert first.instructions == "Be short."
    assert re.findall(r"fact-\d+", first.input[0]["content"]) == ["fact-0", "fact-1"]
    assert "They spoke of fact-0 fact-1." in second.input[0]["content"]
    assert re.findall(r"fact-\d+", second.input[0]["content"]) == [f"fact-{n}" for n in range(4)]


async def test_up_to_so_many_messages_nothing_is_summarised() -> None:
    facts = scribe()
    async with CompactionSession(SQLiteSession("one"), 4, facts, keep_recent=2) as session:
        await session.add_items([NOTE, *turn(1), *turn(2)])
        assert facts.requests == []
        await session.add_items(turn(3))
        view = await session.get_items()
    assert view == [NOTE, view[1], *turn(3)]
    assert summary_of(view)


async def test_notes_stay_as_they_were_said() -> None:
    later = {"role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]}
    facts = scribe()
    async with CompactionSession(SQLiteSession("one"), 2, facts, keep_recent=1) as session:
        await session.add_items([NOTE, *exchange(1)[:1], later, *exchange(1)[1:], *exchange(2)])
        view = await session.get_items()
    assert [view[0], view[1], *view[3:]] == [NOTE, later, *exchange(2)]
    assert view[2]["role"] == "developer"
    assert "Be formal" not in str(facts.requests[0].input)


async def test_what_tools_did_is_summarised_and_what_nobody_can_read_is_not() -> None:
    facts = scribe()
    items = [
        user_message("fact-user"),
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "fact-hidden"},
        function_call("c1", "look", {"at": "fact-argument"}),
        function_call_output("c1", f"fact-begin {'x' * 9000} fact-end"),
        {"type": "web_search_call", "id": "ws", "action": {"query": "fact-query"}},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "fact-image"},
                {"type": "input_image", "image_url": "data:image/png;base64,fact-bytes"},
            ],
        },
        assistant_message("fact-answer \ud83d"),
    ]
    async with CompactionSession(SQLiteSession("one"), 2, facts, keep_recent=1) as session:
        await session.add_items([*items, *exchange(9)])
        summary = summary_of(await session.get_items())
    found = set(re.findall(r"fact-\w+", summary))
    kinds = ("user", "argument", "begin", "end", "query", "image", "answer")
    assert found == {f"fact-{kind}" for kind in kinds}
    asked = str(facts.requests[0].input[0]["content"])
    assert len(asked) < 6000
    assert "input_image" in asked
    asked.encode()


async def test_what_is_too_long_for_one_request_is_summarised_in_pieces() -> None:
    facts = scribe()
    long = [*exchange(1), user_message("fact-long " + "x" * 190_000), assistant_message("ok")]
    async with CompactionSession(SQLiteSession("one"), 4, facts, keep_recent=1) as session:
        await session.add_items([*long, *long, *exchange(2)])
        summary = summary_of(await session.get_items())
    assert len(facts.requests) == 2
    assert all(len(request.input[0]["content"]) < 210_000 for request in facts.requests)
    assert {"fact-1", "fact-long"} <= set(re.findall(r"fact-\w+", summary))


async def test_a_limit_is_one_on_what_the_model_is_shown() -> None:
    async with CompactionSession(SQLiteSession("one"), 4, scribe()) as session:
        await session.add_items(exchanges(1, 2, 3))
        view = await session.get_items()
        assert len(view) == 3
        assert await session.get_items(limit=2) == view[1:]
        assert await session.get_items(limit=99) == view
        assert await session.get_items(limit=0) == []
        assert (await session.begin_run(limit=1)).items == view[2:]
        session.session_settings = SessionSettings(turns=1)
        # The summary is a note, which belongs to no turn.
        assert await session.get_items() == view
        session.session_settings = SessionSettings(limit=2)
        assert await session.get_items() == exchange(3)
        assert await said(session) == exchanges(1, 2, 3)
        assert await session.get_items(limit=4, include_archived=True) == exchanges(2, 3)
        with pytest.raises(ValueError, match="negative"):
            await session.get_items(limit=-1, include_archived=True)


async def test_what_was_taken_back_is_in_no_summary_also_where_notes_of_it_stay() -> None:
    notes = [{"role": "system", "content": f"note {number}"} for number in (1, 2)]
    async with CompactionSession(SQLiteSession("one"), 2, scribe(), keep_recent=1) as session:
        await session.add_items([user_message("fact-1"), *notes, *exchange(2)])
        assert "fact-1" in str(texts(await session.get_items()))
        assert len(await session.pop_turn(2)) == 3
        assert await session.get_items() == notes


# ---------------------------------------------------------------------------- where it may be cut


async def test_a_turn_is_summarised_whole_or_not_at_all() -> None:
    for keep in range(1, 6):
        base = SQLiteSession("one")
        async with CompactionSession(base, 6, scribe(), keep_recent=keep) as session:
            await session.add_items([*turn(1), *turn(2), *turn(3), *turn(4)])
            view = await session.get_items()
            assert problems(view) == []
            assert view[1] == turn(4 - (keep - 1) // 2)[0]


async def test_a_turn_that_is_too_long_by_itself_is_left_alone() -> None:
    facts = scribe()
    answers = [assistant_message(str(number)) for number in range(9)]
    async with CompactionSession(SQLiteSession("one"), 4, facts) as session:
        await session.add_items([NOTE, user_message("Count."), *answers])
        assert len(await session.get_items()) == 11
        assert not await session.compact(force=True)
        assert facts.requests == []


async def test_a_call_whose_output_may_still_come_is_not_replaced() -> None:
    facts = scribe()
    pending = [user_message("May I?"), function_call("p", "delete", {})]
    async with CompactionSession(SQLiteSession("one"), 4, facts, keep_recent=1) as session:
        await session.add_items([*exchange(1), *exchange(2), *pending, user_message("Hello?")])
        assert await session.compact()
        view = await session.get_items()
        assert view[1:] == [*pending, user_message("Hello?")]
        assert not await session.compact(force=True)
        # Its output comes: now it may go.
        await session.add_items([function_call_output("p", "done"), assistant_message("Done.")])
        await session.add_items(exchanges(3, 4, 5))
        assert problems(await session.get_items()) == []
        assert "delete" not in str(await session.get_items())


async def test_a_call_and_an_output_that_comes_turns_later_are_not_parted() -> None:
    early = [user_message("May I?"), function_call("p", "delete", {})]
    late = [user_message("Go on."), function_call_output("p", "done"), assistant_message("Done.")]
    async with CompactionSession(SQLiteSession("one"), 2, scribe(), keep_recent=1) as session:
        await session.add_items([*exchange(1), *early, *late])
        assert (await session.get_items())[1:] == [*early, *late]
        assert problems(await session.get_items()) == []


async def test_a_call_that_was_given_up_does_not_keep_everything_after_it() -> None:
    lost = [user_message("May I?"), function_call("p", "delete", {})]
    async with CompactionSession(SQLiteSession("one"), 2, scribe(), keep_recent=1) as session:
        await session.add_items([*lost, *exchanges(1, 2)])
        assert (await session.get_items())[1:] == exchange(2)
        # Against all odds its output comes: what was said is shown again, and nothing is parted.
        await session.add_items([function_call_output("p", "done")])
        assert problems(await session.get_items()) == []
        assert len(await session.get_items()) == 7


async def test_nothing_is_cut_before_the_turn_is_over() -> None:
    facts = scribe()
    async with CompactionSession(SQLiteSession("one"), 2, facts, keep_recent=1) as session:
        await session.add_items(exchange(1))
        for unfinished in (
            [user_message("2")],
            turn(2)[1:4],
            [assistant_message("Let me see."), function_call("c", "look", {})],
            [function_call_output("c", "seen")],
            [assistant_message("I was ab", status="incomplete")],
            [NOTE],
        ):
            await session.add_items(unfinished)
            assert facts.requests == []
        await session.add_items([assistant_message("So."), NOTE])
        assert len(facts.requests) == 1


# ---------------------------------------------------------------------------- when


async def test_before_a_run_what_is_too_long_is_summarised_first() -> None:
    facts = scribe()
    async with CompactionSession(SQLiteSession("one"), 4, facts, on="before_run") as session:
        await session.add_items(exchanges(1, 2, 3))
        assert facts.requests == []
        assert await said(session) == exchanges(1, 2, 3)
        assert facts.requests == []
        with ScriptedModel(["Yes."]) as model:
            await Runner.run(Agent("A", model=model), "And?", session=session)
        assert len(facts.requests) == 1
        assert texts(list(model.requests[0].input))[1:] == ["fact-3", "noted 3", "And?"]
        assert len(await session.get_items()) == 5


async def test_it_can_be_done_by_hand() -> None:
    facts = scribe()
    async with CompactionSession(SQLiteSession("one"), 4, facts, keep_recent=1) as session:
        assert not await session.compact(force=True)
        await session.add_items(exchanges(1, 2))
        assert not await session.compact()
        assert await session.compact(force=True)
        assert (await session.get_items())[1:] == exchange(2)
        # There is nothing more to replace.
        assert not await session.compact(force=True)
        assert len(facts.requests) == 1


async def test_who_only_looks_once_in_a_while_costs_no_reading(tmp_path: Path) -> None:
    """A run below the bound reads the conversation once, at its beginning."""

    class Counting(SQLiteSession):
        reads = 0

        @override
        async def begin_run(self, limit: int | None = None) -> Any:
            Counting.reads += 1
            return await super().begin_run(limit)

        @override
        async def get_items(self, limit: int | None = None) -> Any:
            Counting.reads += 1
            return await super().get_items(limit)

    with ScriptedModel(["one", "two"]) as model:
        async with CompactionSession(Counting("one", tmp_path / "s.db"), 20, scribe()) as session:
            await Runner.run(Agent("A", model=model), "1", session=session)
            await Runner.run(Agent("A", model=model), "2", session=session)
    assert Counting.reads == 2


# ---------------------------------------------------------------------------- taking back


@pytest.fixture(params=["sqlite", "others"])
def base(request: pytest.FixtureRequest) -> Any:
    if request.param == "sqlite":
        return SQLiteSession("one")
    return ShelfSession("one", {})


async def test_what_is_popped_is_never_a_summary(base: Any) -> None:
    async with CompactionSession(base, 4, scribe()) as session:
        await session.add_items(exchanges(1, 2, 3))
        expected = exchanges(1, 2, 3)
        assert summary_of(await session.get_items())
        for left in range(5, -1, -1):
            assert await session.pop_item() == expected[left]
            assert await said(session) == expected[:left]
            # Beyond the cut, what was replaced is there again.
            kept = summary_of(await session.get_items())
            assert bool(kept) == (left >= 4)
            assert left >= 4 or await session.get_items() == expected[:left]
        assert await session.pop_item() is None
        assert await base.get_items() == []


async def test_a_turn_is_taken_back_and_the_summary_stays(base: Any) -> None:
    async with CompactionSession(base, 4, scribe()) as session:
        await session.add_items(exchanges(1, 2, 3))
        assert await session.pop_turn() == exchange(3)
        view = await session.get_items()
        assert len(view) == 1
        assert summary_of(view)
        assert await session.pop_turn() == exchange(2)
        assert await session.get_items() == exchange(1)
        # Nothing is left of the summary.
        assert await base.get_items() == exchange(1)
        await session.add_items(exchanges(4, 5))
        assert "fact-2" not in str(await session.get_items())


async def test_the_summary_before_counts_again(base: Any) -> None:
    async with CompactionSession(base, 4, scribe(), keep_recent=1) as session:
        for number in range(1, 6):
            await session.add_items(exchange(number))
        summary = summary_of(await session.get_items())
        assert "fact-4" in summary
        assert await session.pop_turn(2) == exchanges(4, 5)
        view = await session.get_items()
        assert view[1:] == exchange(3)
        assert "fact-2" in summary_of(view)
        assert "fact-3" not in summary_of(view)
        assert await said(session) == exchanges(1, 2, 3)


async def test_it_goes_on_after_a_summary_was_crossed(base: Any) -> None:
    async with CompactionSession(base, 4, scribe()) as session:
        await session.add_items(exchanges(1, 2, 3))
        await session.pop_turn(2)
        await session.add_items(exchanges(6, 7))
        view = await session.get_items()
        assert "fact-6" in summary_of(view)
        assert "fact-2" not in summary_of(view)
        assert view[1:] == exchange(7)


async def test_answers_that_are_all_the_same_do_not_confuse_it(base: Any) -> None:
    """Summaries are found by what they replace, which here looks the same everywhere."""
    same = [user_message("Next."), assistant_message("OK.")]
    async with CompactionSession(base, 4, scribe(), keep_recent=2) as session:
        for _ in range(20):
            await session.add_items(same)
        for left in range(20, 0, -1):
            view = await session.get_items()
            assert len(view) <= 5
            assert await said(session) == same * left
            assert await session.pop_turn() == same
        assert await session.get_items() == []


async def test_what_was_put_back_replaces_what_it_replaced(base: Any) -> None:
    same = [user_message("Next."), assistant_message("OK.")]
    async with CompactionSession(base, 12, scribe(), keep_recent=10) as session:
        for _ in range(7):
            await session.add_items(same)
        assert len(await session.get_items()) == 1 + 10
        for left in range(9, 0, -1):
            await session.pop_item()
            assert len(await session.get_items()) == 1 + left


async def test_of_items_that_look_the_same_none_is_hidden_when_the_oldest_are_gone() -> None:
    shelf: Shelf = {}
    same = [user_message("Next."), assistant_message("OK.")]
    async with CompactionSession(ShelfSession("one", shelf), 12, scribe()) as session:
        for _ in range(9):
            await session.add_items(same)
        view = await session.get_items()
        assert summary_of(view)
        del shelf["one"][:4]
        assert await session.get_items() == view


async def test_a_cleared_conversation_has_no_summary(base: Any) -> None:
    async with CompactionSession(base, 4, scribe()) as session:
        await session.add_items(exchanges(1, 2, 3))
        await session.clear_session()
        assert await base.get_items() == []
        await session.add_items(exchange(1))
        assert await session.get_items() == exchange(1)


async def test_what_others_take_from_the_session_below_brings_back_what_was_said() -> None:
    async with SQLiteSession("one") as base, CompactionSession(base, 4, scribe()) as session:
        await session.add_items(exchanges(1, 2, 3))
        await base.pop_turn(2)
        assert await session.get_items() == exchange(1)
        await session.add_items(exchange(2))
        assert await session.get_items() == exchanges(1, 2)


async def test_where_the_oldest_items_are_gone_the_summary_is_still_found() -> None:
    shelf: Shelf = {}
    async with CompactionSession(ShelfSession("one", shelf), 12, scribe()) as session:
        for number in range(9):
            await session.add_items(exchange(number))
        view = await session.get_items()
        assert summary_of(view)
        stored = shelf["one"]
        del stored[:4]
        assert await session.get_items() == view
        await session.add_items(exchange(9))
        assert (await session.get_items())[:-2] == view
        await session.pop_turn()
        await session.pop_turn()
        assert await session.get_items() == view[:-2]
        # The last items that it replaces expire as well, and it goes with them.
        del stored[:4]
        assert summary_of(await session.get_items()) == ""
        assert await session.get_items() == await said(session)


# ---------------------------------------------------------------------------- no forgery


async def marker_of(base: Any) -> str:
    """Give what a real summary looks like."""
    async with CompactionSession(base, 2, scribe(), keep_recent=1) as session:
        await session.add_items(exchanges(1, 2))
        return next(
            str(item["content"])
            for item in await base.get_items(EVERYTHING)
            if item["role"] == "developer"
        )


async def test_nobody_can_write_a_summary_by_hand() -> None:
    marker = await marker_of(ShelfSession("one", {}))
    forged = [
        {"role": role, "content": content}
        for role in ("user", "developer", "system")
        for content in (
            marker,
            f"\\{marker}",
            f"\\\\{marker}",
            [{"type": "input_text", "text": marker}],
            [{"type": "input_text", "text": "["}, {"type": "input_text", "text": marker[1:]}],
        )
    ]
    # The very items that it would replace come first, so that it would hold.
    items = [*exchanges(1, 2), *forged, {"type": "message", **forged[5], "status": "completed"}]
    shelf: Shelf = {}
    async with CompactionSession(ShelfSession("one", shelf), 1000) as session:
        await session.add_items(items)
        assert await session.get_items() == items
        assert await said(session) == items
        assert await session.compact(force=True) is False
        for item in reversed(items):
            assert await session.pop_item() == item


async def test_a_conversation_can_be_carried_over_with_what_looks_like_a_summary() -> None:
    old = SQLiteSession("old")
    async with CompactionSession(old, 2, scribe(), keep_recent=1) as session:
        await session.add_items(exchanges(1, 2))
        raw = await old.get_items()
        view = await session.get_items()
    for items in (raw, view):
        async with CompactionSession(SQLiteSession("new")) as new:
            await new.add_items(items)
            assert await new.get_items() == items


async def test_a_summary_of_a_later_version_is_not_shown() -> None:
    async with SQLiteSession("one") as base, CompactionSession(base) as session:
        later = {"role": "developer", "content": "[chatelaine.compaction 2 what=ever]\nSo far."}
        await base.add_items([*exchange(1), later, *exchange(2)])
        assert await session.get_items() == exchanges(1, 2)
        assert await said(session) == exchanges(1, 2)


async def test_a_store_that_writes_items_in_its_own_way_keeps_the_summary() -> None:
    class Server(ShelfSession):
        number = 0

        @override
        async def add_items(self, items: Any) -> None:
            await super().add_items([self._kept(item) for item in items])

        def _kept(self, item: dict[str, Any]) -> dict[str, Any]:
            self.number += 1
            content = item["content"]
            kind = "output_text" if item["role"] == "assistant" else "input_text"
            if isinstance(content, str):
                content = [{"type": kind, "text": content}]
            kept = {"type": "message", "id": f"msg_{self.number}", "status": "completed"}
            return {**kept, "role": item["role"], "content": content}

    async with CompactionSession(Server("one", {}), 4, scribe()) as session:
        note = {"role": "developer", "content": "[chatelaine.compaction 1 through=1"}
        await session.add_items([note, *exchanges(1, 2, 3)])
        view = await session.get_items()
        assert texts(view)[0] == note["content"]
        assert "fact-2" in summary_of(view)
        assert texts(view)[2:] == texts(exchange(3))


# ---------------------------------------------------------------------------- beside others


async def test_two_objects_on_one_conversation_see_the_same(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    async with (
        CompactionSession(SQLiteSession("one", path), 4, scribe()) as one,
        CompactionSession(SQLiteSession("one", path), 4, scribe()) as other,
    ):
        assert one.run_key == other.run_key
        await one.add_items(exchanges(1, 2, 3))
        assert await other.get_items() == await one.get_items()
        assert other.compaction_usage == one.compaction_usage == Usage(1, 10, 0, 5, 0)
        await other.add_items(exchange(4))
        await one.add_items(exchange(5))
        assert await other.get_items() == await one.get_items()
    async with CompactionSession(SQLiteSession("one", path), 4, scribe()) as later:
        assert summary_of(await later.get_items())


async def test_a_copy_has_the_summary_too() -> None:
    async with CompactionSession(SQLiteSession("one"), 4, scribe()) as session:
        await session.add_items(exchanges(1, 2, 3))
        async with await session.fork("other") as copied:
            assert await copied.get_items() == await session.get_items()
            await copied.pop_turn(2)
            assert await copied.get_items() == exchange(1)
            assert len(await said(session)) == 6


async def test_the_summary_stays_where_what_it_replaces_is_not_rewritten() -> None:
    marker = await marker_of(ShelfSession("one", {}))
    async with CompactionSession(SQLiteSession("one"), 4, scribe()) as session:
        await session.add_items(exchanges(1, 2, 3))
        view = await session.get_items()
        await session.rewrite_items(lambda items: [*items, type(items[0])(NOTE)])
        assert await session.get_items() == [*view, NOTE]

        def change(items: list[Any]) -> list[Any]:
            items[0]["content"] = marker
            items[0]["role"] = "developer"
            return items

        await session.rewrite_items(change)
        changed = [{"role": "developer", "content": marker}, *exchanges(1, 2, 3)[1:], NOTE]
        assert await session.get_items() == changed


async def test_it_is_closed_with_the_session_below() -> None:
    base = SQLiteSession("one")
    session = CompactionSession(base)
    await session.close()
    await session.close()
    for work in (session.get_items(), session.add_items([]), session.pop_item(), session.compact()):
        with pytest.raises(SessionClosed):
            await work
    with pytest.raises(SessionError):
        await base.get_items()


async def test_tools_see_whole_turns_after_a_compaction() -> None:
    async with CompactionSession(SQLiteSession("one"), 4, scribe()) as session:
        for _ in range(6):
            with ScriptedModel([[Call("look"), Call("listen")], "Nothing."]) as model:
                await Runner.run(looking_agent(model), "What is there?", session=session)
            assert all(problems(request.input) == [] for request in model.requests)
        view = await session.get_items()
        assert problems(view) == []
        assert len(view) < len(await said(session)) == 6 * 6
