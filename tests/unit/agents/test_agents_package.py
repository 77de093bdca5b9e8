"""The package itself: what it lists, what it costs to import, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typing_extensions import override

import chatelaine.agents
import chatelaine.agents.sessions
from chatelaine.agents import errors, events


def output_of(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout.strip()


@pytest.mark.parametrize("package", [chatelaine.agents, chatelaine.agents.sessions], ids=str)
def test_everything_that_is_listed_is_there(package: object) -> None:
    listed = package.__all__  # type: ignore[attr-defined]  # a module
    assert listed == sorted(listed)
    for name in listed:
        assert name in dir(package)
        try:
            assert getattr(package, name) is not None
        except ImportError as error:
            # Some need what is not installed everywhere, and say how to get it.
            assert 'pip install "chatelaine[' in str(error)  # noqa: PT017 - it need not fail


@pytest.mark.parametrize("package", [chatelaine.agents, chatelaine.agents.sessions], ids=str)
def test_what_is_not_there_is_missed(package: object) -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        package.Nothing  # type: ignore[attr-defined]  # noqa: B018 - asking is the test


def test_every_error_and_event_is_listed() -> None:
    listed = set(chatelaine.agents.__all__)
    failures = {name for name, each in vars(errors).items() if isinstance(each, type)}
    told = {each.__name__ for each in events.RunEvent.__args__}
    assert failures | told <= listed


def test_importing_the_library_imports_nothing_that_costs() -> None:
    costly = ["openai", "pydantic", "httpx", "asyncio", "sqlite3", "docstring_parser", "PySide6"]
    program = f"import chatelaine.agents, sys; print([n for n in {costly} if n in sys.modules])"
    assert output_of(program) == "[]"


def test_running_an_agent_of_ones_own_needs_no_client() -> None:
    program = (
        "import sys\n"
        "from chatelaine.agents import Agent, DemoModel, Runner, SQLiteSession\n"
        "agent = Agent('Demo', model=DemoModel(delay=0))\n"
        "Runner.run_sync(agent, 'Hello', session=SQLiteSession('one'))\n"
        "print([n for n in ('openai', 'pydantic', 'httpx') if n in sys.modules])"
    )
    assert output_of(program) == "[]"


def test_a_session_of_ones_own_is_told_what_it_lacks() -> None:
    class Half(chatelaine.agents.SessionABC):
        @override
        async def pop_item(self) -> None:
            return None

    with pytest.raises(TypeError, match="add_items"):
        Half()  # type: ignore[abstract]
