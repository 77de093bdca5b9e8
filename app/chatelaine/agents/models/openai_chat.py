"""A model at a server that speaks OpenAI's Chat Completions API, as nearly all do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from chatelaine.agents.models.chat_answer import ChatAnswer
from chatelaine.agents.models.chat_request import chat_body
from chatelaine.agents.models.openai_model import OpenAIModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatelaine.agents.models.answer_stream import Answer
    from chatelaine.agents.models.endpoint import Endpoint
    from chatelaine.agents.models.output_items import OutputItems
    from chatelaine.agents.models.protocol import ModelRequest


class OpenAIChatCompletionsModel(OpenAIModel):
    """A model that is asked through `POST /chat/completions`.

    Items are turned into messages and back. OpenAI's own server is told not to keep the completion,
    unless the settings say so.
    """

    @property
    @override
    def _path(self) -> str:
        return "/chat/completions"

    @override
    def _optional(self, endpoint: Endpoint) -> Mapping[str, str]:
        if endpoint.is_official:
            return {}
        return {
            "stream_options": r"stream_options|include_usage",
            "reasoning_content": r"reasoning_content",
        }

    @override
    def _body(
        self, request: ModelRequest, endpoint: Endpoint, offered: frozenset[str]
    ) -> Mapping[str, Any]:
        is_official = endpoint.is_official
        return chat_body(self.name, request, is_official=is_official, offered=offered)

    @override
    def _answer(self, items: OutputItems, endpoint: Endpoint) -> Answer:
        return ChatAnswer(items, endpoint, self.name)
