"""A model that may do without tools: the application's own are a convenience, not a need.

Many small models, above all on servers of one's own, refuse any request that offers tools. A turn
must not fail for that: it is asked again without them, and from then on they are not offered.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from chatelaine.agents.errors import RequestRefused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chatelaine.agents.models.protocol import Model, ModelEvent, ModelRequest


class OptionalTools:
    """A `Model` around another one, which takes the tools away once a server has refused them."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._refused = False

    @property
    def name(self) -> str:
        """The model's name, as the server knows it."""
        return self._model.name

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Ask, and stream the answer.

        Raises:
            ModelError: The model did not answer.
        """
        if request.tools and not self._refused:
            try:
                async with aclosing(self._ask(request)) as events:
                    async for event in events:
                        yield event
            except RequestRefused as error:
                if "tool" not in error.message.lower():
                    raise
                self._refused = True
            else:
                return
        fewer = replace(request, tools=()) if self._refused else request
        async with aclosing(self._ask(fewer)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        """Close what is kept open between requests."""
        await self._model.aclose()

    def _ask(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        # The protocol says that it is a generator, which can be closed.
        return cast("AsyncGenerator[ModelEvent, None]", self._model.stream(request))
