"""A model that is none: it answers by a few rules, without network, at the speed of a real one.

It is what a person talks with before a provider is set up, and what examples and screenshots use.
It says what it is, shows that the conversation is remembered, and shows what the window can do.
What it says depends on the conversation alone, so that the same one always looks the same.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatelaine.agents.events import TextDelta, Usage
from chatelaine.agents.items import assistant_message, function_call, is_user_message, text_of
from chatelaine.agents.models import demo_summary
from chatelaine.agents.models import demo_texts as texts
from chatelaine.agents.models.protocol import ModelResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.models.protocol import ModelEvent, ModelRequest, ToolDescription

_CHUNK = re.compile(r".{1,14}(?:\s|$)|.{1,14}|\n", re.DOTALL)
"""A few words: what real servers send at a time."""

_QUOTED = 160
"""Characters of what the user said that are repeated."""

_NAME = re.compile(
    r"\b(?i:(?:my|the) name is|my name's|i am called|i'm called|people call me)\s+"
    r"([^\W\d_][\w'\u2019-]*(?:\s+[A-Z][\w'\u2019-]*)*)"
    r"|\b(?i:call me)\s+([A-Z][\w'\u2019-]*(?:\s+[A-Z][\w'\u2019-]*)*)"
)
_FACT = re.compile(
    r"(?:^|[.!?\n]\s*)((?:(?:please\s+)?(?:remember|note)\b|set\s+\w+\s+to\b"
    r"|i (?:am|like|love|prefer|want|have|live|work|speak|study|play|hate)\b|my \w+ (?:is|are)\b)"
    r"[^.!?\n]+)",
    re.IGNORECASE,
)


class DemoModel:
    """Answers by rules; needs no network and no key.

    Args:
        delay: Seconds between two pieces of an answer.
    """

    def __init__(self, *, delay: float = 0.02) -> None:
        self._delay = delay

    @property
    def name(self) -> str:
        """The model's name."""
        return "demo"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Answer, a few words at a time."""
        answer = _answer(request.input, request.tools)
        if isinstance(answer, str):
            for match in _CHUNK.finditer(answer):
                await asyncio.sleep(self._delay)
                yield TextDelta(match[0])
            answer = assistant_message(answer)
        yield ModelResponse((answer,), Usage(requests=1))

    async def aclose(self) -> None:
        """Do nothing: nothing is kept open."""


def _answer(
    items: Sequence[TResponseInputItem], tools: Sequence[ToolDescription]
) -> str | TResponseInputItem:
    """Give the text of the answer, or the call of a tool."""
    asked = [index for index, item in enumerate(items) if is_user_message(item)]
    if asked and (summary := demo_summary.summary(text_of(items[asked[-1]]))) is not None:
        return summary
    if not asked:
        return texts.GREETING
    outputs = [item for item in items[asked[-1] :] if item.get("type") == "function_call_output"]
    if outputs:
        return texts.TOOL_ANSWERED.format(output=_quote(text_of(outputs[-1])))
    talk = _Talk.of(items, asked)
    if (call := _call(talk, tools)) is not None:
        return call
    return talk.answer(tools)


# ---------------------------------------------------------------------------- the conversation


@dataclass(frozen=True, slots=True)
class _Talk:
    """What was said.

    Attributes:
        said: The user's messages, oldest first; the last one is to be answered.
        answers: The answers before it, oldest first, each with whether it was cut off.
    """

    said: list[str]
    answers: list[tuple[str, bool]]

    @classmethod
    def of(cls, items: Sequence[TResponseInputItem], asked: Sequence[int]) -> _Talk:
        spoken = [
            item
            for item in items[: asked[-1]]
            if item.get("role") == "assistant" and text_of(item).strip()
        ]
        # What was summed up was said as well, and answered.
        notes = (text_of(item) for item in items if item.get("role") == "developer")
        earlier = [text for note in notes for text in demo_summary.said_before(note)]
        return cls(
            earlier + [text_of(items[index]).strip() for index in asked],
            [("", False) for _ in earlier]
            + [(text_of(item), item.get("status") == "incomplete") for item in spoken],
        )

    @property
    def words(self) -> str:
        """What is to be answered, in small letters."""
        return self.said[-1].lower()

    def answer(self, tools: Sequence[ToolDescription]) -> str:
        answer = self._asked_about_the_talk() or self._asked_to_show() or self._told()
        if not answer and self._has(r"\btools?\b|\bwhat time\b|\bclock\b"):
            answer = texts.NO_TOOLS
        if not answer and self._has(r"\b(help|hello|hi|hey|good (morning|day|evening)|what can)\b"):
            answer = texts.GREETING if not self.answers else texts.TRY.format(tools=_names(tools))
        if not answer and self._has(r"\b(who|what) are you\b|\ban? (ai|bot|robot|human)\b"):
            answer = texts.WHO
        if not self.answers and answer != texts.GREETING:
            return f"{answer or self._echo()}\n\n{texts.FIRST_TIME}"
        return answer or self._echo()

    def _has(self, pattern: str) -> bool:
        return re.search(pattern, self.words) is not None

    def _asked_about_the_talk(self) -> str:
        answer = ""
        if self._has(r"\b(continue|go on)\b") and self.answers and self.answers[-1][1]:
            answer = self._rest(self.answers[-1][0])
        elif self._has(r"\b(my name|who am i)\b") and not _NAME.search(self.said[-1]):
            name = self._name()
            answer = texts.NAME_KNOWN.format(name=name) if name else texts.NO_NAME
        elif self._has(
            r"\bfirst\b.*\b(say|said|asked|wrote|message|question|thing)\b"
        ) or self._has(r"\bi (say|ask|write|said|asked|wrote) first\b"):
            answer = texts.FIRST_MESSAGE.format(quote=_quote(self.said[0]))
        elif self._has(r"\b(how many|count)\b.*\b(messages?|times|questions?|turns)\b"):
            answer = texts.COUNTED.format(
                said=_count(len(self.said), "message"), answers=_count(len(self.answers), "time")
            )
        elif self._has(r"\bi (just )?(say|ask|write|said|asked|wrote)\b") and self._has(
            r"\b(last|before|previously|just)\b"
        ):
            answer = texts.NOTHING_BEFORE
            if len(self.said) > 1:
                answer = texts.LAST_MESSAGE.format(quote=_quote(self.said[-2]))
        elif self._has(
            r"\b(what|which|do you)\b.*\b(remember|know about me|my preferences|do i like)\b"
        ):
            answer = self._facts()
        return answer

    def _asked_to_show(self) -> str:
        for pattern, page in texts.PAGES:
            if self._has(pattern):
                return page
        return ""

    def _told(self) -> str:
        if _NAME.search(self.said[-1]):
            return texts.NAME_TOLD.format(name=self._name())
        if _FACT.search(self.said[-1]):
            return texts.FACT_TOLD
        return ""

    def _name(self) -> str:
        for text in reversed(self.said):
            if match := _NAME.search(text):
                return (match[1] or match[2]).rstrip("'\u2019-")
        return ""

    def _facts(self) -> str:
        facts = [match[1].strip() for text in self.said[:-1] for match in _FACT.finditer(text)]
        facts = [fact for fact in dict.fromkeys(facts) if not _NAME.search(fact)]
        if name := self._name():
            facts.insert(0, f"Your name is {name}")
        if not facts:
            return texts.NO_FACTS
        return texts.FACTS.format(facts="\n".join(f"- {_shortened(fact)}" for fact in facts))

    def _rest(self, unfinished: str) -> str:
        """Give what is missing of an answer that was cut off: what was asked then, asked again."""
        if len(self.said) > 1:
            whole = _Talk(self.said[:-1], self.answers[:-1]).answer(())
            if whole.startswith(unfinished) and whole != unfinished:
                return whole[len(unfinished) :].lstrip()
        return texts.NOTHING_LEFT

    def _echo(self) -> str:
        hint = texts.HINTS[len(self.said) % len(texts.HINTS)]
        return texts.ECHO.format(
            quote=_quote(self.said[-1]), number=_ordinal(len(self.said)), hint=hint
        )


# ---------------------------------------------------------------------------- tools


def _call(talk: _Talk, tools: Sequence[ToolDescription]) -> TResponseInputItem | None:
    """Choose the tool that was asked for, if one was."""
    wanted = set(re.findall(r"\w+", talk.words))
    any_will_do = bool(wanted & {"tool", "tools"})
    if not any_will_do and not wanted & {"time", "date", "clock", "today", "use", "call"}:
        return None
    best, fit = None, 0
    for tool in tools:
        about = set(re.findall(r"[^\W_]+", f"{tool.name} {tool.description}".lower()))
        score = 2 * len(wanted & set(tool.name.lower().split("_"))) + len(wanted & about - _SMALL)
        if score > fit or (best is None and any_will_do):
            best, fit = tool, score
    if best is None:
        return None
    arguments = _example(best.parameters, talk.said[-1], best.parameters.get("$defs", {}))
    return function_call(f"call_{len(talk.said)}", best.name, json.dumps(arguments))


_SMALL = frozenset({"a", "an", "and", "for", "in", "is", "it", "of", "the", "this", "to", "what"})
"""Words that say nothing about which tool is meant."""


def _example(schema: Mapping[str, Any], said: str, definitions: Mapping[str, Any]) -> Any:
    """Make up a value that fits a schema, out of what the user said where that is possible."""
    if "$ref" in schema:
        schema = definitions.get(schema["$ref"].rpartition("/")[2], {})
    if "anyOf" in schema:
        options = schema["anyOf"]
        if any(option.get("type") == "null" for option in options):
            return None
        return _example(options[0], said, definitions)
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            names = schema.get("required", properties)
            return {name: _example(properties[name], said, definitions) for name in names}
        case "array":
            return [_example(schema.get("items", {}), said, definitions)]
        case _:
            return _single(schema, said)


def _single(schema: Mapping[str, Any], said: str) -> Any:
    if "enum" in schema:
        named = [value for value in schema["enum"] if str(value).lower() in said.lower()]
        return (named or schema["enum"])[0]
    if schema.get("type") in ("integer", "number"):
        numbers = re.findall(r"\d+", said)
        return int(numbers[0][:9]) if numbers else 1
    if schema.get("type") == "boolean":
        return True
    quoted = re.findall(r"[\"'\u2018-\u201d]([^\"'\u2018-\u201d]+)[\"'\u2018-\u201d]", said)
    return quoted[0] if quoted else said


def _names(tools: Sequence[ToolDescription]) -> str:
    return ", ".join(f"`{tool.name}`" for tool in tools) or "there is none here"


# ---------------------------------------------------------------------------- words


def _quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in _shortened(text).splitlines()) or "> "


def _shortened(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED].rstrip()}…"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _ordinal(number: int) -> str:
    teens = 10 <= number % 100 < 20  # noqa: PLR2004 - eleventh, twelfth, ...
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
