"""The demo model: honest, helpful, and always the same."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.agent import Agent
from chatelaine.agents.events import TextDelta
from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    kind_of,
    text_of,
    user_message,
)
from chatelaine.agents.models import demo_texts
from chatelaine.agents.models.demo import DemoModel
from chatelaine.agents.models.protocol import Model, ModelRequest, ModelResponse, ToolDescription
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.tools import function_tool


async def talk(*said: str, tools: Any = ()) -> str:
    """Say these things one after the other, and give the last answer."""
    agent = Agent("Demo", model=DemoModel(delay=0), tools=tools)
    answer = ""
    async with SQLiteSession("demo") as session:
        for text in said:
            answer = (await Runner.run(agent, text, session=session)).final_output
    return answer


async def response_to(items: list[dict[str, Any]], *tools: ToolDescription) -> dict[str, Any]:
    events = [event async for event in DemoModel(delay=0).stream(ModelRequest(None, items, tools))]
    *deltas, response = events
    assert isinstance(response, ModelResponse)
    (item,) = response.items
    text = "".join(event.delta for event in deltas if isinstance(event, TextDelta))
    assert text == (text_of(item) if kind_of(item) == "message" else "")
    return item


# ---------------------------------------------------------------------------- what it is


def test_it_is_a_model() -> None:
    assert isinstance(DemoModel(), Model)
    assert DemoModel().name == "demo"
    asyncio.run(DemoModel().aclose())


@pytest.mark.parametrize("first", ["Hello", "hi!", "What can I do here?", "help", "Good morning"])
async def test_the_first_answer_tells_what_it_is_and_what_can_be_tried(first: str) -> None:
    answer = await talk(first)
    assert "not an AI" in answer
    for hint in ("table", "my name", "first", "Markdown", "long answer", "time"):
        assert hint.lower() in answer.lower()


@pytest.mark.parametrize("first", ["Show me a table", "My name is Ann.", "Blah.", "你好"])
async def test_whatever_comes_first_it_says_that_it_is_no_ai(first: str) -> None:
    assert "not an AI" in await talk(first)
    assert "not an AI" not in await talk("Hello", first)


async def test_it_says_what_it_is_when_asked() -> None:
    for question in ("Who are you?", "Are you an AI?", "what are you"):
        assert "not an AI" in await talk("Hello", question)


async def test_each_hint_of_the_greeting_leads_somewhere() -> None:
    greeting = await talk("Hello")
    hints = re.findall(r"\*\*([^*]+)\*\*", greeting)[1:]
    assert len(hints) > 8
    for hint in hints:
        answer = await talk("Hello", hint.replace("…", "Ann"))
        assert "A real model would" not in answer, hint


async def test_it_is_always_the_same() -> None:
    said = ("Hello", "My name is Ann", "Anything", "Show me a table", "What do you remember?")
    assert await talk(*said) == await talk(*said)


async def test_it_streams_in_small_pieces() -> None:
    sizes = [
        len(event.delta)
        async for event in DemoModel(delay=0).stream(
            ModelRequest(None, [user_message("a long answer")])
        )
        if isinstance(event, TextDelta)
    ]
    assert len(sizes) > 100
    assert max(sizes) <= 15


async def test_it_takes_its_time_between_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(delay: float) -> None:
        slept.append(delay)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    stream = DemoModel(delay=0.5).stream(ModelRequest(None, [user_message("Hello")]))
    pieces = [event async for event in stream if isinstance(event, TextDelta)]
    assert slept == [0.5] * len(pieces)


# ---------------------------------------------------------------------------- it remembers


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("My name is Ann.", "Ann"),
        ("Hi, my name is Ada Lovelace and I like algebra", "Ada Lovelace"),
        ("my name's zoë", "zoë"),
        ("Please call me Ishmael.", "Ishmael"),
        ("I'm called Jean-Luc, by the way", "Jean-Luc"),
        ("My name is O'Neil", "O'Neil"),
        ("My name is 王", "王"),
    ],
)
async def test_it_knows_the_name_that_was_told(told: str, name: str) -> None:
    for question in ("What is my name?", "what's my name", "Who am I?"):
        answer = await talk("Hello", told, "Anything.", question)
        assert answer.startswith(f"Your name is {name}.")


async def test_it_knows_the_latest_name_and_says_when_it_knows_none() -> None:
    assert "Bob" in await talk("My name is Ann", "My name is Bob", "What is my name?")
    assert "not told me your name" in await talk("Hello", "Call me later.", "What is my name?")


async def test_it_knows_what_was_said_first_and_last() -> None:
    assert "> Good evening" in await talk("Good evening", "x", "What did I say first?")
    assert "> Good evening" in await talk("Good evening", "x", "What was my first message?")
    assert "> the thing" in await talk("Hello", "the thing", "What did I just say?")
    assert "first message" in await talk("What did I say before?")


async def test_it_counts_the_messages() -> None:
    answer = await talk("Hello", "Hello again", "How many messages did I write?")
    assert "You wrote 3 messages" in answer
    assert "answered 2 times" in answer


async def test_it_remembers_what_was_told() -> None:
    answer = await talk(
        "Hello",
        "I prefer dark mode. Is that fine?",
        "Set language to Finnish",
        "My name is Ann. Remember that my cat is called Tom!",
        "What do you remember?",
    )
    for fact in (
        "name is Ann",
        "I prefer dark mode",
        "Set language to Finnish",
        "cat is called Tom",
    ):
        assert fact in answer
    assert "Is that fine" not in answer
    assert "I prefer dark mode" in await talk("I prefer dark mode", "What are my preferences?")
    assert "not told me anything" in await talk("Hello", "What do you remember?")


async def test_each_answer_to_small_talk_quotes_it_and_suggests_something_else() -> None:
    answers = [
        await talk(*["Hello"] * (number + 1), "Some {odd} *words*\nin lines") for number in range(6)
    ]
    for answer in answers:
        assert "> Some {odd} *words*\n> in lines" in answer
    assert len(set(answers)) == 6


# ---------------------------------------------------------------------------- it shows Markdown


@pytest.mark.parametrize(
    ("wish", "sign"),
    [
        ("Show me a table", "|:---"),
        ("code please", "```python"),
        ("lists", "\n1. "),
        ("some tasks", "- [x]"),
        ("a quote", "> >"),
        ("show me maths", "$$"),
        ("bold text", "***both***"),
        ("links", "](https://"),
        ("headings", "\n#### "),
        ("unicode", "العربية"),
    ],
)
async def test_it_shows_what_is_wished(wish: str, sign: str) -> None:
    assert sign in await talk("Hello", wish)
    assert sign in await talk("Hello", "all of Markdown")
    assert sign in await talk("Hello", "show me everything")


async def test_a_long_answer_is_long() -> None:
    assert len(await talk("Hello", "Give me a long answer")) > 3000


async def test_ordinary_words_are_not_taken_for_wishes() -> None:
    for text in ("How long is the Nile?", "A notable man", "How many people live there?"):
        assert "A real model would" in await talk("Hello", text)


def test_every_page_is_reached_by_its_words() -> None:
    pages = {page for _, page in demo_texts.PAGES}
    assert len(pages) == len(demo_texts.PAGES)


# ---------------------------------------------------------------------------- it continues


async def cut(asked: list[dict[str, Any]], after: int) -> dict[str, Any]:
    whole = text_of(await response_to(asked))
    return assistant_message(whole[:after], status="incomplete")


async def test_an_answer_that_was_stopped_is_continued() -> None:
    asked = [user_message("Hello"), assistant_message("Hi"), user_message("a long answer")]
    whole = text_of(await response_to(asked))
    first = await cut(asked, 500)
    asked += [first, user_message("Please continue exactly where you stopped.")]
    rest = text_of(await response_to(asked))
    assert (text_of(first) + rest).split() == whole.split() or whole.endswith(rest)
    second = await cut(asked, 200)
    asked += [second, user_message("continue")]
    assert whole.endswith(text_of(await response_to(asked)))
    assert len(text_of(await response_to(asked))) < len(rest)


async def test_there_is_nothing_to_continue_after_the_end() -> None:
    asked = [user_message("Hello"), assistant_message("Hi."), user_message("continue")]
    assert "A real model" in text_of(await response_to(asked))
    asked[1] = assistant_message("somebody else's words", status="incomplete")
    assert "nothing left" in text_of(await response_to(asked))


# ---------------------------------------------------------------------------- it uses tools


@function_tool
def current_time(zone: str = "UTC") -> str:
    """Tell the date and the time."""
    return f"noon in {zone}"


@function_tool
def roll_dice(
    sides: int, colour: Literal["red", "blue"], names: list[str], fair: bool, how: dict[str, int]
) -> str:
    """Roll some dice."""
    return f"{sides} {colour} {names} {fair} {how}"


@pytest.mark.parametrize("wish", ["What time is it?", "what's the date today", "use a tool"])
async def test_it_uses_the_tool_that_fits(wish: str) -> None:
    answer = await talk("Hello", wish, tools=[current_time, roll_dice])
    assert "> noon in UTC" in answer


async def test_it_makes_up_arguments_that_fit_the_tool() -> None:
    answer = await talk(
        "Hello", "Use the dice tool with 20 sides, blue, for 'Ann'", tools=[current_time, roll_dice]
    )
    assert "> 20 blue ['Ann'] True {}" in answer


async def test_it_says_when_it_has_no_tool() -> None:
    assert "given none" in await talk("Hello", "use a tool")
    assert "given none" in await talk("Hello", "What time is it?")


async def test_its_help_names_the_tools_there_are() -> None:
    assert "`current_time`" in await talk("Hello", "help", tools=[current_time])
    assert "there is none here" in await talk("Hello", "help")


async def test_it_talks_on_after_a_tool() -> None:
    answer = await talk("Hello", "use a tool", "What did I say first?", tools=[current_time])
    assert "> Hello" in answer


async def test_a_schema_of_any_shape_gets_arguments() -> None:
    node = {
        "type": "object",
        "properties": {"value": {"type": "number"}, "kind": {"anyOf": [{"type": "string"}]}},
        "required": ["value", "kind"],
    }
    parameters = {
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/Tree"}, "any": {}},
        "required": ["tree"],
        "$defs": {"Tree": node},
    }
    item = await response_to(
        [user_message("use a tool")], ToolDescription("plant", "Plant a tree.", parameters)
    )
    assert item["name"] == "plant"
    assert json.loads(item["arguments"]) == {"tree": {"value": 1, "kind": "use a tool"}}


async def test_it_does_not_call_a_tool_for_ever() -> None:
    items = [
        user_message("use a tool"),
        function_call("call_1", "current_time", {}),
        function_call_output("call_1", "noon"),
    ]
    item = await response_to(items, current_time.describe())
    assert text_of(item).endswith("> noon")


# ---------------------------------------------------------------------------- any history at all

words = st.text(max_size=30) | st.sampled_from(
    ["continue", "my name is", "use a tool", "what did I say first", "{0}", "> x", "what time"]
)
items = st.one_of(
    words.map(user_message),
    words.map(assistant_message),
    words.map(lambda text: assistant_message(text, status="incomplete")),
    st.just({"type": "reasoning", "summary": []}),
    words.map(lambda text: function_call_output("c", text)),
)


@given(st.lists(items, max_size=6))
def test_it_has_an_answer_to_every_history(history: list[dict[str, Any]]) -> None:
    item = asyncio.run(response_to(history, current_time.describe()))
    assert kind_of(item) == "function_call" or text_of(item).strip()
