"""The Conversations API of the scripted server: real state, and failures on request.

    server.conversations.script("POST", None, Refusal(500))    # the second one fails
    server.conversations.script("DELETE", Done(Silence(cut=True)))

Without a script it does what it is asked for.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from support.conversation_rules import fault_in_items, fault_in_metadata, kept, shown
from support.openai_replies import Control, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MOST_OF_A_PAGE = 100
_USUAL_PAGE = 20


@dataclass(frozen=True)
class Done:
    """What was asked for is done, but the answer is another one.

    Attributes:
        answer: What the server answers; a `Control` acts before the usual answer.
    """

    answer: Any


Interference: TypeAlias = "Refusal | Done | Control | Any | None"
Document: TypeAlias = dict[str, Any]


@dataclass
class Conversation:
    """What the server keeps of one.

    Attributes:
        id: Its id.
        metadata: Its metadata.
        items: Its items as they are kept, oldest first.
        created_at: Seconds since 1970.
    """

    id: str
    metadata: dict[str, str]
    items: list[Document] = field(default_factory=list)
    created_at: int = field(default_factory=lambda: int(time.time()))

    @property
    def document(self) -> Document:
        """How it is handed out."""
        return {
            "id": self.id,
            "object": "conversation",
            "created_at": self.created_at,
            "metadata": self.metadata,
        }


class Conversations:
    """All conversations of a server. They outlive it, if it goes down and comes up again.

    Attributes:
        all: Those there are, by id.
        is_known: Whether the server has such an API at all.
    """

    def __init__(self) -> None:
        self.all: dict[str, Conversation] = {}
        self.is_known = True
        self._numbers = itertools.count(1)
        self._scripts: dict[str, deque[Interference]] = {}

    @property
    def unused(self) -> int:
        """How many scripted answers nobody has asked for."""
        return sum(map(len, self._scripts.values()))

    @property
    def only(self) -> Conversation:
        """The one there is."""
        (conversation,) = self.all.values()
        return conversation

    def script(self, method: str, *answers: Interference) -> None:
        """Tell what to answer to the next requests of a method, one each.

        Args:
            method: "POST", "GET" or "DELETE".
            answers: None to do what is asked for; a `Refusal`, a `Silence` or a `Raw` to do nothing
                and answer that; a `Control` to act before doing it; `Done` to do it and then fail.
        """
        self._scripts.setdefault(method, deque()).extend(answers)

    def forget_script(self) -> None:
        """Answer nothing of what was scripted any more."""
        self._scripts.clear()

    def scripted(self, method: str) -> Interference:
        """Give what is to be answered to a request, and use it up."""
        waiting = self._scripts.get(method)
        return waiting.popleft() if waiting else None

    def answer(
        self, method: str, path: str, query: Mapping[str, Sequence[str]], body: Mapping[str, Any]
    ) -> Document | Refusal:
        """Do what is asked for.

        Args:
            method: That of the request.
            path: What comes after `/conversations`.
            query: The parameters of the address.
            body: What was sent.
        """
        names = [name for name in path.split("/") if name]
        if not names:
            return self._create(body) if method == "POST" else _NO_SUCH_METHOD
        conversation = self.all.get(names[0])
        if conversation is None:
            return _gone(f"Conversation with id '{names[0]}' not found.")
        handlers: Mapping[tuple[str, int], Callable[[], Document | Refusal]] = {
            ("GET", 1): lambda: conversation.document,
            ("POST", 1): lambda: _update(conversation, body),
            ("DELETE", 1): lambda: self._delete(conversation),
            ("GET", 2): lambda: _list(conversation, query),
            ("POST", 2): lambda: self._add(conversation, query, body),
            ("GET", 3): lambda: _item(conversation, names[2], query),
            ("DELETE", 3): lambda: _delete_item(conversation, names[2]),
        }
        handler = handlers.get((method, len(names)))
        return _NO_SUCH_METHOD if handler is None else handler()

    def _create(self, body: Mapping[str, Any]) -> Document | Refusal:
        unknown = body.keys() - {"items", "metadata"}
        items = body.get("items") or []
        fault = f"Unknown parameter: '{min(unknown)}'." if unknown else None
        fault = fault or fault_in_metadata(body.get("metadata"))
        fault = fault or fault_in_items(items, self._taken())
        if fault:
            return _refused(fault)
        conversation = Conversation(
            f"conv_{next(self._numbers):032x}", dict(body.get("metadata") or {})
        )
        self.all[conversation.id] = conversation
        conversation.items += [kept(item, next(self._numbers)) for item in items]
        return conversation.document

    def _delete(self, conversation: Conversation) -> Document:
        del self.all[conversation.id]
        return {"id": conversation.id, "object": "conversation.deleted", "deleted": True}

    def _add(
        self,
        conversation: Conversation,
        query: Mapping[str, Sequence[str]],
        body: Mapping[str, Any],
    ) -> Document | Refusal:
        fault = fault_in_items(body.get("items"), self._taken())
        if fault:
            return _refused(fault)
        added = [kept(item, next(self._numbers)) for item in body["items"]]
        conversation.items += added
        return _page(added, _included(query), has_more=False)

    def _taken(self) -> frozenset[str]:
        return frozenset(item["id"] for each in self.all.values() for item in each.items)


_NO_SUCH_METHOD = Refusal(405, "Method not allowed.", kind="invalid_request_error")


def _refused(fault: str) -> Refusal:
    return Refusal(400, fault, kind="invalid_request_error")


def _gone(words: str) -> Refusal:
    return Refusal(404, words, kind="invalid_request_error")


def _update(conversation: Conversation, body: Mapping[str, Any]) -> Document | Refusal:
    if body.keys() != {"metadata"}:
        return _refused("Missing required parameter: 'metadata'.")
    fault = fault_in_metadata(body["metadata"])
    if fault:
        return _refused(fault)
    conversation.metadata = dict(body["metadata"] or {})
    return conversation.document


def _list(conversation: Conversation, query: Mapping[str, Sequence[str]]) -> Document | Refusal:
    unknown = query.keys() - {"limit", "order", "after", "include", "include[]"}
    if unknown:
        return _refused(f"Unknown parameter: '{min(unknown)}'.")
    limit, order = query.get("limit", [str(_USUAL_PAGE)])[0], query.get("order", ["desc"])[0]
    if not limit.isdecimal() or not 1 <= int(limit) <= _MOST_OF_A_PAGE:
        return _refused(f"Invalid 'limit': expected a value from 1 to {_MOST_OF_A_PAGE}.")
    if order not in {"asc", "desc"}:
        return _refused("Invalid 'order'.")
    items = conversation.items if order == "asc" else conversation.items[::-1]
    if "after" in query:
        ids = [item["id"] for item in items]
        if query["after"][0] not in ids:
            return _gone(f"Item with id '{query['after'][0]}' not found.")
        items = items[ids.index(query["after"][0]) + 1 :]
    return _page(items[: int(limit)], _included(query), has_more=len(items) > int(limit))


def _item(
    conversation: Conversation, item_id: str, query: Mapping[str, Sequence[str]]
) -> Document | Refusal:
    for item in conversation.items:
        if item["id"] == item_id:
            return shown(item, _included(query))
    return _gone(f"Item with id '{item_id}' not found.")


def _delete_item(conversation: Conversation, item_id: str) -> Document | Refusal:
    left = [item for item in conversation.items if item["id"] != item_id]
    if len(left) == len(conversation.items):
        return _gone(f"Item with id '{item_id}' not found.")
    conversation.items = left
    return conversation.document


def _page(items: Sequence[Document], include: Sequence[str], *, has_more: bool) -> Document:
    return {
        "object": "list",
        "data": [shown(item, include) for item in items],
        "has_more": has_more,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
    }


def _included(query: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return [*query.get("include", ()), *query.get("include[]", ())]
