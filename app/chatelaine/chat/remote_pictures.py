"""Fetches a picture that lies elsewhere, once the user has said that it may be.

Nothing of the user goes along: no cookies, no name of the program, no address of where it was
found. It is asked for at the host that was named, and at no other: a host that sends the reader on
to another one gets no answer.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx2

LARGEST: Final = 20 * 1024 * 1024
"""Bytes of a picture at most."""
_MOST_REDIRECTS: Final = 3
_SECONDS: Final = 30.0
_HEADERS: Final = {"Accept": "image/*", "User-Agent": "Mozilla/5.0"}


async def fetch_picture(address: str) -> bytes | None:
    """Fetch a picture.

    Args:
        address: Begins with http:// or https://.

    Returns:
        What the server has sent; None where it has sent no picture, too large a one, or nothing.
    """
    if not address.lower().startswith(("http://", "https://")):
        return None
    # A seventh of a second that the window need not wait for.
    await asyncio.to_thread(importlib.import_module, "httpx2")
    import httpx2

    try:
        async with asyncio.timeout(_SECONDS), httpx2.AsyncClient(headers=_HEADERS) as client:
            return await _read(client, httpx2.URL(address))
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError):
        return None


async def _read(client: httpx2.AsyncClient, address: httpx2.URL) -> bytes | None:
    host = address.host
    for _ in range(_MOST_REDIRECTS + 1):
        async with client.stream("GET", address) as response:
            if response.has_redirect_location:
                address = address.join(response.headers["location"])
                if address.host != host or address.scheme not in {"http", "https"}:
                    return None
                continue
            if not response.is_success:
                return None
            content = bytearray()
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > LARGEST:
                    return None
            return bytes(content)
    return None
