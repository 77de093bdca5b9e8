"""Listening for other processes, where sockets have names: whatever these say, or do not say."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from chatelaine.gui.local_server import make_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LONGEST = 100


@asynccontextmanager
async def visiting(name: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_unix_connection(name)
    try:
        yield reader, writer
    finally:
        writer.close()


class Server:
    """One that listens, and answers each line with itself, backwards."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: list[bytes] = []
        self.server = make_server(self.answer, longest=LONGEST)

    def answer(self, line: bytes) -> bytes:
        self.heard.append(line)
        return line[::-1]

    async def aclose(self) -> None:
        await self.server.aclose()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with aclosing(Server(str(tmp_path / "socket"))) as server:
        assert await server.server.listen(server.name)
        yield server


async def test_each_who_says_a_line_gets_its_answer_and_no_more(server: Server):
    for said in (b"one", b"two"):
        async with visiting(server.name) as (reader, writer):
            writer.write(said + b"\nmore\n")
            assert await reader.read() == said[::-1]
    assert server.heard == [b"one", b"two"]


async def test_a_line_may_come_in_pieces_and_others_are_heard_meanwhile(server: Server):
    async with visiting(server.name) as (slow, writer):
        writer.write(b"hal")
        async with visiting(server.name) as (reader, other):
            other.write(b"whole\n")
            assert await reader.read() == b"elohw"
        writer.write(b"f\n")
        assert await slow.read() == b"flah"


async def test_who_says_too_much_is_cut_off(server: Server):
    async with visiting(server.name) as (reader, writer):
        writer.write(b"x" * (LONGEST + 1))
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
    assert server.heard == []


async def test_who_goes_without_a_word_is_forgotten(server: Server):
    async with visiting(server.name):
        pass
    async with visiting(server.name) as (reader, writer):
        writer.write(b"later\n")
        assert await reader.read() == b"retal"


async def test_at_the_end_nobody_is_left_and_no_name(server: Server, tmp_path: Path):
    async with visiting(server.name) as (reader, writer):
        writer.write(b"begun")
        async with visiting(server.name) as (other, question):  # until the first one is heard
            question.write(b"there\n")
            await other.read()
        await server.server.aclose()
        assert await reader.read() == b""
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_a_name_that_is_taken_is_left_alone_unless_it_is_to_be_replaced(server: Server):
    async with aclosing(Server(server.name)) as second:
        assert not await second.server.listen(server.name)
        async with visiting(server.name) as (reader, writer):
            writer.write(b"first\n")
            assert await reader.read() == b"tsrif"


async def test_what_was_left_behind_is_replaced(tmp_path: Path):
    name = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(name)
    async with aclosing(Server(name)) as server:
        assert not await server.server.listen(name)
        assert await server.server.listen(name, replacing=True)
        async with visiting(name) as (reader, writer):
            writer.write(b"here\n")
            assert await reader.read() == b"ereh"


async def test_where_no_socket_can_be_nobody_listens(tmp_path: Path):
    async with aclosing(Server(str(tmp_path / "missing" / "socket"))) as server:
        assert not await server.server.listen(server.name, replacing=True)
