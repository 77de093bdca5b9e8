"""A model at a server that speaks OpenAI's Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from chatelaine.agents.models.openai_model import OpenAIModel
from chatelaine.agents.models.responses_answer import ResponsesAnswer
from chatelaine.agents.models.responses_request import responses_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatelaine.agents.models.answer_stream import Answer
    from chatelaine.agents.models.endpoint import Endpoint
    from chatelaine.agents.models.output_items import OutputItems
    from chatelaine.agents.models.protocol import ModelRequest


class OpenAIResponsesModel(OpenAIModel):
    """A model that is asked through `POST /responses`, at OpenAI or any server that speaks it.

    The server is told not to keep the response, unless the settings say so. What a model thought is
    given back to it where its server hands it out, encrypted or in the clear.
    """

    @property
    @override
    def _path(self) -> str:
        return "/responses"

    @override
    def _optional(self, endpoint: Endpoint) -> Mapping[str, str]:
        # The thoughts of a model may be of no use to another one, even at the same server.
        reasoning = (
            r"reasoning(?!_effort|[.]effort)|invalid_encrypted_content|could not be verified"
        )
        if endpoint.is_official:
            return {
                "include": r"\binclude\b|encrypted content is not supported",
                "reasoning": reasoning,
            }
        return {"store": r"\bstore\b", "reasoning": reasoning}

    @override
    def _body(
        self, request: ModelRequest, endpoint: Endpoint, offered: frozenset[str]
    ) -> Mapping[str, Any]:
        is_official = endpoint.is_official
        return responses_body(self.name, request, is_official=is_official, offered=offered)

    @override
    def _answer(self, items: OutputItems, endpoint: Endpoint) -> Answer:
        return ResponsesAnswer(items, endpoint, self.name)
