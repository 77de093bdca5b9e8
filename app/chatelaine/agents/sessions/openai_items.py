"""Items in the form in which the Conversations API keeps them, and back.

The API takes most items as they are, gives each an id, and writes a message out in full
(https://platform.openai.com/docs/api-reference/conversations/create-items). What it has no place
for is carried: as a message of the assistant whose text is the item as JSON. Nothing is lost, but
only this library can read that.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import Item, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

CARRIER = "[chatelaine item] "
"""How the text of a message begins that carries an item."""

_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode

_COMMON = frozenset({"type", "id", "status"})
_NAMED_BY_CALLER: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(needed.split()), frozenset(optional.split()) | _COMMON)
    for kind, (needed, optional) in {
        "code_interpreter_call": ("id status code container_id outputs", ""),
        "computer_call": ("id status call_id pending_safety_checks", "action actions"),
        "file_search_call": ("id status queries", "results"),
        "image_generation_call": ("id status result", "background quality revised_prompt size"),
        "local_shell_call": ("id status call_id action", ""),
        "local_shell_call_output": ("id output", ""),
        "mcp_approval_request": ("id arguments name server_label", ""),
        "mcp_call": ("id arguments name server_label", "approval_request_id error output"),
        "mcp_list_tools": ("id server_label tools", "error"),
        "web_search_call": ("id status action", ""),
    }.items()
}
"""What an item must have, and may have: those to which the API gives no id of its own."""

_NAMED_BY_SERVER: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(needed.split()), frozenset(optional.split()) | _COMMON)
    for kind, (needed, optional) in {
        "apply_patch_call": ("call_id operation status", "caller"),
        "apply_patch_call_output": ("call_id status", "caller output"),
        "computer_call_output": ("call_id output", "acknowledged_safety_checks"),
        "custom_tool_call": ("call_id input name", "caller namespace"),
        "custom_tool_call_output": ("call_id output", "caller"),
        "function_call": ("arguments call_id name", "caller namespace"),
        "function_call_output": ("call_id output", "caller name namespace"),
        "mcp_approval_response": ("approval_request_id approve", "reason"),
        "shell_call": ("action call_id", "caller environment"),
        "shell_call_output": ("call_id output", "caller max_output_length"),
    }.items()
}
"""The same, of those whose id is the API's affair; "completed" is what their status is unsaid."""

_REASONING = frozenset({"type", "id", "summary", "content", "encrypted_content", "status"})
_MESSAGE = frozenset({"type", "id", "role", "content", "status"})
_PARTS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "assistant": {
        "output_text": frozenset({"type", "text", "annotations", "logprobs"}),
        "refusal": frozenset({"type", "refusal"}),
    },
    "user": {
        "input_text": frozenset({"type", "text"}),
        "input_image": frozenset({"type", "detail", "file_id", "image_url"}),
        "input_file": frozenset({"type", "file_data", "file_id", "file_url", "filename"}),
    },
}


def outgoing(item: Mapping[str, Any], *, plain: bool = False) -> dict[str, Any]:
    """Write an item as the API takes it.

    Args:
        item: One that JSON can say.
        plain: Whether to carry all but messages of nothing but text: for a server that has refused
            more.
    """
    made = None
    if _can_be_stored(item):
        if kind_of(item) == "message":
            made = _message(item, plain=plain)
        elif not plain:
            made = _reasoning(item) if item.get("type") == "reasoning" else _call(item)
    return _carried(item) if made is None else made


def incoming(kept: Mapping[str, Any]) -> Item:
    """Read an item that the API gives; also one in the form in which it is sent."""
    kind = kind_of(kept)
    if kind == "message":
        return Item(_read_message(kept))
    made = {key: _cleaned(value) for key, value in kept.items() if value is not None}
    if kind in _NAMED_BY_SERVER:
        made.pop("id", None)
        if made.get("status") == "completed" and "status" not in _NAMED_BY_SERVER[kind][0]:
            del made["status"]
    elif kind == "reasoning":
        # Sealed reasoning is taken without its id; and of others, no server would find it.
        if made.get("encrypted_content"):
            made.pop("id", None)
        if made.get("status") == "completed":
            del made["status"]
    return Item(made)


# ---------------------------------------------------------------------------- to the server


