"""What a server offers: its models, and whether it speaks the Responses API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from chatelaine.agents.errors import RequestRefused, RequestTimedOut
from chatelaine.agents.models.endpoint import resolve_endpoint
from chatelaine.agents.models.failures import NoSuchModel, RefusalError, unreadable
from chatelaine.agents.models.retry import TemporaryError
from chatelaine.agents.models.transport import Transport, preload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


async def list_models(
    base_url: str | None = None,
    api_key: str | None = None,
    *,
    timeout: float = 10.0,  # noqa: ASYNC109  (who asks is a dialog, which has none of its own)
) -> list[str]:
    """Ask a server for the names of its models.

    Args:
        base_url: Its address; None as for a model.
        api_key: Its key; None as for a model.
        timeout: Seconds for all of it.

    Returns:
        The names, sorted; none where the server has none to tell.

    Raises:
        MissingCredentials: The server wants a key, and there is none.
        ModelError: The server did not answer, or has no list.
    """
    async with _asking(base_url, api_key, timeout) as transport:
        try:
            async with transport.get("/models") as response:
                body = await response.aread()
        except (TemporaryError, RefusalError) as failure:
            raise failure.error from None
        try:
            names = set(_names(json.loads(body)))
        except (ValueError, RecursionError):
            is_page = body.lstrip().startswith(b"<")
            raise unreadable(transport.endpoint, is_page=is_page) from None
    return sorted(names, key=lambda name: (name.casefold(), name))


async def supports_responses(
    base_url: str | None = None,
    api_key: str | None = None,
    *,
    timeout: float = 10.0,  # noqa: ASYNC109  (who asks is a dialog, which has none of its own)
) -> bool:
    """Find out whether a server speaks the Responses API, without asking a model anything.

    It is sent an empty request: who knows the path says what is missing in it.

    Args:
        base_url: Its address; None as for a model.
        api_key: Its key; None as for a model.
        timeout: Seconds for all of it.

    Raises:
        MissingCredentials: The server wants a key, and there is none.
        ModelError: The server did not answer, or not in a way that tells.
    """
    async with _asking(base_url, api_key, timeout) as transport:
        try:
            async with transport.post("/responses", {}) as response:
                return "html" not in response.headers.get("content-type", "")
        except (RefusalError, NoSuchModel):
            return True
        except RequestRefused:
            return False
        except TemporaryError as failure:
            if failure.error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                return True  # it stumbled over what is missing
            raise failure.error from None


@asynccontextmanager
async def _asking(
    base_url: str | None, api_key: str | None, seconds: float
) -> AsyncIterator[Transport]:
    endpoint = resolve_endpoint(base_url, api_key)
    await preload()  # takes as long as it takes, and says nothing of the server
    transport = Transport(endpoint, timeout=seconds)
    try:
        async with asyncio.timeout(seconds):
            yield transport
    except TimeoutError:
        raise RequestTimedOut(f"{endpoint.host} did not answer in the time allowed.") from None
    finally:
        await transport.aclose()


def _names(document: object) -> Iterator[str]:
    if isinstance(document, Mapping):
        document = document.get("data") or document.get("models") or []
    for entry in document if isinstance(document, list) else ():
        name = entry.get("id") or entry.get("name") if isinstance(entry, Mapping) else entry
        if isinstance(name, str) and name:
            yield name
