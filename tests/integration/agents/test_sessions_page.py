"""The page about sessions, and its examples: each runs as it stands, and prints what it says."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents import Agent, DemoModel, Runner, SQLiteSession
from chatelaine.agents import errors as all_errors
from chatelaine.agents import sessions as all_sessions
from chatelaine.agents.sessions.protocol import Session
from support.openai_replies import call, text
from support.openai_server import ScriptedServer, hosted_server
from support.snippets import Snippet, printed_after, snippets_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.postgresql_server import PostgreSQLServer
    from support.redis_server import RedisServer

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "app" / "SESSIONS.md"
EXAMPLES = ROOT / "app" / "examples"
SNIPPETS = snippets_in(PAGE)
PRINTED = printed_after(PAGE)
ON_SERVERS = ("Redis", "SQL databases", "At OpenAI")


@pytest.fixture
async def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """What the first snippet of the page has made when a reader comes to another one."""
    monkeypatch.chdir(tmp_path)
    session = SQLiteSession("of the page")
    yield {
        "Agent": Agent,
        "Runner": Runner,
        "agent": Agent("Assistant", instructions="Be helpful.", model=DemoModel(delay=0)),
        "session": session,
    }
    await session.close()


async def check(
    snippet: Snippet, names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    found = await snippet.run(names)
    assert capsys.readouterr().out == PRINTED[snippet.heading]
    for value in found.values():
        # An item has any attribute one asks for.
        if isinstance(value, Session) and not isinstance(value, type | dict):
            await value.close()  # type: ignore[attr-defined]  # all of ours can be closed
    return found


def test_each_heading_has_one_snippet() -> None:
    assert len({each.heading for each in SNIPPETS}) == len(SNIPPETS)
    assert set(ON_SERVERS) <= {each.heading for each in SNIPPETS}


@pytest.mark.parametrize(
    "snippet",
    [each for each in SNIPPETS if each.heading not in ON_SERVERS],
    ids=lambda snippet: snippet.heading,
)
async def test_a_snippet_prints_what_the_page_says(
    snippet: Snippet, names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    await check(snippet, names, capsys)


def snippet_under(heading: str) -> Snippet:
    return next(each for each in SNIPPETS if each.heading == heading)


async def test_the_snippet_of_redis(
    redis_server: RedisServer, names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    snippet = snippet_under("Redis").at({"redis://localhost:6379": f"{redis_server.url}/1"})
    await check(snippet, names, capsys)


async def test_the_snippet_of_sql(
    postgresql: PostgreSQLServer, names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    address = postgresql.url(postgresql.make_database())
    snippet = snippet_under("SQL databases").at({"postgresql://user:pass@localhost/db": address})
    found = await check(snippet, names, capsys)
    found["engine"].dispose()


async def test_the_snippet_of_openai(
    server: ScriptedServer,
    names: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-reader")
    await check(snippet_under("At OpenAI"), names, capsys)


# ---------------------------------------------------------------------------- what it names


def test_every_session_and_every_error_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    sessions = {name for name in all_sessions.__all__ if name.endswith(("Session", "SessionStore"))}
    protocols = {name for name in sessions if all_sessions._HOMES[name] == "protocol"}
    for name in sessions - protocols:
        assert f"`{name}" in page or f"({name}" in page, name
    for name, kind in vars(all_errors).items():
        if isinstance(kind, type) and issubclass(kind, all_errors.SessionError):
            assert f"`{name}`" in page, name


def test_the_table_of_abilities_is_right() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    abilities = {name: row.split(" | ") for name, row in rows if len(row.split(" | ")) == 5}
    assert len(abilities) == 7
    for name, (undo, title, copy, listing, expires) in abilities.items():
        kind = getattr(all_sessions, name)
        assert undo == "yes"
        assert hasattr(kind, "pop_turn")
        if not title.startswith("as its base"):
            assert hasattr(kind, "set_title") is (title == "yes"), name
            assert hasattr(kind, "fork") is (copy == "yes"), name
        assert hasattr(all_sessions, f"{name}Store") is (listing != "no"), name
        takes_ttl = "ttl" in str(inspect.signature(kind.__init__)) + str(kind.__doc__)
        assert takes_ttl is (expires != "no"), name


# ---------------------------------------------------------------------------- the examples


def run_example(
    name: str, folder: Path, *arguments: str, typed: str = "", **environment: str
) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "app"), **environment},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "", done.stderr
    assert done.returncode == 0
    return done.stdout


def test_the_examples_are_all_run_here() -> None:
    here = Path(__file__).read_text("utf-8")
    names = {path.name for path in EXAMPLES.glob("*.py")}
    assert {name for name in names if f'"{name}"' not in here} == set()
    assert len(names) >= 4


def test_a_chatbot_remembers_after_a_restart_and_takes_back(tmp_path: Path) -> None:
    run_example("chatbot.py", tmp_path, "ann", typed="My name is Ann.\n")
    talk = "What is my name?\nI like opera.\n/undo\nWhat do you remember?\n"
    answers = run_example("chatbot.py", tmp_path, "ann", typed=talk)
    assert answers.startswith("Your name is Ann.")
    assert "(took back 2 items)" in answers
    assert "opera" not in answers.partition("(took back")[2]
    assert "Ann" not in run_example("chatbot.py", tmp_path, "bob", typed="What is my name?\n")


def test_a_diary_cannot_be_read_in_its_file(tmp_path: Path) -> None:
    key = "a passphrase that is long enough"
    run_example("encrypted_diary.py", tmp_path, "I like stamps.", DIARY_PASSPHRASE=key)
    assert run_example("encrypted_diary.py", tmp_path, DIARY_PASSPHRASE=key) == "- I like stamps.\n"
    for file in tmp_path.iterdir():
        assert b"stamps" not in file.read_bytes()
    wrong = subprocess.run(
        [sys.executable, str(EXAMPLES / "encrypted_diary.py")],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "app"),
            "DIARY_PASSPHRASE": "another passphrase, as long",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 1
    assert wrong.stdout == ""
    assert "cannot be decrypted" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_long_conversation_stays_short_for_the_model(tmp_path: Path) -> None:
    with hosted_server() as server:
        shown = run_example(
            "long_conversation.py",
            tmp_path,
            OPENAI_API_KEY="sk-example",
            OPENAI_BASE_URL=server.base_url,
        )
        assert any(each.body["model"] == "gpt-5.2-mini" for each in server.requests)
    words = shown.split()
    assert words[:3] == ["The", "model", "sees"]
    assert int(words[3]) < int(words[-1].rstrip("."))


def test_a_conversation_is_shared_by_redis(tmp_path: Path, redis_server: RedisServer) -> None:
    url = f"{redis_server.url}/2"
    run_example("shared_redis.py", tmp_path, "My name is Ann.", REDIS_URL=url)
    answer = run_example("shared_redis.py", tmp_path, "What is my name?", REDIS_URL=url)
    assert answer.startswith("Your name is Ann.")


def test_two_agents_hand_over(tmp_path: Path) -> None:
    with hosted_server() as server:
        server.script(
            call("transfer_to_billing", {}),
            call("invoice", {"number": 17}),
            text("It is paid."),
            text("Since Monday."),
        )
        shown = run_example(
            "two_agents.py",
            tmp_path,
            OPENAI_API_KEY="sk-example",
            OPENAI_BASE_URL=server.base_url,
        )
        assert "Invoice 17 was paid." in str(server.last.body["input"])
    assert shown.splitlines() == ["Billing: It is paid.", "Billing: Since Monday."]


def test_conversations_are_listed_and_searched(tmp_path: Path) -> None:
    assert run_example("list_of_conversations.py", tmp_path).splitlines() == [
        "Work: 2 items, Assistant answered last",
        "Holidays: 2 items, Assistant answered last",
        "Hiking was talked about in Holidays.",
        "2 and 4 items",
        "work, 1",
    ]