def _carried(item: Mapping[str, Any]) -> dict[str, Any]:
    part = {"type": "output_text", "text": CARRIER + _encode(dict(item)), "annotations": []}
    return {"type": "message", "role": "assistant", "status": "completed", "content": [part]}


def _can_be_stored(item: Mapping[str, Any]) -> bool:
    """Tell whether the texts have neither NUL nor half characters, which servers refuse or drop."""
    text = json.dumps(item, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text


def _message(item: Mapping[str, Any], *, plain: bool) -> dict[str, Any] | None:
    role, content, status = item["role"], item["content"], item.get("status")
    is_models = role == "assistant"
    known = _MESSAGE | {"phase"} if is_models else _MESSAGE
    if not item.keys() <= known or not content or (not is_models and status not in _FINE):
        return None
    if isinstance(content, str):
        kind = "output_text" if is_models else "input_text"
        content = [{"type": kind, "text": content}]
    parts = _PARTS["assistant" if is_models else "user"]
    made = []
    for part in content:
        allowed = parts.get(part.get("type"))
        if allowed is None or not part.keys() <= allowed:
            return None
        if plain and not part.get("text"):
            return None
        made.append({key: value for key, value in part.items() if value is not None})
        if part["type"] == "output_text":
            made[-1].setdefault("annotations", [])
    # Whoever writes what looks like a carrier has it carried: it is read as what was written.
    if is_models and str(made[0].get("text", "")).startswith(CARRIER):
        return None
    message = {"type": "message", "role": role, "content": made}
    if is_models:
        message["status"] = status or "completed"
        if item.get("phase"):
            message["phase"] = item["phase"]
    return message


_FINE = (None, "completed")


def _reasoning(item: Mapping[str, Any]) -> dict[str, Any] | None:
    if not item.keys() <= _REASONING or not isinstance(item.get("summary"), list):
        return None
    if not item.get("id") and not item.get("encrypted_content"):
        return None
    return {key: value for key, value in item.items() if value is not None}


def _call(item: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = kind_of(item)
    needed, optional = _NAMED_BY_SERVER.get(kind) or _NAMED_BY_CALLER.get(kind) or _UNKNOWN
    if not needed <= item.keys() or not item.keys() <= needed | optional:
        return None
    if kind in _WITH_KINDS_OF_ACTIONS and "type" not in (item.get("action") or {"type": ""}):
        return None
    made = {key: value for key, value in item.items() if value is not None or key in needed}
    if kind in _NAMED_BY_SERVER:
        made.pop("id", None)
    return made


_WITH_KINDS_OF_ACTIONS = ("computer_call", "local_shell_call", "web_search_call")
_UNKNOWN = (frozenset({"\0"}), frozenset[str]())


# ---------------------------------------------------------------------------- from the server


def _read_message(kept: Mapping[str, Any]) -> dict[str, Any]:
    role, status = kept.get("role"), kept.get("status")
    content = kept.get("content")
    if isinstance(content, list):
        content = [_cleaned(part) for part in content]
    if role == "assistant":
        return _unpacked(content) or {
            key: value
            for key, value in (
                ("type", "message"),
                ("role", role),
                ("status", status or "completed"),
                ("phase", kept.get("phase")),
                ("content", content),
            )
            if value is not None
        }
    if isinstance(content, list) and len(content) == 1 and content[0].keys() == {"type", "text"}:
        content = content[0]["text"] if content[0]["type"] == "input_text" else content
    made = {"role": role, "content": content}
    return made if status in _FINE else {"type": "message", **made, "status": status}


def _unpacked(content: Any) -> dict[str, Any] | None:
    if not isinstance(content, list) or len(content) != 1:
        return None
    text = content[0].get("text") if isinstance(content[0], dict) else None
    if not isinstance(text, str) or not text.startswith(CARRIER):
        return None
    try:
        item = json.loads(text.removeprefix(CARRIER))
    except (ValueError, RecursionError):
        return None
    return item if isinstance(item, dict) else None


def _cleaned(value: Any) -> Any:
    """Leave out of a part, or of a list of parts, what the API adds where there is nothing."""
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if not isinstance(value, dict) or "type" not in value:
        return value
    made = {key: each for key, each in value.items() if each is not None}
    if made.get("logprobs") == []:
        del made["logprobs"]
    return made
