"""The two documents that users read about sessions: each snippet runs, and keeps what it promises.

Only addresses of servers are replaced, and names that a snippet uses and another one defines are
given to it. What the server answers follows from what it is sent: it has no memory of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents import Agent, Runner, SQLiteSession
from chatelaine.agents.items import text_of
from chatelaine.agents.sessions.protocol import Session
from contracts.session import EVERY_KIND, texts
from support.openai_replies import Reply, text
from support.openai_server import Exchange, ScriptedServer
from support.snippets import Snippet, snippets_in, under

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from support.mariadb_server import MariaDBServer
    from support.postgresql_server import PostgreSQLServer
    from support.redis_server import RedisServer

DATA = Path(__file__).parents[2] / "data"
REFERENCE = snippets_in(DATA / "sessions-reference.md")
SESSIONS = snippets_in(DATA / "sessions.md")

Names = dict[str, Any]


def said_to(exchange: Exchange) -> list[str]:
    """Give the texts that a request carries, oldest first."""
    return [text_of(item) for item in exchange.body["input"]]


def answer(exchange: Exchange) -> Reply:
    """Answer from what the request carries, and from nothing else."""
    *before, question = said_to(exchange)
    everything = " ".join(before)
    if question == "What's my name?":
        known = re.findall(r"My name is (\w+)", everything)
        return text(f"Your name is {known[-1]}" if known else "I do not know your name")
    if question in ("What are my preferences?", "What outdoor activities would you recommend?"):
        return text(f"You told me: {everything}")
    return text("Noted.")


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedServer]:
    monkeypatch.chdir(tmp_path)
    async with ScriptedServer(default=answer) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-reader")
        yield server


@pytest.fixture
async def names(server: ScriptedServer) -> AsyncIterator[Names]:
    """What snippets use and other snippets define."""
    given: Names = {
        "Agent": Agent,
        "Runner": Runner,
        "SQLiteSession": SQLiteSession,
        "agent": Agent(name="Assistant", instructions="Be helpful"),
        "session": SQLiteSession("user_123"),
        "user_id": 1,
        "thread_id": "t",
        "ticket_number": 456,
        "conversation_id": "c",
    }
    yield given
    await given["session"].close()


@pytest.fixture
async def run(names: Names) -> AsyncIterator[Callable[[Snippet], Awaitable[Names]]]:
    """Run a snippet, and close afterwards what it left open, as the end of a program would."""
    made: list[Any] = []

    async def run_one(snippet: Snippet) -> Names:
        found = await snippet.run(names)
        made.extend(found.values())
        return found

    yield run_one
    for value in made:
        if isinstance(value, Agent):
            await value.get_model().aclose()
        # An item has any attribute one asks for.
        elif isinstance(value, Session) and not isinstance(value, type | dict):
            await value.close()  # type: ignore[attr-defined]  # all of ours can be closed
    await names["agent"].get_model().aclose()


def test_there_are_as_many_snippets_as_tests_of_them() -> None:
    tested = set(re.findall(r'under\("([^"]+)", (\w+)\)', Path(__file__).read_text("utf-8")))
    written = {(each.heading, "REFERENCE") for each in REFERENCE}
    written |= {(each.heading, "SESSIONS") for each in SESSIONS}
    assert tested == written
    assert len(REFERENCE) + len(SESSIONS) == len(written)


# ---------------------------------------------------------------------------- SQLite


@pytest.mark.parametrize(
    ("snippet", "name"),
    [
        (under("SQLite Sessions", REFERENCE), "Alice"),
        (under("SQLite Session", SESSIONS), "John"),
    ],
    ids=["reference", "sessions"],
)
async def test_the_second_turn_remembers_the_name(run: Any, snippet: Snippet, name: str) -> None:
    found = await run(snippet)
    result = found.get("result2") or found["result"]
    assert result.final_output == f"Your name is {name}"


async def test_a_file_is_made_where_a_path_is_given(run: Any, tmp_path: Path) -> None:
    await run(under("SQLite Sessions", REFERENCE))
    assert (tmp_path / "conversations.db").exists()


async def test_a_later_session_knows_what_an_earlier_one_was_told(run: Any, tmp_path: Path) -> None:
    found = await run(under("Advanced SQLite Session", SESSIONS))
    assert "dark mode" in found["result"].final_output
    assert "Finnish" in found["result"].final_output
    assert (tmp_path / "data" / "conversations.db").exists()


async def test_ids_can_be_made_of_what_one_has(run: Any) -> None:
    found = await run(under("Session ID Best Practices", REFERENCE))
    assert found["session"].session_id == "user_1_conv_c"


async def test_a_chatbot_remembers_across_calls(run: Any, tmp_path: Path) -> None:
    found = await run(under("Complete Example", REFERENCE))
    assert "hiking in Colorado" in found["response2"]
    assert (tmp_path / "chats.db").exists()
    await found["bot"].clear_history("alice")
    forgotten = await found["bot"].chat("alice", "What outdoor activities would you recommend?")
    assert "hiking" not in forgotten
    await found["bot"].agent.get_model().aclose()


async def test_history_can_be_kept_by_hand(run: Any, server: ScriptedServer) -> None:
    found = await run(under("Conversation History with to_input_list()", SESSIONS))
    assert said_to(server.last) == ["Hello!", "Noted.", "Tell me more"]
    assert found["result"].final_output == "Noted."


# ---------------------------------------------------------------------------- several agents


async def test_the_second_agent_knows_what_the_first_was_told(
    run: Any, server: ScriptedServer
) -> None:
    await run(under("Multi-Agent Sessions", REFERENCE))
    assert said_to(server.last) == [
        "I have a billing question",
        "Noted.",
        "Can you help with my invoice?",
    ]
    assert server.last.body["instructions"] == "Handle billing"


# ---------------------------------------------------------------------------- memory


async def test_history_can_be_read_by_attribute(
    run: Any, names: Names, capsys: pytest.CaptureFixture[str]
) -> None:
    snippet = under("Get Conversation History", REFERENCE)
    assert (await run(snippet))["history"] == []
    # The same lines on a session in which something was said.
    first, _, rest = snippet.code.partition("\n")
    assert first.startswith("session = ")
    await names["session"].add_items(EVERY_KIND)
    await run(Snippet(snippet.heading, rest))
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(EVERY_KIND)
    assert printed[0] == "message: Be formal."
    assert "function_call: None" in printed


async def test_items_can_be_added_removed_and_cleared(
    run: Any, names: Names, capsys: pytest.CaptureFixture[str], server: ScriptedServer
) -> None:
    session = names["session"]
    await run(under("Add Items Manually", REFERENCE))
    assert texts(await session.get_items()) == ["User prefers formal language"]
    await Runner.run(names["agent"], "Hi", session=session)
    assert said_to(server.last) == ["User prefers formal language", "Hi"]
    assert server.last.body["input"][0]["role"] == "system"
    await session.pop_item()
    await session.pop_item()
    await run(under("Remove Last Item", REFERENCE))
    assert "User prefers formal language" in capsys.readouterr().out
    await run(under("Remove Last Item", REFERENCE))
    assert capsys.readouterr().out == "Removed: None\n"
    await session.add_items(EVERY_KIND)
    await run(under("Clear Session", REFERENCE))
    assert await session.get_items() == []


# ---------------------------------------------------------------------------- encryption


def files_with(secret: str, folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if secret.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    ("snippet", "secret"),
    [
        (under("Encrypted Sessions", REFERENCE), "Sensitive data"),
        (under("Encrypted Session", SESSIONS), "123-45-6789"),
    ],
    ids=["reference", "sessions"],
)
async def test_what_is_said_is_stored_encrypted(
    run: Any, tmp_path: Path, snippet: Snippet, secret: str
) -> None:
    found = await run(snippet)
    assert any(secret in each for each in texts(await found["session"].get_items()))
    assert secret not in str(await found["base_session"].get_items())
    assert files_with(secret, tmp_path) == []


# ---------------------------------------------------------------------------- compaction


async def test_older_messages_are_summarised(run: Any, server: ScriptedServer) -> None:
    found = await run(under("Compaction Session", SESSIONS))
    summaries = [each for each in server.requests if each.body["model"] == "gpt-5.2-mini"]
    assert summaries
    assert "Message 0" in str(summaries[0].body["input"])
    asked = [each for each in server.requests if each.body["model"] != "gpt-5.2-mini"]
    assert len(asked) == 30
    assert max(len(each.body["input"]) for each in asked) < 30
    assert said_to(asked[-1])[-1] == "Message 29"
    # Nothing is lost: what was summed up is still there.
    everything = texts(await found["session"].get_items(include_archived=True))
    assert {f"Message {number}" for number in range(30)} <= set(everything)
    assert len(await found["session"].get_items()) < 30


# ---------------------------------------------------------------------------- at OpenAI


async def test_a_conversation_is_stored_on_the_server(run: Any, server: ScriptedServer) -> None:
    found = await run(under("OpenAI Conversations API", REFERENCE))
    (conversation,) = server.conversations.all.values()
    assert found["session"].session_id == conversation.id
    assert "secret123" in str(conversation.items)


async def test_a_conversation_at_the_server_is_found_by_an_id_of_ones_own(
    run: Any, server: ScriptedServer
) -> None:
    snippet = under("OpenAI Session", SESSIONS)
    for _ in range(2):
        await run(snippet)
    (conversation,) = server.conversations.all.values()
    assert str(conversation.items).count("Remember I like Python") == 2
    asked = [each for each in server.requests if each.path == "/responses"]
    assert said_to(asked[-1]) == ["Remember I like Python", "Noted.", "Remember I like Python"]


# ---------------------------------------------------------------------------- on other servers


async def test_a_conversation_is_in_redis_for_an_hour(
    run: Any, server: ScriptedServer, redis_server: RedisServer
) -> None:
    import redis

    url = f"{redis_server.url}/3"
    snippet = under("Redis Session", SESSIONS).at({"redis://localhost:6379": url})
    for _ in range(2):
        await run(snippet)
    assert said_to(server.last) == ["Hello!", "Noted.", "Hello!"]
    with redis.Redis.from_url(url, decode_responses=True) as client:
        lifetimes = {key: client.ttl(key) for key in client.scan_iter("*user_789*")}
    assert 3590 <= max(lifetimes.values()) <= 3600
    assert min(lifetimes.values()) > 0  # nothing is there for ever


async def test_a_conversation_is_in_each_database(
    run: Any,
    names: Names,
    server: ScriptedServer,
    postgresql: PostgreSQLServer,
    mariadb: MariaDBServer,
) -> None:
    snippet = under("SQLAlchemy Sessions", REFERENCE).at(
        {
            "postgresql://user:pass@localhost/db": postgresql.url(postgresql.make_database()),
            "mysql://user:pass@localhost/db": mariadb.url(mariadb.make_database()),
        }
    )
    # Each of its sessions is used: the snippet names all of them alike.
    with_uses, count = re.subn(
        r"^(session = .*)$",
        r"""\1
await Runner.run(agent, "My name is Alice", session=session)
result = await Runner.run(agent, "What's my name?", session=session)
await session.close()
engine.dispose()
results.append(result.final_output)""",
        snippet.code,
        flags=re.MULTILINE,
    )
    results: list[str] = []
    names["results"] = results
    await run(Snippet(snippet.heading, with_uses))
    assert results == ["Your name is Alice"] * count
    assert count == 3
    # As it stands, too.
    found = await run(snippet)
    assert len(await found["session"].get_items()) == 8
    await found["session"].close()
    found["engine"].dispose()
