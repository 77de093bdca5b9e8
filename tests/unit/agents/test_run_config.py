"""What can be chosen for a run, and what a run does with its session."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import MissingCredentials, ServerFailed, SessionError, UserError
from chatelaine.agents.events import TextDelta
from chatelaine.agents.items import (
    Item,
    MessageInputItem,
    Origin,
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.models.protocol import ModelSettings
from chatelaine.agents.run_config import RunConfig
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.protocol import EVERYTHING, RunHistory, SessionSettings
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import Call, Gate, Reasoning, ScriptedModel, Step
from contracts.validity import problems

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from support.guards import LogWatch

NOTE = {"role": "system", "content": "Be formal."}


class NotingSession:
    """A session in a list, which notes what is asked of it and who the items come from."""

    def __init__(self, items: Sequence[dict[str, Any]] = ()) -> None:
        self.session_id = "noting"
        self.session_settings: SessionSettings | None = None
        self.items = [Item(item) for item in items]
        self.limits: list[int | None] = []
        self.generation = 0
        self.clear_at_next_add = False

    @property
    def run_key(self) -> tuple[str, ...]:
        return ("noting", str(id(self)))

    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        start = 0 if limit is None else max(0, len(self.items) - limit)
        return [*self.items[start:]]

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        self.limits.append(limit)
        return RunHistory(await self.get_items(limit), self.generation)

    async def add_items(self, items: Sequence[dict[str, Any]]) -> None:
        await asyncio.sleep(0)
        self.items += [Item(item) for item in items]

    async def add_run_items(
        self, items: Sequence[dict[str, Any]], origin: Origin, mark: object
    ) -> bool:
        if self.clear_at_next_add:
            self.clear_at_next_add = False
            await self.clear_session()
        if mark != self.generation:
            return False
        before = len(self.items)
        await self.add_items(items)
        for item in self.items[before:]:
            item.origin = origin
        return True

    async def pop_item(self) -> dict[str, Any] | None:
        await asyncio.sleep(0)
        return self.items.pop() if self.items else None

    async def clear_session(self) -> None:
        self.items = []
        self.generation += 1


def agent(*steps: Step, **more: Any) -> Agent:
    return Agent(more.pop("name", "A"), model=ScriptedModel(steps), **more)


def texts(items: Sequence[dict[str, Any]]) -> list[str]:
    return [Item(item).text for item in items]


async def asked(
    session: Any, given: Any = "new", **chosen: Any
) -> tuple[list[dict[str, Any]], Any]:
    """Run once; give what the model saw, and the result."""
    model = ScriptedModel(["Fine."])
    result = await Runner.run(
        Agent("A", model=model), given, session=session, run_config=RunConfig(**chosen)
    )
    return list(model.requests[0].input), result


@pytest.fixture
async def session() -> AsyncIterator[SQLiteSession]:
    async with SQLiteSession("one") as opened:
        yield opened


# ---------------------------------------------------------------------------- what it is


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"on_busy": "sometimes"}, "on_busy is one of 'wait', 'error', 'allow'"),
        ({"on_failed_turn": "hope"}, "on_failed_turn is one of 'replace', 'keep', 'drop'"),
        ({"session_settings": {"limits": 3}}, "no setting called limits"),
        ({"session_settings": 3}, "3 is no SessionSettings"),
    ],
)
def test_what_cannot_be_chosen_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        RunConfig(**wrong)


def test_something_else_than_a_config_is_refused() -> None:
    with pytest.raises(UserError, match="is not a RunConfig"):
        Runner.run_streamed(agent(), "?", run_config={})  # type: ignore[arg-type]  # the mistake


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        RunConfig(session_settings={"limit": -1})


async def test_the_model_of_the_run_wins() -> None:
    mine, other = ScriptedModel(["Mine."]), ScriptedModel(["Other."])
    result = await Runner.run(Agent("A", model=mine), "?", run_config=RunConfig(model=other))
    assert result.final_output == "Other."


async def test_a_model_that_is_only_named_needs_a_key() -> None:
    with pytest.raises(MissingCredentials):
        await Runner.run(agent("No."), "?", run_config=RunConfig(model="gpt-5"))


async def test_a_model_that_is_only_named_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    config = RunConfig(model="gpt-5")
    model = config.model_for(agent())
    assert (model.name, config.model_for(agent())) == ("gpt-5", model)
    await model.aclose()


async def test_settings_of_the_run_win_where_they_say_something() -> None:
    model = ScriptedModel(["Yes."])
    settings = ModelSettings(temperature=0.5, top_p=0.1, extra_body={"a": 1, "b": 1})
    wins = ModelSettings(temperature=0.9, store=True, extra_body={"b": 2})
    await Runner.run(
        Agent("A", model=model, model_settings=settings),
        "?",
        run_config=RunConfig(model_settings=wins),
    )
    assert model.requests[0].settings == dataclasses.replace(
        settings, temperature=0.9, store=True, extra_body={"a": 1, "b": 2}
    )


# ---------------------------------------------------------------------------- limits


TWO_TURNS = [
    NOTE,
    user_message("one"),
    function_call("c", "look", {}),
    function_call_output("c", "nothing"),
    assistant_message("It is nothing."),
    user_message("two"),
    assistant_message("Well."),
]


@pytest.mark.parametrize(
    ("limit", "seen"),
    [
        (0, []),
        (1, ["Well."]),
        (2, ["two", "Well."]),
        (3, ["two", "Well."]),  # the rest of a turn is dropped where a turn begins later
        (4, ["two", "Well."]),
        (6, ["one", "", "nothing", "It is nothing.", "two", "Well."]),
        (7, texts(TWO_TURNS)),
        (99, texts(TWO_TURNS)),
    ],
)
@pytest.mark.parametrize("of_the_run", [True, False], ids=["of the run", "of the session"])
async def test_a_limit_is_cut_where_a_turn_begins(
    session: SQLiteSession, limit: int, seen: list[str], *, of_the_run: bool
) -> None:
    await session.add_items(TWO_TURNS)
    chosen: dict[str, Any] = {}
    if of_the_run:
        chosen["session_settings"] = {"limit": limit}
    else:
        session.session_settings = SessionSettings(limit=limit)
    found, _ = await asked(session, **chosen)
    assert texts(found) == [*seen, "new"]
    assert problems(found) == []
    assert len(await session.get_items(EVERYTHING)) == len(TWO_TURNS) + 2


async def test_notes_survive_the_cut() -> None:
    items = [user_message("one"), assistant_message("a"), NOTE, user_message("two")]
    found, _ = await asked(NotingSession(items), session_settings=SessionSettings(limit=3))
    assert texts(found) == ["Be formal.", "two", "new"]


async def test_a_limit_within_one_turn_shows_what_a_server_takes() -> None:
    items = TWO_TURNS[:5]
    found, result = await asked(NotingSession(items), session_settings={"limit": 2})
    assert texts(found) == ["It is nothing.", "new"]
    assert texts(result.omitted_items) == ["nothing"]


@pytest.mark.parametrize(
    ("own", "of_the_run", "limit"),
    [
        (None, None, None),
        (SessionSettings(limit=5), None, 5),
        (SessionSettings(limit=5), SessionSettings(limit=7), 7),
        (SessionSettings(limit=5), SessionSettings(turns=1), 5),
        (SessionSettings(turns=5), SessionSettings(turns=1), EVERYTHING),
        (SessionSettings(turns=5), None, None),
    ],
)
async def test_the_session_is_asked_once_for_what_is_wanted(
    own: SessionSettings | None, of_the_run: SessionSettings | None, limit: int | None
) -> None:
    noting = NotingSession(TWO_TURNS)
    noting.session_settings = own
    await asked(noting, session_settings=of_the_run)
    assert noting.limits == [limit]


async def test_turns_and_tokens_of_the_run_win_over_those_of_the_session(
    session: SQLiteSession,
) -> None:
    await session.add_items(TWO_TURNS)
    session.session_settings = SessionSettings(turns=1)
    assert texts((await asked(session))[0]) == ["Be formal.", "two", "Well.", "new"]
    more, _ = await asked(session, session_settings={"turns": 3})
    assert texts(more)[:2] == ["Be formal.", "one"]
    less, _ = await asked(session, session_settings={"max_tokens": 1})
    assert texts(less) == ["new"]


async def test_settings_of_others_are_understood() -> None:
    @dataclasses.dataclass
    class TheirSettings:
        limit: int | None = None

    noting: Any = NotingSession(TWO_TURNS)
    noting.session_settings = TheirSettings(limit=2)
    assert texts((await asked(noting))[0]) == ["two", "Well.", "new"]
    theirs: Any = TheirSettings(limit=7)
    assert len((await asked(noting, session_settings=theirs))[0]) > 3


# ---------------------------------------------------------------------------- the callback


async def test_the_callback_says_what_the_model_sees(session: SQLiteSession) -> None:
    await session.add_items(TWO_TURNS)

    def chosen(history: list[Any], new: list[Any]) -> list[Any]:
        assert [history, new] == [TWO_TURNS, [user_message("new")]]
        return [{"role": "system", "content": "It is late."}, *history[-1:], *new]

    for _ in range(2):
        await session.clear_session()
        await session.add_items(TWO_TURNS)
        found, _ = await asked(session, session_input_callback=chosen)
        assert texts(found) == ["It is late.", "Well.", "new"]
        # What it put in is stored nowhere.
        stored = await session.get_items()
        assert stored == [*TWO_TURNS, user_message("new"), assistant_message("Fine.")]


async def test_the_callback_may_be_async_and_change_what_it_gets(session: SQLiteSession) -> None:
    await session.add_items([user_message("one"), assistant_message("secret")])
    given = [user_message("new")]

    async def redacted(history: list[Any], new: list[Any]) -> list[Any]:
        await asyncio.sleep(0)
        history[1]["content"][0]["text"] = "(removed)"
        new[0]["content"] = "changed"
        return history + new

    found, _ = await asked(session, given, session_input_callback=redacted)
    assert texts(found) == ["one", "(removed)", "changed"]
    assert texts(await session.get_items()) == ["one", "secret", "new", "Fine."]
    assert given == [user_message("new")]


async def test_what_the_callback_leaves_is_made_fit_to_be_sent(session: SQLiteSession) -> None:
    await session.add_items(TWO_TURNS)
    found, result = await asked(
        session, session_input_callback=lambda history, new: history[-4:] + new
    )
    assert problems(found) == []
    assert texts(result.omitted_items) == ["nothing"]


@pytest.mark.parametrize("wrong", [None, "text", (user_message("a"),), ["text"]])
async def test_a_callback_that_gives_no_items_is_told(session: SQLiteSession, wrong: Any) -> None:
    with pytest.raises(UserError, match="session_input_callback"):
        await asked(session, session_input_callback=lambda _history, _new: wrong)
    assert await session.get_items() == []


# ---------------------------------------------------------------------------- failed turns


async def failed(session: Any, given: Any = "new", **chosen: Any) -> None:
    with pytest.raises(ServerFailed):
        await Runner.run(
            agent(ServerFailed("It broke.")),
            given,
            session=session,
            run_config=RunConfig(**chosen),
        )


async def test_a_question_that_is_asked_again_is_stored_once(session: SQLiteSession) -> None:
    await session.add_items(TWO_TURNS)
    await failed(session)
    await failed(session)
    found, _ = await asked(session)
    assert texts(found)[-2:] == ["Well.", "new"]
    assert texts(await session.get_items())[-3:] == ["Well.", "new", "Fine."]


async def test_another_question_is_another_question(session: SQLiteSession) -> None:
    await failed(session, "old")
    await asked(session)
    await asked(session)
    assert texts(await session.get_items()) == ["old", "new", "Fine.", "new", "Fine."]


async def test_a_question_can_be_kept_each_time(session: SQLiteSession) -> None:
    await failed(session)
    found, _ = await asked(session, on_failed_turn="keep")
    assert texts(found) == ["new", "new"]
    assert texts(await session.get_items()) == ["new", "new", "Fine."]


async def test_several_items_that_are_asked_again_are_stored_once(session: SQLiteSession) -> None:
    given = [NOTE, user_message("new")]
    await failed(session, given)
    await asked(session, given)
    assert texts(await session.get_items()) == ["Be formal.", "new", "Fine."]


async def test_the_callback_sees_a_repeated_question_as_the_new_one(
    session: SQLiteSession,
) -> None:
    await failed(session)
    seen: list[Any] = []

    def note(history: list[Any], new: list[Any]) -> list[Any]:
        seen.append((history, new))
        return history + new

    await asked(session, session_input_callback=note)
    assert seen == [([], [user_message("new")])]


async def test_a_question_that_failed_can_be_dropped(session: SQLiteSession) -> None:
    await session.add_items(TWO_TURNS)
    await failed(session, [NOTE, user_message("new")], on_failed_turn="drop")
    assert await session.get_items() == TWO_TURNS


async def test_a_question_that_was_stopped_can_be_dropped(session: SQLiteSession) -> None:
    gate = Gate()
    config = RunConfig(on_failed_turn="drop")
    async with asyncio.TaskGroup() as group:
        run = group.create_task(
            Runner.run(agent([gate, "No."]), "new", session=session, run_config=config)
        )
        await gate.reached()
        run.cancel()
    assert await session.get_items() == []


async def test_a_question_that_was_partly_answered_is_not_dropped(session: SQLiteSession) -> None:
    def look() -> str:
        return "nothing"

    with pytest.raises(ServerFailed):
        await Runner.run(
            agent(Call("look"), ServerFailed("It broke."), tools=[look]),
            "new",
            session=session,
            run_config=RunConfig(on_failed_turn="drop"),
        )
    assert len(await session.get_items()) == 3


async def test_a_question_is_not_dropped_after_what_others_added(session: SQLiteSession) -> None:
    gate = Gate()
    config = RunConfig(on_failed_turn="drop")
    async with asyncio.TaskGroup() as group:
        run = group.create_task(
            Runner.run(agent([gate, "No."]), "new", session=session, run_config=config)
        )
        await gate.reached()
        await session.add_items([NOTE])
        run.cancel()
    assert texts(await session.get_items()) == ["new", "Be formal."]


async def test_a_session_that_does_not_give_the_question_back_hides_no_failure(
    logs: LogWatch,
) -> None:
    class Stuck(NotingSession):
        @override
        async def pop_item(self) -> dict[str, Any] | None:
            raise SessionError("Not now.")

    stuck = Stuck()
    logs.expect("did not give a question back: SessionError")
    await failed(stuck, on_failed_turn="drop")
    assert texts(stuck.items) == ["new"]


@pytest.mark.parametrize("keep_partial", [True, False])
async def test_text_that_was_cut_off_is_kept_unless_it_is_not_wanted(
    session: SQLiteSession, *, keep_partial: bool
) -> None:
    result = Runner.run_streamed(
        agent(["Half ", "an answer"]),
        "?",
        session=session,
        run_config=RunConfig(keep_partial=keep_partial),
    )
    async with aclosing(result.stream_events()) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert texts(await session.get_items()) == (["?", "Half "] if keep_partial else ["?"])
    assert texts(result.new_items) == (["Half "] if keep_partial else [])


# ---------------------------------------------------------------------------- what is known already


async def test_a_list_that_begins_with_the_history_does_not_double_it(
    session: SQLiteSession, logs: LogWatch
) -> None:
    result = await Runner.run(agent("Hello."), "Hi", session=session)
    for _ in range(2):
        following = [*await session.get_items(), user_message("And?")]
        logs.expect("begins with the")
        found, _ = await asked(session, following)
        assert found == following
    assert texts(await session.get_items()) == ["Hi", "Hello.", "And?", "Fine.", "And?", "Fine."]
    assert texts(result.to_input_list()) == ["Hi", "Hello."]


async def test_a_list_with_the_history_alone_adds_nothing(
    session: SQLiteSession, logs: LogWatch
) -> None:
    result = await Runner.run(agent("Hello."), "Hi", session=session)
    logs.expect("begins with the 2 items")
    found, _ = await asked(session, result.to_input_list())
    assert texts(found) == ["Hi", "Hello."]
    assert texts(await session.get_items()) == ["Hi", "Hello.", "Fine."]


async def test_the_history_is_recognised_behind_a_limit(
    session: SQLiteSession, logs: LogWatch
) -> None:
    await session.add_items(TWO_TURNS)
    logs.expect("begins with the 7 items")
    given = [*TWO_TURNS, user_message("new")]
    found, _ = await asked(session, given, session_settings={"limit": 2})
    assert texts(found) == ["two", "Well.", "new"]
    assert len(await session.get_items()) == len(TWO_TURNS) + 2


async def test_a_list_that_says_the_same_again_is_not_taken_for_the_history(
    session: SQLiteSession,
) -> None:
    await session.add_items([user_message("new")])
    await asked(session, [user_message("new")], on_failed_turn="keep")
    assert texts(await session.get_items()) == ["new", "new", "Fine."]


async def test_a_list_that_begins_otherwise_is_new(session: SQLiteSession) -> None:
    await session.add_items([user_message("one"), assistant_message("Well.")])
    given = [user_message("two"), assistant_message("Well."), user_message("three")]
    found, _ = await asked(session, given)
    assert texts(found) == ["one", "Well.", "two", "Well.", "three"]


# ---------------------------------------------------------------------------- who said it


async def test_what_a_run_adds_is_signed() -> None:
    def look() -> str:
        return "nothing"

    noting = NotingSession()
    model = ScriptedModel([Call("look"), "Well."], name="m")
    result = await Runner.run(Agent("A", model=model, tools=[look]), "?", session=noting)
    origins = [item.origin for item in noting.items]
    assert len(noting.items) == 4
    assert {(each.agent, each.model) for each in origins if each} == {("A", "m")}
    assert len({each.run_id for each in origins if each}) == 1
    assert [item.origin for item in result.new_items] == origins[1:]  # type: ignore[attr-defined]  # items
    await asked(noting)
    assert len({item.origin.run_id for item in noting.items if item.origin}) == 2


async def test_the_thoughts_of_another_model_are_left_out() -> None:
    noting = NotingSession()
    first = ScriptedModel([[Reasoning("Hm."), "One."]], name="first")
    await Runner.run(Agent("A", model=first), "?", session=noting)
    noting.items[-1]["id"] = "msg_1"
    second, again = ScriptedModel(["Two."], name="second"), ScriptedModel(["1"], name="first")
    result = await Runner.run(Agent("A", model=second), "And?", session=noting)
    assert [item.get("type", "message") for item in second.requests[0].input] == ["message"] * 3
    assert "id" not in second.requests[0].input[1]
    assert noting.items[2]["id"] == "msg_1"
    assert texts(result.omitted_items) == ["Hm."]
    own = await Runner.run(Agent("A", model=again), "And?", session=noting)
    assert [item.get("type") for item in again.requests[0].input][1] == "reasoning"
    assert again.requests[0].input[2]["id"] == "msg_1"
    assert own.omitted_items == []


async def test_thoughts_of_nobody_known_are_shown() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    noting = NotingSession([user_message("?"), thought, assistant_message("One.")])
    found, result = await asked(noting)
    assert thought in found
    assert result.omitted_items == []


async def test_what_is_left_out_is_told_once(session: SQLiteSession) -> None:
    def look() -> str:
        return "nothing"

    orphan = function_call_output("lost", "an output without its call")
    await session.add_items([user_message("?"), orphan])
    result = await Runner.run(agent(Call("look"), "Well.", tools=[look]), "?", session=session)
    assert result.omitted_items == [orphan]
    assert orphan in await session.get_items()


# ---------------------------------------------------------------------------- cleared meanwhile


async def test_what_a_run_says_after_a_clear_is_not_stored() -> None:
    noting = NotingSession(TWO_TURNS)

    async def clear() -> str:
        await noting.clear_session()
        return "cleared"

    result = Runner.run_streamed(agent(Call("clear"), "Gone.", tools=[clear]), "?", session=noting)
    async for _ in result.stream_events():
        pass
    assert (result.final_output, result.session_cleared) == ("Gone.", True)
    assert len(result.new_items) == 3
    assert noting.items == []
    _, following = await asked(noting)
    assert not following.session_cleared
    assert texts(noting.items) == ["new", "Fine."]


async def test_a_session_that_is_cleared_before_the_question_is_stored_is_read_again() -> None:
    noting = NotingSession(TWO_TURNS)
    noting.clear_at_next_add = True
    found, result = await asked(noting)
    assert texts(found) == ["new"]
    assert texts(noting.items) == ["new", "Fine."]
    assert not result.session_cleared


# ---------------------------------------------------------------------------- messages by hand


async def test_a_message_can_be_put_into_a_session(session: SQLiteSession) -> None:
    await session.add_items([MessageInputItem(role="system", content="Be formal.")])
    parts = [{"type": "input_text", "text": "Hello"}]
    await session.add_items([MessageInputItem(role="user", content=parts)])
    found: list[Any] = await session.get_items()
    assert found == [NOTE, {"role": "user", "content": parts}]
    assert [item.type for item in found] == ["message", "message"]


def test_a_message_is_the_plain_dict_and_ones_own() -> None:
    parts = [{"type": "input_text", "text": "Hello"}]
    message = MessageInputItem(role="user", content=parts)
    assert message == {"role": "user", "content": parts}
    assert (message.role, message.text) == ("user", "Hello")
    parts[0]["text"] = "changed"
    assert message.text == "Hello"


@pytest.mark.parametrize(
    ("role", "content", "words"),
    [
        ("tool", "x", "one of user, assistant, system, developer; not 'tool'"),
        ("user", None, "a text or a list of parts; not NoneType"),
        ("user", {"type": "input_text"}, "a text or a list of parts; not dict"),
        ("user", [{"type": "input_text"}, "x"], "Part 2 of a message's content"),
        ("user", [{"text": "x"}], "Part 1 of a message's content"),
    ],
)
def test_a_message_that_is_none_is_refused(role: str, content: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        MessageInputItem(role=role, content=content)


@pytest.mark.parametrize("name", ["session_input_callback", "handoff_input_filter"])
def test_what_is_to_be_called_is_a_function(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is a function; not 5"):
        RunConfig(**{name: 5})  # type: ignore[arg-type]
