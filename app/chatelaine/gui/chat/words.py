"""Times, models and tool calls in words for the timeline. No Qt here."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import timedelta

    from chatelaine.store.records import TurnUsage

NAMELESS: Final = "Assistant"
"""What an agent is called that has no name."""
_LONGEST_SUMMARY: Final = 160
_MOST_SUMMED_UP: Final = 100_000
"""Characters of arguments that are read for their summary: it is done in the window's thread."""
_MINUTE: Final = 60


def clock_time(moment: datetime, now: datetime | None = None) -> str:
    """Say when something was said: the time alone if it was today, else with the day.

    Args:
        moment: An aware time.
        now: What time it is; the clock's if None.
    """
    # It is asked for at each paint, and what day it is costs far less than the words.
    return _on_day(moment, (now.astimezone() if now else datetime.now()).date())  # noqa: DTZ005  the day here


def handover_words(by: str, to: str) -> str:
    """Say that an agent has handed over to another one."""
    return f"{by} handed over to {to or NAMELESS}"


@lru_cache(maxsize=256)
def _on_day(moment: datetime, today: date) -> str:
    local = moment.astimezone()
    time = f"{local:%H:%M}"
    if local.date() == today:
        return time
    if local.year == today.year:
        return f"{local.day} {local:%b}, {time}"
    return f"{local.day} {local:%b %Y}, {time}"


def turn_facts(usage: TurnUsage) -> list[tuple[str, str]]:
    """Say what is known about a turn: name and value of each fact."""
    facts = [("Model", ", ".join(usage.models) or "unknown"), ("Sent", clock_time(usage.begun))]
    if usage.took is not None:
        facts.append(("Took", _duration(usage.took)))
    if usage.requests:
        cached = f" ({usage.cached:,} cached)" if usage.cached else ""
        reasoning = f" ({usage.reasoning:,} for reasoning)" if usage.reasoning else ""
        facts.append(("Tokens read", f"{usage.input:,}{cached}"))
        facts.append(("Tokens written", f"{usage.output:,}{reasoning}"))
        if usage.requests > 1:
            facts.append(("Requests", f"{usage.requests:,}"))
    else:
        facts.append(("Tokens", "not told by the server"))
    return facts


def _duration(took: timedelta) -> str:
    seconds = took.total_seconds()
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"


def argument_summary(arguments: str) -> str:
    """Say in one line with what a tool was called."""
    beginning = arguments[:_MOST_SUMMED_UP]
    if len(beginning) < len(arguments):
        return _one_line(beginning)
    try:
        values = json.loads(arguments)
        if isinstance(values, dict):
            return _one_line(
                ", ".join(f"{name}: {_value(value)}" for name, value in values.items())
            )
    except (ValueError, RecursionError):
        pass  # no JSON, or deeper than Python reads: it is shown as it came
    return _one_line(arguments)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SUMMARY else f"{line[:_LONGEST_SUMMARY]}…"
