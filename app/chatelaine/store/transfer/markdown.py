"""A thread as a Markdown document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatelaine.store.records import UNTITLED, StoredItem, Thread, Turn, TurnState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BACKTICKS = re.compile("`+")
_HOSTED_CALLS = "_call"


def thread_to_markdown(thread: Thread, turns: Sequence[Turn]) -> str:
    """Write down what was said, by whom, and which tools were used.

    Args:
        thread: The thread.
        turns: What is to be written of it, oldest first.
    """
    said = turns[0].created.strftime("%Y-%m-%d") if turns else thread.created.strftime("%Y-%m-%d")
    parts = [f"# {_inline(thread.title or UNTITLED)}", f"*{said} · {_code(thread.uid)}*"]
    for turn in turns:
        parts.extend(_turn(turn))
    return "\n\n".join(parts) + "\n"


def _turn(turn: Turn) -> Iterator[str]:
    speaker = ""
    for stored in turn.items:
        text = "\n\n".join(_item(stored))
        if not text:
            continue
        if (name := _speaker(stored, turn)) != speaker:
            speaker = name
            yield f"## {_inline(speaker)}"
        yield text
    match turn.state:
        case TurnState.STOPPED:
            yield "*Stopped.*"
        case TurnState.INTERRUPTED:
            yield "*Interrupted.*"
        case TurnState.FAILED:
            reason = " ".join(filter(None, (turn.error_title, turn.error_message)))
            yield f"*Failed: {_inline(reason)}*" if reason else "*Failed.*"
        case TurnState.RUNNING:
            if turn.draft:
                yield turn.draft
            yield "*Still being written.*"
        case TurnState.DONE:
            pass


def _speaker(stored: StoredItem, turn: Turn) -> str:
    match stored.data.get("role"):
        case "user":
            return "You"
        case "system" | "developer":
            return "Instructions"
        case _:
            return stored.agent or turn.agent or "Assistant"


def _item(stored: StoredItem) -> Iterator[str]:
    item = stored.data
    kind = stored.kind
    text = stored.text.strip()
    if kind == "message":
        if text:
            yield text
    elif kind == "reasoning":
        if text:
            yield "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    elif kind == "function_call":
        from chatelaine.markup.json_lines import json_lines

        yield f"**Tool** {_code(str(item.get('name', '')))}"
        arguments = str(item.get("arguments", ""))
        yield _fence(json_lines(arguments) or arguments, "json")
    elif kind == "function_call_output":
        yield "**Answer of the tool**"
        yield _fence(text)
    elif kind.endswith(_HOSTED_CALLS):
        yield f"**Tool** {_code(kind.removesuffix(_HOSTED_CALLS))}"


def _fence(text: str, language: str = "") -> str:
    """Fence a text with more backticks than it has itself."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _code(text: str) -> str:
    ticks = "`" * (_longest_run(text) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{padding}{text}{padding}{ticks}"


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)


def _inline(text: str) -> str:
    """Keep a text of ours on one line, without it being taken for Markdown."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(text.split()))
