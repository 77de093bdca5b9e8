from __future__ import annotations

from datetime import UTC, datetime

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.store.records import StoredItem, Thread, Turn, TurnState
from chatelaine.store.transfer.markdown import thread_to_markdown
from chatelaine.store.transfer.registry import EXPORTERS

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
THREAD = Thread(1, "thread_x", "A title", "", NOON, NOON)


def turn(*items, state=TurnState.DONE, agent="Ada", **fields):
    stored = tuple(
        StoredItem(item, "" if item.get("role") == "user" else agent, NOON) for item in items
    )
    return Turn(1, 1, None, state, stored, agent, "m", NOON, **fields)


def written(*turns, thread=THREAD):
    return thread_to_markdown(thread, turns)


def test_a_conversation_with_a_tool():
    text = written(
        turn(user_message("What time is it?"), assistant_message("One moment.")),
        turn(
            user_message("And now?"),
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Think\nhard"}]},
            function_call("c", "clock", {"zone": "UTC"}),
            function_call_output("c", "12:00"),
            assistant_message("It is **noon**.\n\n* really"),
        ),
    )
    assert (
        text
        == """\
# A title

*2026-03-04 · `thread_x`*

## You

What time is it?

## Ada

One moment.

## You

And now?

## Ada

> Think
> hard

**Tool** `clock`

```json
{
  "zone": "UTC"
}
```

**Answer of the tool**

```
12:00
```

It is **noon**.

* really
"""
    )


def test_a_thread_in_which_nothing_was_said():
    thread = Thread(1, "thread_x", "", "", NOON, NOON)
    assert written(thread=thread) == "# New thread\n\n*2026-03-04 · `thread_x`*\n"


def test_our_own_words_are_not_taken_for_markdown():
    thread = Thread(1, "a`b", "*stars* _and_ [links](x) <b>\n# two", "", NOON, NOON)
    first, _, second, *_ = written(thread=thread).splitlines()
    assert first == r"# \*stars\* \_and\_ \[links\](x) \<b\> \# two"
    assert second == "*2026-03-04 · ``a`b``*"


def test_a_fence_is_longer_than_any_in_what_it_holds():
    text = written(turn(function_call_output("c", "````\ncode\n````")))
    assert "`````\n````\ncode\n````\n`````" in text


def test_arguments_that_are_no_json_are_shown_as_they_came():
    assert '```json\n{"a": \n```' in written(turn(function_call("c", "x", '{"a": ')))


def test_arguments_are_set_out_and_say_what_they_said():
    arguments = '{"price":1.10,"name":"\\u00e9"}'
    assert '```json\n{\n  "price": 1.10,\n  "name": "é"\n}\n```' in written(
        turn(function_call("c", "x", arguments))
    )
    deep = "[" * 50_000 + "]" * 50_000
    assert f"```json\n{deep}\n```" in written(turn(function_call("c", "x", deep)))


def test_tools_that_run_at_the_server_are_named():
    assert "**Tool** `web_search`" in written(turn({"type": "web_search_call", "id": "w"}))


def test_how_a_turn_ended_is_said():
    half = assistant_message("half", status="incomplete")
    for state, words in (
        (TurnState.STOPPED, "*Stopped.*"),
        (TurnState.INTERRUPTED, "*Interrupted.*"),
        (TurnState.FAILED, "*Failed.*"),
        (TurnState.RUNNING, "*Still being written.*"),
    ):
        assert written(turn(user_message("x"), half, state=state)).endswith(f"half\n\n{words}\n")
    failed = turn(user_message("x"), state=TurnState.FAILED, error_title="No", error_message="way")
    assert written(failed).endswith("*Failed: No way*\n")
    running = turn(user_message("x"), state=TurnState.RUNNING, draft="so far")
    assert "so far\n\n*Still being written.*" in written(running)


def test_instructions_and_nameless_agents_have_a_name():
    text = written(
        turn({"role": "system", "content": "Be kind"}, assistant_message("Yes"), agent="")
    )
    assert "## Instructions\n\nBe kind\n\n## Assistant\n\nYes" in text


def test_items_without_words_leave_no_trace():
    assert written(turn(user_message(" "), {"type": "reasoning", "summary": []})) == written()


def test_markdown_is_what_one_gets_who_does_not_choose():
    exporter = EXPORTERS[0]
    assert (exporter.name, exporter.suffix) == ("Markdown", ".md")
    assert exporter.render(THREAD, [turn(user_message("x"))]) == written(turn(user_message("x")))
