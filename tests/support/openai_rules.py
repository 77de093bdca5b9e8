"""What a strict server minds in a request: the scripted server refuses what these find.

They are the refusals that servers of either API have been seen to give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ITEM_KEYS = {
    "message": {"type", "role", "content", "id", "status", "phase"},
    "function_call": {"type", "call_id", "name", "arguments", "id", "status", "namespace"},
    "function_call_output": {"type", "call_id", "output", "id", "status"},
    "reasoning": {"type", "id", "summary", "content", "encrypted_content", "status"},
}
_STATUSES = {None, "completed", "incomplete", "in_progress"}
_MESSAGE_KEYS = {
    "system": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "refusal", "tool_calls", "reasoning_content"},
    "tool": {"role", "content", "tool_call_id"},
}


def fault_in_responses(body: Mapping[str, Any]) -> str | None:
    """Tell what the Responses API would mind in a request; None for nothing."""
    return next(_faults_in_responses(body), None)


def fault_in_chat(body: Mapping[str, Any]) -> str | None:
    """Tell what the Chat Completions API would mind in a request; None for nothing."""
    return next(_faults_in_chat(body), None)


def _faults_in_responses(body: Mapping[str, Any]) -> Iterator[str]:
    if not body.get("model"):
        yield "Missing required parameter: 'model'."
    items = body.get("input")
    if isinstance(items, str):
        return
    if not isinstance(items, list):
        yield "Missing required parameter: 'input'."
        return
    for place, item in enumerate(items):
        for fault in _faults_in_item(item, is_kept=bool(body.get("store", True))):
            yield f"Invalid input[{place}]: {fault}"
    yield from _faults_in_pairs(
        [item["call_id"] for item in items if item.get("type") == "function_call"],
        [item["call_id"] for item in items if item.get("type") == "function_call_output"],
    )


def _faults_in_chat(body: Mapping[str, Any]) -> Iterator[str]:
    if not body.get("model"):
        yield "Missing required parameter: 'model'."
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "Missing required parameter: 'messages'."
        return
    waiting: list[str] = []
    for place, message in enumerate(messages):
        known = _MESSAGE_KEYS.get(message.get("role"))
        if known is None or not message.keys() <= known:
            yield f"Invalid messages[{place}]: unknown role or field"
        elif message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                yield f"Invalid messages[{place}]: this tool was not called"
                return
            waiting.remove(message["tool_call_id"])
        else:
            if waiting:
                yield f"Invalid messages[{place}]: the answers of tools must come first"
            waiting = [call["id"] for call in message.get("tool_calls", ())]
            if not message.get("content") and not waiting:
                yield f"Invalid messages[{place}]: there is nothing in it"
    if waiting:
        yield "The answers of tools are missing"


def _faults_in_item(item: Mapping[str, Any], *, is_kept: bool) -> Iterator[str]:
    kind = item.get("type", "message" if "role" in item else None)
    known = _ITEM_KEYS.get(str(kind))
    if known is None:
        yield f"unknown type {kind!r}"
        return
    unknown = item.keys() - known
    if unknown:
        yield f"unknown field {min(unknown)!r}"
    if item.get("status") not in _STATUSES:
        yield "unknown status"
    if kind == "reasoning" and not is_kept:
        if not (item.get("encrypted_content") or item.get("content")):
            yield f"Item '{item.get('id')}' not found"
    elif kind == "message":
        is_assistant = item["role"] == "assistant"
        content = item.get("content")
        if not content:
            yield "there is nothing in it"
        for part in content if isinstance(content, list) else ():
            if (part["type"] in {"output_text", "refusal"}) != is_assistant:
                yield f"a part {part['type']!r} in a message of role {item['role']!r}"


def _faults_in_pairs(calls: list[str], outputs: list[str]) -> Iterator[str]:
    for call_id in calls:
        if call_id not in outputs:
            yield f"No tool output found for function call {call_id}."
    for call_id in outputs:
        if call_id not in calls:
            yield f"No tool call found for function call output with call_id {call_id}."
