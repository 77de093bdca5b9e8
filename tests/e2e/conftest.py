"""A user with a desktop: folders of their own and an unlocked keyring, a real Secret Service."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.driver import Driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@pytest.fixture
def user(home: Path, secret_service: Mapping[str, str]) -> dict[str, str]:
    """The environment in which the user's programs run."""
    return {**os.environ, **secret_service, "QT_QPA_PLATFORM": "offscreen"}


@pytest.fixture
def start(user: dict[str, str]) -> Iterator[Callable[..., Driver]]:
    """Starts the program as this user; every run is ended with the test."""
    started: list[Driver] = []

    def start(**more: str) -> Driver:
        program = Driver({**user, **more})
        started.append(program)
        return program

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.wait_ended()
