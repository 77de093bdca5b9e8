"""Measures what finding words in a long thread costs, in a process of its own.

    python -m bench.timeline_finding rare

A loop beats all the time meanwhile; what it prints is JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bench.conversations import NOW, rows
from chatelaine.gui.chat.find import ThreadFind
from chatelaine.gui.chat.rows import UserRow
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.gui.event_loop import tune_interpreter

if TYPE_CHECKING:
    from collections.abc import Coroutine

MESSAGES = 10_000
BEAT = 0.002
WORDS = {"rare": "zanzibar", "frequent": "tokens"}


async def find(words: str) -> dict[str, Any]:
    """Look for words in all messages."""
    model = TimelineModel()
    content = rows(MESSAGES)
    model.load([*content, UserRow(MESSAGES, "Where is Zanzibar?", NOW)])
    beats: list[float] = []
    async with asyncio.TaskGroup() as group:

        def start(work: Coroutine[Any, Any, None]) -> None:
            group.create_task(work)

        finder = ThreadFind(lambda: model, start, lambda: None)
        cpu = time.process_time()
        finder.begin(words)
        while finder.is_counting:
            await asyncio.sleep(BEAT)
            beats.append(time.perf_counter())
        cpu = time.process_time() - cpu
    assert finder.total
    gaps = [max((b - a - BEAT) * 1000, 0.0) for a, b in pairwise(beats)]
    return {"gaps": gaps, "cpu": cpu, "total": finder.total}


if __name__ == "__main__":
    tune_interpreter()
    print(json.dumps(asyncio.run(find(WORDS[sys.argv[1]]))))  # noqa: T201 - that is what it is for
