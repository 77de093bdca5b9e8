"""A user with a desktop: folders of their own, an unlocked keyring, and a server of models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.driver import Driver
from support.openai_server import ScriptedServer, hosted_server
from support.secret_service import PASSWORD, SessionBus, session_bus
from support.x_server import x_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def desktop() -> Iterator[SessionBus]:
    """A session bus with an unlocked keyring. Entries of different users have different names."""
    with session_bus() as bus:
        bus.start_keyring(PASSWORD)
        yield bus


@pytest.fixture
def user(home: Path, desktop: SessionBus) -> dict[str, str]:
    """The environment in which the user's programs run."""
    return {**os.environ, **desktop.environment, "QT_QPA_PLATFORM": "offscreen"}


@pytest.fixture
def start(user: dict[str, str]) -> Iterator[Callable[..., Driver]]:
    """Starts the program as this user; every run is ended with the test."""
    started: list[Driver] = []

    def start(*arguments: str, **more: str) -> Driver:
        program = Driver({**user, **more}, arguments)
        started.append(program)
        return program

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.wait_ended()


@pytest.fixture
def display() -> Iterator[str]:
    """The name of a display of the test's own."""
    with x_server() as name:
        yield name


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A real server that speaks OpenAI's APIs."""
    with hosted_server() as server:
        yield server


@pytest.fixture
def connect(server: ScriptedServer) -> Callable[..., None]:
    """Sets the server up in the settings of a running program, with keys and clicks."""

    def connect(program: Driver, *, api_key: str = "sk-test", protocol: str = "") -> None:
        program.press("Ctrl+,")
        program.wait_for(lambda state: state["dialog"])
        program.set_text("baseUrl", server.base_url)
        program.set_text("apiKey", api_key)
        if protocol:
            program.choose("protocol", protocol)
        program.click("Test connection")
        program.wait_for(lambda state: "works" in state["dialog"].lower())
        program.set_text("model", server.models[0])
        program.click("Save")
        program.wait_for(lambda state: not state["dialog"])

    return connect
