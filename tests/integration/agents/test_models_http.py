"""What both clients do at a real server, whatever it answers."""

from __future__ import annotations

import gzip
import json
import logging
import traceback
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ModelError,
    RateLimited,
    RequestRefused,
    RequestTimedOut,
    ResponseUnreadable,
    ServerFailed,
)
from chatelaine.agents.events import ReasoningDelta, TextDelta, Usage
from chatelaine.agents.items import function_call_output
from chatelaine.agents.models import answer_stream, sse
from support.asking import WEATHER, Told, asked, tell
from support.openai_replies import (
    Cut,
    Gate,
    Raw,
    Reasoning,
    Refusal,
    Reply,
    Text,
    call,
    call_part,
    chat_document,
    chat_stream,
    responses_document,
    responses_stream,
    text,
)
from support.openai_server import Silence
from support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.agents.models.openai_model import OpenAIModel
    from support.openai_server import Answer, Exchange, ScriptedServer

    MakeModel = Callable[..., OpenAIModel]

SOON = {"retry-after-ms": "1"}
"""So that a retry need not be waited for."""

ZIPPED = {"Content-Encoding": "gzip"}
FULL = Reply(
    (Reasoning(("Let me ", "think.")), Text(("Hel", "lo")), call_part("weather", {"town": "Ulm"}))
)


def as_stream(exchange: Exchange, reply: Reply) -> bytes:
    """Write a reply as the API that was asked streams it."""
    if exchange.path == "/responses":
        pieces = list(responses_stream(reply))
    else:
        pieces = list(chat_stream(reply, with_usage=True))
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


# ---------------------------------------------------------------------------- answers


async def test_text_is_told_while_it_comes(server: ScriptedServer, model: OpenAIModel) -> None:
    gate = Gate()
    server.script(text("Hel", gate, "lo"))

    async with aclosing(asked(model)) as events:
        assert await anext(events) == TextDelta("Hel")
        assert server.last.ended is None
        gate.open()
        rest = [event async for event in events]

    assert rest[0] == TextDelta("lo")


