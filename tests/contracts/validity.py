"""What a server demands of the items that it is given, written down without looking at the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PAIRS = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "computer_call": "computer_call_output",
    "shell_call": "shell_call_output",
    "local_shell_call": "local_shell_call_output",
    "apply_patch_call": "apply_patch_call_output",
}

_CALLS = {*PAIRS, "web_search_call", "file_search_call", "tool_search_call"}


def problems(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tell for what a server would refuse the items."""
    return [*_unpaired(items), *_dangling(items)]


def _unpaired(items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for call, output in PAIRS.items():
        open_calls: list[str] = []
        for item in items:
            # The output of a local shell names its call by "id".
            call_id = item.get("call_id") or item.get("id", "")
            if item.get("type") == call:
                open_calls.append(call_id)
            elif item.get("type") == output:
                if call_id in open_calls:
                    open_calls.remove(call_id)
                else:
                    yield f"{output} {call_id} without its call"
        yield from (f"{call} {call_id} without its output" for call_id in open_calls)


def _dangling(items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for index, item in enumerate(items):
        if item.get("type") != "reasoning":
            continue
        after = [each for each in items[index + 1 :] if each.get("type") != "reasoning"]
        follower = after[0] if after else {}
        made_by_model = follower.get("role") == "assistant" or follower.get("type") in _CALLS
        if not made_by_model:
            yield f"reasoning at {index} without a follower"
