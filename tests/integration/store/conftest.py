"""Histories that other processes use, and those processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = Path(__file__).with_name("program.py")
APP = Path(__file__).parents[3] / "app"


@pytest.fixture
def key() -> bytes:
    return bytes(range(32))


@pytest.fixture
async def path(tmp_path: Path, key: bytes) -> Path:
    """A closed history with one empty thread."""
    path = tmp_path / "data" / "history.db"
    async with await ConversationStore.open(path, key, create=True) as store:
        await store.create_thread()
    return path


@pytest.fixture
def program() -> Callable[..., subprocess.Popen[str]]:
    """Start one of the programs of `program.py`; its end is the test's affair."""

    def start(name: str, path: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, PROGRAM, name, path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(APP)},
        )

    return start