async def test_an_answer_has_its_items_its_cost_and_its_name(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(FULL)

    told = await tell(model)

    assert [event for event in told.events if isinstance(event, ReasoningDelta)] == [
        ReasoningDelta("Let me "),
        ReasoningDelta("think."),
    ]
    assert told.text == told.said == "Hello"
    reasoning, message, called = told.response.items
    assert reasoning["type"] == "reasoning"
    assert message["content"] == [{"type": "output_text", "text": "Hello", "annotations": []}]
    assert called == {
        "type": "function_call",
        "call_id": "call_1",
        "name": "weather",
        "arguments": '{"town": "Ulm"}',
    }
    assert told.response.usage == Usage(1, 10, 4, 5, 2)
    assert told.response.response_id


async def test_what_an_answer_brought_can_be_sent_back(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(FULL, text("Sunny."))
    first = await tell(model, "How is the weather?", tools=[WEATHER])

    told = await tell(
        model,
        "How is the weather?",
        *first.response.items,
        function_call_output("call_1", "sunny"),
        tools=[WEATHER],
    )

    assert told.said == "Sunny."
    assert "sunny" in json.dumps(server.last.body)


async def test_a_long_conversation_goes_on_and_on(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    history: list[dict[str, Any] | str] = []

    for number in range(20):
        history.append(f"number {number}")
        history += (await tell(model, *history)).response.items

    assert len(server.requests) == 20
    assert len(server.last.body.get("input") or server.last.body["messages"]) >= 39


async def test_a_connection_is_used_again(server: ScriptedServer, model: OpenAIModel) -> None:
    for _ in range(3):
        await tell(model)

    assert len({exchange.connection for exchange in server.requests}) == 1


async def test_a_model_may_be_asked_several_things_at_once(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    gate = Gate()
    server.script(text("slow", gate), text("fast"))

    async with aclosing(asked(model)) as slow:
        assert await anext(slow) == TextDelta("slow")
        assert (await tell(model)).said == "fast"
        gate.open()
        assert len([event async for event in slow]) == 1


async def test_a_server_may_answer_in_one_piece(server: ScriptedServer, model: OpenAIModel) -> None:
    def whole(exchange: Exchange) -> Raw:
        write = responses_document if exchange.path == "/responses" else chat_document
        return Raw((b"  \n", json.dumps(write(FULL)).encode()), "application/json")

    server.script(whole)

    told = await tell(model)

    assert told.text == told.said == "Hello"
    assert told.response.usage == Usage(1, 10, 4, 5, 2)


@pytest.mark.parametrize("content_type", ["text/event-stream", "text/plain", "application/json"])
async def test_a_stream_is_known_by_what_it_is_not_by_what_it_is_called(
    server: ScriptedServer, model: OpenAIModel, content_type: str
) -> None:
    server.script(lambda exchange: Raw((as_stream(exchange, FULL),), content_type))

    assert (await tell(model)).said == "Hello"


async def test_comments_line_ends_and_cuts_do_not_matter(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    def untidy(exchange: Exchange) -> Raw:
        stream = as_stream(exchange, text("Grüße, ", "漢字")).replace(b"\n", b"\r\n")
        stream = b": OPENROUTER PROCESSING\r\n\r\n" + stream
        return Raw(tuple(stream[place : place + 1] for place in range(len(stream))))

    server.script(untidy)

    assert (await tell(model)).said == "Grüße, 漢字"


async def test_a_stream_may_be_compressed(server: ScriptedServer, model: OpenAIModel) -> None:
    def compressed(exchange: Exchange) -> Raw:
        stream = gzip.compress(as_stream(exchange, FULL))
        return Raw((stream[:50], stream[50:]), headers=ZIPPED)

    server.script(compressed)

    assert (await tell(model)).said == "Hello"


async def test_an_answer_may_cost_nothing(server: ScriptedServer, model: OpenAIModel) -> None:
    server.script(text("Hi", usage=None))

    assert (await tell(model)).response.usage == Usage(1)


async def test_an_answer_that_was_cut_off_says_so(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(text("Half a", finish="length"), text("Yes."))

    told = await tell(model)

    assert told.response.items[0]["status"] == "incomplete"
    assert (await tell(model, "Hi", *told.response.items, "Go on.")).said == "Yes."


async def test_calls_that_share_an_id_with_earlier_ones_get_their_own(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(call("weather", {}, "call_0"), call("weather", {}, "call_0"))
    first = (await tell(model)).response.items

    second = (await tell(model, "Hi", *first, function_call_output("call_0", "wet"))).response.items

    assert first[0]["call_id"] == "call_0"
    assert second[0]["call_id"] != "call_0"


# ---------------------------------------------------------------------------- the request


async def test_the_key_is_sent(server: ScriptedServer, model: OpenAIModel) -> None:
    await tell(model)

    assert server.last.key == "sk-test"


async def test_without_a_key_no_other_is_sent_in_its_place(
    server: ScriptedServer, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")

    await tell(make_model(api_key=""))

    assert "authorization" not in server.last.headers


async def test_whose_account_it_is_at_openai_is_not_told_to_others(
    server: ScriptedServer, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")

    await tell(make_model())

    assert "mine" not in str(server.last.headers)


async def test_a_server_is_not_told_what_system_this_is(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    await tell(model)

    known = {"accept", "accept-encoding", "authorization", "connection", "content-length"}
    known |= {"content-type", "host", "user-agent", "x-stainless-raw-response"}
    assert server.last.headers.keys() <= known


async def test_server_and_key_may_come_from_the_environment(
    server: ScriptedServer, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url + "/")

    await tell(make_model(api_key=None, base_url=None))

    assert server.last.key == "sk-env"


async def test_a_proxy_is_not_asked_for_a_server_on_this_machine(
    server: ScriptedServer, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert (await tell(make_model())).said


async def test_half_a_character_in_a_history_does_not_stop_the_conversation(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    assert (await tell(model, "broken \ud83d emoji")).said == "You said: broken ? emoji"


# ---------------------------------------------------------------------------- refusals


async def test_a_refused_key_is_told_at_once_and_never_shown(
    server: ScriptedServer, make_model: MakeModel
) -> None:
    key = "sk-wrong-0123456789"
    message = f"Incorrect API key provided: {key}. You can find your key at ..."
    server.script(Refusal(401, message, "invalid_api_key"))

    with pytest.raises(AuthenticationFailed) as caught:
        await tell(make_model(api_key=key))

    assert len(server.requests) == 1
    assert key not in "".join(traceback.format_exception(caught.value))
    assert "You can find your key" in caught.value.message


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Refusal(400, "bad"), RequestRefused),
        (Refusal(403, "not from here"), AuthenticationFailed),
        (Refusal(404, "no model scripted-model", "model_not_found"), RequestRefused),
        (Refusal(413), RequestRefused),
        (Refusal(422, "bad"), RequestRefused),
        (Refusal(429, "pay", "insufficient_quota"), RateLimited),
    ],
)
async def test_what_will_not_pass_is_told_at_once(
    server: ScriptedServer, make_model: MakeModel, refusal: Refusal, kind: type[ModelError]
) -> None:
    model = make_model()
    await tell(model)  # from now on it is known to take what is sent
    server.requests.clear()
    server.script(refusal)

    with pytest.raises(kind) as caught:
        await tell(model)

    assert len(server.requests) == 1
    assert caught.value.status == refusal.status


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_again(
    server: ScriptedServer, model: OpenAIModel, status: int
) -> None:
    server.script(Refusal(status, headers=SOON), text("Hi"))

    told = await tell(model)

    assert [retry.attempt for retry in told.retries] == [2]
    assert told.said == "Hi"


async def test_it_is_not_tried_for_ever(server: ScriptedServer, model: OpenAIModel) -> None:
    server.script(*[Refusal(500, headers=SOON)] * 3)

    with pytest.raises(ServerFailed, match="status 500"):
        await tell(model)

    assert len(server.requests) == 3


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": -1.0}, {"max_retries": -1}])
def test_a_client_that_could_never_ask_is_not_made(
    make_model: MakeModel, options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="must"):
        make_model(**options)


async def test_how_often_it_is_tried_can_be_chosen(
    server: ScriptedServer, make_model: MakeModel
) -> None:
    server.script(Refusal(500, headers=SOON))

    with pytest.raises(ServerFailed):
        await tell(make_model(max_retries=0))


async def test_a_server_is_given_the_time_it_asks_for(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(Refusal(429, headers={"Retry-After": "0.2"}), text("Hi"))

    told = await tell(model)

    first, second = server.requests
    assert told.retries[0].delay >= 0.2
    assert second.at - first.at >= 0.2


async def test_a_time_that_is_too_long_is_told_instead(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(Refusal(429, headers={"Retry-After": "3600"}))

    with pytest.raises(RateLimited, match="60 minutes") as caught:
        await tell(model)

    assert caught.value.retry_after == 3600
    assert len(server.requests) == 1


# ---------------------------------------------------------------------------- broken answers


@pytest.mark.parametrize("reset", [False, True])
async def test_an_answer_that_breaks_off_is_begun_anew_and_said_to_be(
    server: ScriptedServer, model: OpenAIModel, reset: bool
) -> None:
    gate = Gate()
    server.script(text("Hel", gate, Cut(reset)), text("Hello"))

    async with aclosing(asked(model)) as events:
        assert await anext(events) == TextDelta("Hel")
        gate.open()
        told = Told([event async for event in events])

    assert "broke before the answer was complete" in told.retries[0].reason
    assert told.text == told.said == "Hello"


@pytest.mark.parametrize("after", [Gate(), Cut(), Cut(reset=True)])
async def test_what_happens_after_the_answer_is_whole_takes_nothing_away(
    server: ScriptedServer,
    make_model: MakeModel,
    monkeypatch: pytest.MonkeyPatch,
    after: Gate | Cut,
) -> None:
    monkeypatch.setattr(answer_stream, "_PATIENCE", 0.1)

    def unending(exchange: Exchange) -> Raw:
        stream = as_stream(exchange, text("Hello", usage=None)).removesuffix(b"data: [DONE]\n\n")
        return Raw((stream, after))

    server.script(unending)

    assert (await tell(make_model(max_retries=0))).said == "Hello"


async def test_an_answer_that_breaks_off_each_time_is_told(
    server: ScriptedServer, make_model: MakeModel
) -> None:
    server.script(text("Hel", Cut()))

    with pytest.raises(ConnectionFailed, match="complete"):
        await tell(make_model(max_retries=0))


async def test_a_stream_that_ends_too_soon_is_a_broken_one(
    server: ScriptedServer, make_model: MakeModel
) -> None:
    def half(exchange: Exchange) -> Raw:
        stream = as_stream(exchange, text("Hello"))
        return Raw((stream[: stream.index(b"Hello") + 5],))

    server.script(half)

    with pytest.raises(ConnectionFailed, match="complete"):
        await tell(make_model(max_retries=0))


async def test_a_connection_that_ends_without_an_answer_is_tried_again(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(Silence(cut=True), text("Hi"))

    assert (await tell(model)).said == "Hi"


async def test_a_server_that_is_not_there_is_told(
    server: ScriptedServer, make_model: MakeModel
) -> None:
    await server.stop()

    with pytest.raises(ConnectionFailed, match="Is the server running"):
        await tell(make_model(max_retries=0))


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Raw((b"<!doctype html><p>Log in",), "text/html"), ResponseUnreadable, "web page"),
        (Raw((b"data: {nonsense}\n\n",)), ResponseUnreadable, "no answer"),
        (Raw((b"data: 7\n\n",)), ResponseUnreadable, "no answer"),
        (Raw((b'data: {"hello": "world"}\n\ndata: [DONE]\n\n',)), ResponseUnreadable, "no answer"),
        (Raw((b"It works!",), "text/plain"), ResponseUnreadable, "no answer"),
        (Raw((b'{"hello": "world"}',), "application/json"), ResponseUnreadable, "no answer"),
        (Raw((b"[1, 2]",), "application/json"), ResponseUnreadable, "no answer"),
        (Raw((b'{"half": ',), "application/json"), ConnectionFailed, "complete"),
        (Raw((b"no zip",), headers=ZIPPED), ResponseUnreadable, "no answer"),
        (Raw(()), ConnectionFailed, "complete"),
        (Raw((b": only comments\n\n",)), ConnectionFailed, "complete"),
        (Raw((b"<h1>502 Bad Gateway</h1>",), "text/html", 502), ServerFailed, "502"),
    ],
)
async def test_what_is_no_answer_is_told(
    server: ScriptedServer,
    make_model: MakeModel,
    answer: Answer,
    error: type[ModelError],
    words: str,
) -> None:
    server.script(answer)

    with pytest.raises(error, match=words):
        await tell(make_model(max_retries=0))


@pytest.mark.parametrize("start", [b"data: ", b'{"a": "'])
async def test_an_answer_without_an_end_is_not_kept_for_ever(
    server: ScriptedServer, model: OpenAIModel, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    for module in (answer_stream, sse):
        monkeypatch.setattr(module, "LARGEST_EVENT", 100_000)
    server.script(Raw((start, b"more and more " * 10_000, Gate())))

    with pytest.raises(ResponseUnreadable):
        await tell(model)

    await until(lambda: server.last.closed_early)


async def test_an_error_may_come_inside_the_stream(
    server: ScriptedServer, make_model: MakeModel
) -> None:
    error = {"error": {"code": "server_error", "message": "the GPU fell over"}}
    server.script(Raw((f"data: {json.dumps(error)}\n\n".encode(),)), text("Hi"))

    told = await tell(make_model())

    assert "the GPU fell over" in told.retries[0].reason
    assert told.said == "Hi"


@pytest.mark.parametrize("answer", [Silence(), text("Hel", Gate(), "lo")])
async def test_a_server_that_falls_silent_is_given_up(
    server: ScriptedServer, make_model: MakeModel, answer: Answer
) -> None:
    server.script(answer)

    with pytest.raises(RequestTimedOut):
        await tell(make_model(timeout=0.2, max_retries=0))

    await until(lambda: server.last.closed_early)


# ---------------------------------------------------------------------------- secrecy


async def test_neither_key_nor_text_is_logged_or_shown_in_a_traceback(
    server: ScriptedServer, make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    key, secret = "sk-marker-4711", "my marker 4711"
    caplog.set_level(logging.DEBUG)
    server.script(text(secret), Refusal(400, f"bad key {key}"), Refusal(400, f"bad key {key}"))
    server.script(text(secret, Cut()))
    model = make_model(api_key=key, max_retries=0)

    await tell(model, secret)
    shown = caplog.text
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            await tell(make_model(api_key=key, max_retries=0), secret)
        shown += "".join(traceback.format_exception(caught.value)) + repr(model)

    assert "HTTP" in shown
    assert "4711" not in shown + caplog.text
