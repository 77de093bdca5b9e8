"""Pictures from a real server on this machine."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from chatelaine.chat import remote_pictures
from chatelaine.chat.remote_pictures import fetch_picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(1000)


@asynccontextmanager
async def server(routes: Mapping[str, object]) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """Answer on loopback; give the address, and what was asked."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        found = routes.get(request.path)
        if isinstance(found, bytes):
            return web.Response(body=found, content_type="image/png")
        if isinstance(found, str):
            raise web.HTTPFound(found)
        raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def test_a_picture_is_fetched_and_nothing_of_the_user_goes_along():
    async with server({"/a.png": PICTURE}) as (address, asked):
        assert await fetch_picture(f"{address}/a.png") == PICTURE
    (request,) = asked
    assert "chatelaine" not in str(request.headers).lower()
    assert not {"Cookie", "Referer", "Authorization"} & set(request.headers)


async def test_a_host_may_send_on_to_itself_and_to_nobody_else():
    async with server({"/other": PICTURE}) as (other, asked_other):
        elsewhere = other.replace("127.0.0.1", "localhost")
        routes = {"/a": "/b", "/b": PICTURE, "/away": f"{elsewhere}/other", "/loop": "/loop"}
        async with server(routes) as (address, _):
            assert await fetch_picture(f"{address}/a") == PICTURE
            assert await fetch_picture(f"{address}/away") is None
            assert await fetch_picture(f"{address}/loop") is None
        assert asked_other == []


async def test_what_is_too_large_or_not_there_is_no_picture(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remote_pictures, "LARGEST", 500)
    async with server({"/large": PICTURE}) as (address, _):
        assert await fetch_picture(f"{address}/large") is None
        assert await fetch_picture(f"{address}/missing") is None
    assert await fetch_picture(f"{address}/gone") is None, "nobody listens there any more"


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://a.example/x", "https://", ""])
async def test_other_addresses_are_not_asked(address):
    assert await fetch_picture(address) is None
