"""What the tests of sessions share: how a session is made, what it can do, and what it is given."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.items import (
    Item,
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.sessions.protocol import (
    DescribedSession,
    ForkableSession,
    RewritableSession,
    RunSession,
    Session,
    TurnSession,
)

if TYPE_CHECKING:
    from chatelaine.agents.testing import ScriptedModel

OpenSession = Callable[[str], Awaitable[Session]]

CAPABILITIES: Mapping[str, type[Any]] = {
    "turns": TurnSession,
    "runs": RunSession,
    "info": DescribedSession,
    "forks": ForkableSession,
    "rewrites": RewritableSession,
}
"""What a session may be able to do beyond the four methods, and the protocol that says so."""

EVERY_KIND: list[dict[str, Any]] = [
    {"role": "system", "content": "Be formal."},
    {"role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
    user_message("What do you see?"),
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "And here?"},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
        ],
    },
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA=="},
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "A cat.", "annotations": [], "logprobs": None}],
    },
    function_call("call_1", "look", {"at": "the cat", "closely": True}),
    function_call_output("call_1", "It sleeps."),
    {"type": "function_call", "call_id": "call_2", "name": "look", "arguments": "{not json"},
    {
        "type": "function_call_output",
        "call_id": "call_2",
        "output": [{"type": "input_text", "text": "It woke up."}],
    },
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "cat"}},
    {"type": "something_new", "numbers": [1, 2.5, -0.125, 12345678901234567890], "none": None},
    assistant_message("I was about to say", status="incomplete"),
]
"""An item of each kind that a session may be given."""

STRANGE_TEXTS = {
    "empty": "",
    "spaces": "  \t\n ",
    "several scripts": "中文 עברית हिन्दी ไทย 👩🏽‍💻 ﷽",
    "NUL": "before\0after",
    "controls": "\x01\x1b[31m\x7f\u2028\ufeff",
    "half a character": "\ud83d alone",
    "quotes": "'; DROP TABLE agent_messages; -- \"\\",
    "markup": "<b>&amp;</b> {braces} %s",
}


def texts(items: Sequence[dict[str, Any]]) -> list[str]:
    return [Item(item).text for item in items]


def numbered(count: int) -> list[dict[str, Any]]:
    return [user_message(str(number)) for number in range(count)]


def turn(number: int) -> list[dict[str, Any]]:
    """Make a turn in which tools were called: what a user asked, and everything it caused."""
    return [
        user_message(f"question {number}"),
        {"type": "reasoning", "id": f"rs_{number}", "summary": []},
        function_call(f"call_{number}", "look", {"at": number}),
        function_call_output(f"call_{number}", f"seen {number}"),
        assistant_message(f"answer {number}"),
    ]


def looking_agent(model: ScriptedModel) -> Agent:
    def look() -> str:
        """Look around."""
        return "nothing"

    async def listen() -> str:
        """Listen."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "silence"

    return Agent("Assistant", model=model, tools=[look, listen])


class SessionTests:
    """A group of tests. A subclass says how a session is made, and what it can do.

    Attributes:
        shares: Whether two sessions with the same id, open at the same time, are one conversation.
        validates: Whether it refuses what is no item, knows bounds of turns and tokens, and gives
            items that can be read by attribute; a session of somebody else need not.
        capabilities: What it can do beyond the four methods, by the names in `CAPABILITIES`. What
            is not named here it must not claim to do.
        refused: What it has the methods for, but cannot do over what it is based on: they raise a
            SessionError that says so.
        recognised: Whether two objects for one conversation are known to be one, so that runs on
            them wait for each other; they are where they can begin runs, unless this is False.
        remembers_origins: Whether what a run adds is given back with the agent, model and run that
            it comes from.
        notices_clearing: Whether a run cannot add to a session that was cleared after it began.
        any_loop: Whether it can be used in another loop than the one in which it was made.
    """

    shares: ClassVar[bool] = True
    validates: ClassVar[bool] = True
    capabilities: ClassVar[frozenset[str]] = frozenset(CAPABILITIES)
    refused: ClassVar[frozenset[str]] = frozenset()
    recognised: ClassVar[bool] = True
    remembers_origins: ClassVar[bool] = True
    notices_clearing: ClassVar[bool] = True
    any_loop: ClassVar[bool] = True

    @abstractmethod
    async def make_session(self, session_id: str) -> Session:
        """Make a session; one with a `close` is closed after the test."""

    def handed(self, session: Session) -> Session:
        """Give what a runner is handed for a session of the test: most often, the session."""
        return session

    def needs(self, capability: str, session: Session) -> Any:
        """Skip the test of a session that does not claim to be able to do something.

        `test_it_can_do_what_it_says_and_nothing_else` sees to it that nothing is skipped in error.
        """
        if capability not in self.capabilities:
            pytest.skip(f"such sessions have no {capability!r}")
        return session

    def needs_origins(self, session: Session) -> Any:
        """Skip the test of a session that does not keep where items come from."""
        if not self.remembers_origins:
            pytest.skip("such sessions do not keep where items come from")
        return self.needs("runs", session)

    def needs_care(self) -> None:
        """Skip the test of a session that takes and gives what it likes. See `validates`."""
        if not self.validates:
            pytest.skip("a session of somebody else need not do that")

    @pytest.fixture
    async def open_session(self) -> AsyncIterator[OpenSession]:
        opened: list[Session] = []

        async def open_one(session_id: str) -> Session:
            opened.append(await self.make_session(session_id))
            return opened[-1]

        yield open_one
        for session in opened:
            close = getattr(session, "close", None)
            if close is not None:
                await close()

    @pytest.fixture
    async def session(self, open_session: OpenSession) -> Session:
        return await open_session("conversation")
