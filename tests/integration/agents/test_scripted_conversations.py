"""The scripted server's conversations: what they promise to the tests that lean on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest

from support.openai_conversations import Done
from support.openai_replies import Refusal
from support.openai_server import ScriptedServer, Silence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HI: Any = {"role": "user", "content": "Hi."}
SAID: Any = {
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hello.", "annotations": []}],
}


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[openai.AsyncOpenAI]:
    """OpenAI's own client, which knows nothing of ours."""
    async with openai.AsyncOpenAI(
        api_key="sk-test", base_url=server.base_url, max_retries=0
    ) as client:
        yield client


async def test_a_conversation_lives_and_ends(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create(metadata={"a": "b"}, items=[HI])
    assert made.id.startswith("conv_")
    assert (await client.conversations.retrieve(made.id)).metadata == {"a": "b"}
    await client.conversations.update(made.id, metadata={"c": "d"})
    assert (await client.conversations.retrieve(made.id)).metadata == {"c": "d"}
    gone = await client.conversations.delete(made.id)
    assert (gone.id, gone.deleted) == (made.id, True)
    for call in (
        client.conversations.retrieve(made.id),
        client.conversations.delete(made.id),
        client.conversations.items.create(made.id, items=[HI]),
        client.conversations.items.retrieve("msg_1", conversation_id=made.id),
    ):
        with pytest.raises(openai.NotFoundError):
            await call


async def test_items_are_written_out_in_full_and_given_ids(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create()
    added = await client.conversations.items.create(made.id, items=[HI, SAID])
    first, second = added.data
    assert first.to_dict() == {
        "id": added.first_id,
        "type": "message",
        "role": "user",
        "status": "completed",
        "content": [{"type": "input_text", "text": "Hi."}],
    }
    assert second.id == added.last_id
    assert second.id != first.id
    found = await client.conversations.items.retrieve(str(second.id), conversation_id=made.id)
    assert found.to_dict() == second.to_dict()
    await client.conversations.items.delete(str(second.id), conversation_id=made.id)
    with pytest.raises(openai.NotFoundError):
        await client.conversations.items.delete(str(second.id), conversation_id=made.id)
    assert [item.id async for item in client.conversations.items.list(made.id)] == [first.id]


async def test_they_are_listed_page_by_page_in_either_order(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create()
    for start in (0, 20):
        batch: Any = [{"role": "user", "content": str(start + number)} for number in range(20)]
        await client.conversations.items.create(made.id, items=batch)

    async def listed(**query: Any) -> list[str]:
        pages = client.conversations.items.list(made.id, **query)
        return [item.to_dict()["content"][0]["text"] async for item in pages]  # type: ignore[index]  # a message

    numbers = [str(number) for number in range(40)]
    assert await listed(order="asc") == numbers
    assert await listed() == numbers[::-1]
    assert await listed(limit=7) == numbers[::-1]
    page = await client.conversations.items.list(made.id, limit=1)
    assert page.has_more
    assert await listed(after=page.last_id) == numbers[-2::-1]
    for query in ({"limit": 0}, {"limit": 101}, {"order": "up"}, {"extra_query": {"x": 1}}):
        with pytest.raises(openai.BadRequestError):
            await listed(**query)
    with pytest.raises(openai.NotFoundError):
        await listed(after="msg_0")


async def test_some_is_given_only_to_who_asks_for_it(client: openai.AsyncOpenAI) -> None:
    sealed: Any = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAA"}
    made = await client.conversations.create(items=[sealed])
    (plain,) = (await client.conversations.items.list(made.id)).data
    assert plain.to_dict() == {"type": "reasoning", "id": "rs_1", "summary": []}
    asked = await client.conversations.items.list(made.id, include=["reasoning.encrypted_content"])
    assert asked.data[0].to_dict() == sealed


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"type": "marvel"}, "Invalid value: 'marvel'"),
        ({**HI, "note": 1}, "Unknown parameter: 'items\\[0\\].note'"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "Missing .*call_id"),
        ({"type": "web_search_call", "status": "completed", "action": {}}, "Missing .*id"),
        ({"type": "reasoning", "summary": []}, "Missing .*id"),
        ({**SAID, "id": "x_1"}, "begins with 'msg'"),
        ({"role": "user", "content": 5}, "not of the type"),
        ({"role": "user", "content": ""}, "nothing in it"),
        ({"role": "user", "content": "a\0b"}, "cannot be stored"),
        ({**SAID, "content": [{"type": "input_text", "text": "a"}]}, "not of the type|Supported"),
        ("Hi.", "expected an object"),
    ],
)
async def test_what_the_api_does_not_know_is_refused(
    server: ScriptedServer, client: openai.AsyncOpenAI, item: Any, words: str
) -> None:
    made = await client.conversations.create()
    with pytest.raises(openai.BadRequestError, match=words):
        await client.conversations.items.create(made.id, items=[item])
    assert server.conversations.only.items == []


async def test_too_much_is_refused(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="maximum length 20"):
        await client.conversations.create(items=[HI] * 21)
    for metadata in (
        {str(number): "" for number in range(17)},
        {"k" * 65: ""},
        {"k": "v" * 513},
    ):
        with pytest.raises(openai.BadRequestError, match="metadata"):
            await client.conversations.create(metadata=metadata)


async def test_an_id_that_is_taken_is_refused(client: openai.AsyncOpenAI) -> None:
    thought: Any = {"type": "reasoning", "id": "rs_1", "summary": []}
    made = await client.conversations.create(items=[thought])
    for target in (made.id, (await client.conversations.create()).id):
        with pytest.raises(openai.BadRequestError, match="Duplicate item"):
            await client.conversations.items.create(target, items=[thought])


async def test_a_key_can_be_wanted() -> None:
    async with ScriptedServer(api_key="right") as server:
        async with openai.AsyncOpenAI(
            api_key="wrong", base_url=server.base_url, max_retries=0
        ) as client:
            with pytest.raises(openai.AuthenticationError):
                await client.conversations.create()
        assert server.conversations.all == {}


async def test_failures_come_before_or_after_it_is_done(
    server: ScriptedServer, client: openai.AsyncOpenAI
) -> None:
    server.conversations.script(
        "POST", None, Refusal(500), Silence(cut=True), Done(Refusal(429)), Done(Silence(cut=True))
    )
    made = await client.conversations.create()
    seen = []
    for error in (
        openai.InternalServerError,
        openai.APIConnectionError,
        openai.RateLimitError,
        openai.APIConnectionError,
    ):
        with pytest.raises(error):
            await client.conversations.items.create(made.id, items=[HI])
        seen.append(len(server.conversations.only.items))
    assert seen == [0, 0, 1, 2]


async def test_what_it_keeps_outlives_it(
    server: ScriptedServer, client: openai.AsyncOpenAI
) -> None:
    made = await client.conversations.create(items=[HI])
    await server.stop()
    with pytest.raises(openai.APIConnectionError):
        await client.conversations.retrieve(made.id)
    async with server:
        assert (await client.conversations.retrieve(made.id)).id == made.id


async def test_a_failure_that_nobody_ran_into_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="1 scripted replies"):
        async with ScriptedServer() as server:
            server.conversations.script("POST", Refusal(500))
