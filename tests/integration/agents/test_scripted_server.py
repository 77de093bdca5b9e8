"""The scripted server itself: what it promises to the tests that lean on it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from support.asking import tell
from support.openai_replies import Gate, Refusal, Reply, Text, call_part, text
from support.openai_server import ScriptedServer, hosted_server
from support.until import wait_until

TESTS = Path(__file__).parents[2]


def post(url: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
    """Send a request as a client would that knows nothing of ours."""
    request = urllib.request.Request(  # noqa: S310 - the scheme is http
        url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - the same
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def hello(**more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hello there"}], **more}


def test_it_can_be_hosted_in_a_thread() -> None:
    with hosted_server() as server:
        status, reply = post(f"{server.base_url}/chat/completions", hello())

    assert status == 200
    assert reply["choices"][0]["message"]["content"] == "You said: Hello there"
    assert server.last.body["model"] == "m"


def test_replies_are_used_in_their_order_and_may_look_at_the_request() -> None:
    with hosted_server() as server:
        server.script(
            Reply((Text(("a",)), call_part("f", {"x": 1}))),
            lambda exchange: text(exchange.body["model"]),
            Refusal(429, "slow down", "rate_limit_exceeded"),
        )
        url = f"{server.base_url}/responses"
        first = post(url, {"model": "m-1", "input": "Hi"})[1]
        second = post(url, {"model": "m-1", "input": "Hi"})[1]
        third = post(url, {"model": "m-1", "input": "Hi"})

    assert [item["type"] for item in first["output"]] == ["message", "function_call"]
    assert second["output"][0]["content"][0]["text"] == "m-1"
    assert third[0] == 429
    assert third[1]["error"]["code"] == "rate_limit_exceeded"


def test_a_reply_that_nobody_asked_for_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="1 scripted replies"), hosted_server() as server:
        server.script(text("never heard"))


async def test_a_reply_that_nobody_asked_for_fails_the_test_in_a_loop_too() -> None:
    with pytest.raises(AssertionError, match="1 scripted replies"):
        async with ScriptedServer() as server:
            server.script(text("never heard"))


def test_an_error_of_the_test_is_not_hidden_by_a_reply_that_was_not_used() -> None:
    def failing() -> None:
        with hosted_server() as server:
            server.script(text("never heard"))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        failing()


@pytest.mark.parametrize("key", [None, "wrong"])
def test_a_key_can_be_wanted(key: str | None) -> None:
    with hosted_server(api_key="right") as server:
        url = f"{server.base_url}/chat/completions"
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        assert post(url, hello(), **headers)[0] == 401
        assert post(url, hello(), Authorization="Bearer right")[0] == 200


CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "x"}
TOOL_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([CALL], "No tool output found"),
        ([OUTPUT], "No tool call found"),
        ([{"role": "user", "content": "a", "note": 1}], "unknown field 'note'"),
        ([{"type": "reasoning", "id": "rs_1", "summary": []}], "'rs_1' not found"),
        ([{"role": "assistant", "content": [{"type": "input_text", "text": "a"}]}], "a part"),
        ([{"role": "user", "content": ""}], "nothing in it"),
        ([{"type": "message", "role": "user", "content": "a", "status": "odd"}], "status"),
        ([{"type": "marvel"}], "unknown type"),
    ],
)
def test_it_refuses_what_a_strict_responses_server_would(
    items: list[dict[str, Any]], words: str
) -> None:
    with hosted_server() as server:
        body = {"model": "m", "store": False, "input": items}
        status, reply = post(f"{server.base_url}/responses", body)

    assert status == 400
    assert words in reply["error"]["message"]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([{"role": "assistant", "tool_calls": [TOOL_CALL]}], "missing"),
        ([{"role": "tool", "tool_call_id": "c", "content": "x"}], "was not called"),
        (
            [{"role": "assistant", "tool_calls": [TOOL_CALL]}, {"role": "user", "content": "a"}],
            "must come first",
        ),
        ([{"role": "user", "content": "a", "note": 1}], "unknown role or field"),
        ([{"role": "assistant", "content": None}], "nothing in it"),
        ([], "Missing required parameter"),
    ],
)
def test_it_refuses_what_a_strict_chat_server_would(
    messages: list[dict[str, Any]], words: str
) -> None:
    with hosted_server() as server:
        body = {"model": "m", "messages": messages}
        status, reply = post(f"{server.base_url}/chat/completions", body)

    assert status == 400
    assert words in reply["error"]["message"]


def test_a_gate_is_opened_from_another_thread() -> None:
    gate = Gate()
    with hosted_server() as server:
        from chatelaine.agents.models.openai_responses import OpenAIResponsesModel

        server.script(text("a", gate, "b"))
        model = OpenAIResponsesModel("m", base_url=server.base_url)

        async def ask() -> str:
            async with asyncio.TaskGroup() as group:
                told = group.create_task(tell(model))
                await asyncio.to_thread(gate.reached.wait)
                assert not told.done()
                gate.open()
            return (await told).said

        assert asyncio.run(ask()) == "ab"
    assert server.last.closed_early is None
    assert server.last.ended is not None


def test_it_runs_by_itself() -> None:
    command = [sys.executable, "-m", "support.openai_server", "--pieces", "3"]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        reply = post(f"{url}/chat/completions", hello())[1]
        process.terminate()
        wait_until(lambda: process.poll() is not None)

    assert reply["choices"][0]["message"]["content"] == "word0 word1 word2 "
    assert process.returncode == 0
