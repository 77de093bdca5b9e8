"""The tools that every assistant of the application may use: harmless, and local."""

from __future__ import annotations

from datetime import datetime

from chatelaine.agents.tools import FunctionTool, function_tool


@function_tool
def current_time() -> str:
    """Tell the date, the time and the time zone where the user is."""
    now = datetime.now().astimezone()
    return now.strftime("%A, %d %B %Y, %H:%M:%S %Z (UTC%z)")


def built_in_tools() -> tuple[FunctionTool, ...]:
    """Give the tools in the order in which the model is told of them."""
    return (current_time,)
