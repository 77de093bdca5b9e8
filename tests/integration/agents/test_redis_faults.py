"""Sessions in Redis when something goes wrong: with the server, with the way to it, with us."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import signal
import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import redis

from chatelaine.agents.errors import SessionError, SessionUnavailable
from chatelaine.agents.items import user_message
from chatelaine.agents.sessions.redis import RedisSession
from chatelaine.agents.sessions.redis_store import RedisSessionStore
from contracts.cancelling import cancelled_at
from contracts.session import numbered, texts, turn
from support.redis_server import RedisServer
from support.until import until, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_numbers = itertools.count(1)


@pytest.fixture
def prefix() -> str:
    """Keys, and a name of connections, that no other test uses."""
    return f"fault-{next(_numbers)}"


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    """A server of the test's own, to do with as it likes."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def looking(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """A client to look at what is on the server."""
    with redis.Redis.from_url(redis_server.url, protocol=2) as client:
        yield client


def connections(looking: Any, name: str) -> int:
    return sum(each["name"] == name for each in looking.client_list())


# ---------------------------------------------------------------------------- the server


async def test_where_nobody_listens_it_says_so_without_the_password() -> None:
    async with RedisSession("one", "redis://ann:s3cret@127.0.0.1:1/3") as session:
        for work in (session.get_items(), session.add_items(numbered(1)), session.pop_item()):
            with pytest.raises(SessionUnavailable, match="cannot be reached") as caught:
                await work
            assert "redis://ann@127.0.0.1:1/3" in caught.value.message
            assert "s3cret" not in caught.value.message
            assert isinstance(caught.value.__cause__, redis.ConnectionError)
        assert not await session.ping()


async def test_a_restart_between_two_calls_is_not_noticed(own_server: RedisServer) -> None:
    async with RedisSession("one", own_server.url) as session:
        for number in range(3):
            await session.add_items([user_message(str(number))])
            own_server.stop()
            own_server.start()
        assert texts(await session.get_items()) == ["0", "1", "2"]
        own_server.kill()
        own_server.start()
        assert texts([await session.pop_item() or {}]) == ["2"]


async def test_while_the_server_is_down_it_says_so_and_goes_on_when_it_is_back(
    own_server: RedisServer,
) -> None:
    async with RedisSession("one", own_server.url) as session:
        await session.add_items(numbered(2))
        own_server.stop()
        for work in (session.get_items(), session.add_items(numbered(1)), session.clear_session()):
            with pytest.raises(SessionUnavailable, match="cannot be reached"):
                await work
        own_server.start()
        assert await session.get_items() == numbered(2)
        await session.add_items([user_message("on")])
        assert texts(await session.get_items()) == ["0", "1", "on"]


class Writing:
    """Four writers of batches on one session, who go on whatever happens.

    Attributes:
        told: Of each batch, whether it was said to be stored.
        stopped: Whether they shall end.
    """

    WRITERS, SIZE = 4, 20

    def __init__(self, server: RedisServer) -> None:
        self.told: dict[int, bool] = {}
        self.stopped = False
        self._server = server

    @property
    def stored(self) -> int:
        return sum(self.told.values())

    @property
    def failed(self) -> int:
        return len(self.told) - self.stored

    async def write(self, writer: int) -> None:
        async with RedisSession("one", self._server.url) as session:
            for number in itertools.count(writer * 100_000):
                if self.stopped:
                    break
                batch = [user_message(f"{number}.{each}") for each in range(self.SIZE)]
                try:
                    await session.add_items(batch)
                except SessionUnavailable:
                    self.told[number] = False
                    await asyncio.sleep(0.005)
                else:
                    self.told[number] = True

    async def found(self) -> list[int]:
        """Give the batches that are there, having seen that each is whole."""
        async with RedisSession("one", self._server.url) as session:
            items = texts(await session.get_items())
        starts = range(0, len(items), self.SIZE)
        numbers = [int(items[start].partition(".")[0]) for start in starts]
        assert items == [f"{number}.{each}" for number in numbers for each in range(self.SIZE)]
        return numbers


async def test_a_server_that_is_killed_during_writes_has_each_batch_whole_and_once(
    own_server: RedisServer,
) -> None:
    writing = Writing(own_server)
    async with asyncio.TaskGroup() as group:
        for writer in range(writing.WRITERS):
            group.create_task(writing.write(writer), name="write")
        for _ in range(3):
            stored = writing.stored
            await until(lambda stored=stored: writing.stored > stored + 50)  # type: ignore[misc]
            own_server.kill()
            failed = writing.failed
            await until(lambda failed=failed: writing.failed > failed)  # type: ignore[misc]
            own_server.start()
        writing.stopped = True
    found = await writing.found()
    assert len(found) == len({*found})
    assert {number for number, was_told in writing.told.items() if was_told} <= {*found}
    for writer in range(writing.WRITERS):
        mine = [number for number in found if number // 100_000 == writer]
        assert mine == sorted(mine)


async def test_a_server_that_stands_still_is_given_up_in_time(own_server: RedisServer) -> None:
    session = RedisSession("one", own_server.url, redis_kwargs={"socket_timeout": 0.2})
    async with session:
        await session.add_items(numbered(2))
        with own_server.suspended():
            with pytest.raises(SessionUnavailable, match="did not answer in time") as caught:
                await session.get_items()
            assert "is not known" not in caught.value.message
            with pytest.raises(SessionUnavailable, match="Whether the change was made"):
                await session.add_items([user_message("2"), user_message("3")])
        assert texts(await session.get_items()) in (["0", "1"], ["0", "1", "2", "3"])


async def test_cancelling_does_not_wait_for_a_server_that_stands_still(
    own_server: RedisServer,
) -> None:
    kwargs = {"client_name": "reader"}
    async with RedisSession("one", own_server.url, redis_kwargs=kwargs) as session:
        await session.add_items(numbered(2))
        with own_server.suspended():
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(session.get_items(), name="read")
                for _ in range(20):
                    await asyncio.sleep(0)
                assert not reading.done()
                reading.cancel()
        # Were the answer still to come on the connection, it would be taken for another one's.
        assert texts(await session.get_items(limit=1)) == ["1"]
        with redis.Redis.from_url(own_server.url) as client:
            await until(lambda: connections(client, "reader") == 1)


async def test_a_read_that_is_cancelled_anywhere_leaves_no_answer_behind(
    redis_server: RedisServer, prefix: str, looking: Any
) -> None:
    kwargs = {"client_name": prefix}
    url = redis_server.url
    async with (
        RedisSession("one", url, key_prefix=prefix, redis_kwargs=kwargs) as one,
        RedisSession("two", url, key_prefix=prefix, redis_kwargs=kwargs) as two,
    ):
        await one.add_items([user_message("of one")])
        await two.add_items([user_message("of two")])
        for at in range(8):
            await cancelled_at(one.get_items(), at)
            assert texts(await two.get_items()) == ["of two"]
            assert texts(await one.get_items()) == ["of one"]
        await until(lambda: connections(looking, prefix) <= 2)


# ---------------------------------------------------------------------------- what it refuses


async def test_a_password_that_is_missing_or_wrong_is_told_apart_from_a_server_that_is_down() -> (
    None
):
    with RedisServer(password="s3cret") as server:
        async with RedisSession("one", server.url) as session:
            await session.add_items(numbered(1))
        wrong = server.url.replace("s3cret", "gu3ss")
        for url, said in (
            (server.url.replace(":s3cret@", ""), "password"),
            (wrong, "refused the user name or the password"),
        ):
            async with RedisSession("one", url) as session:
                with pytest.raises(SessionError, match=said) as caught:
                    await session.get_items()
            assert not isinstance(caught.value, SessionUnavailable)
            assert "gu3ss" not in caught.value.message


async def test_a_replica_can_be_read_and_says_that_it_is_one(own_server: RedisServer) -> None:
    async with RedisSession("one", own_server.url) as session:
        await session.add_items(numbered(2))
        with redis.Redis.from_url(own_server.url) as client:
            client.replicaof("127.0.0.1", 1)
            assert len(await session.get_items()) == 2
            with pytest.raises(SessionUnavailable, match="address of the primary"):
                await session.add_items(numbered(1))
            client.replicaof("NO", "ONE")
        await session.add_items(numbered(1))
        assert len(await session.get_items()) == 3


async def test_a_server_without_memory_stores_nothing_of_a_batch(own_server: RedisServer) -> None:
    async with RedisSession("one", own_server.url) as session:
        await session.add_items(numbered(2))
        before = await session.get_info()
        with redis.Redis.from_url(own_server.url) as client:
            client.config_set("maxmemory", "1")
            with pytest.raises(SessionUnavailable, match="no memory left"):
                await session.add_items(numbered(500))
            assert await session.get_items() == numbered(2)
            assert await session.get_info() == before
            client.config_set("maxmemory", "0")
        await session.add_items(numbered(1))


async def test_a_server_that_knows_no_scripts_is_told_and_nothing_that_was_said_is_repeated(
    own_server: RedisServer,
) -> None:
    with redis.Redis.from_url(own_server.url) as client:
        client.execute_command("ACL", "SETUSER", "default", "-@scripting")
    async with RedisSession("one", own_server.url) as session:
        with pytest.raises(SessionError, match="does not let this user") as caught:
            await session.add_items([user_message("a secret")])
        assert "a secret" not in caught.value.message


async def test_a_database_that_there_is_not_is_told(own_server: RedisServer) -> None:
    async with RedisSession("one", f"{own_server.url}/9999") as session:
        with pytest.raises(SessionError, match="DB index"):
            await session.get_items()


async def test_a_cluster_that_is_used_as_a_single_server_is_told() -> None:
    with RedisServer(is_cluster=True) as server:
        with redis.Redis.from_url(server.url) as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            info: Any = client.execute_command
            await until(lambda: info("CLUSTER INFO")["cluster_state"] == "ok")
        async with RedisSession("one", server.url) as session:
            with pytest.raises(SessionError, match="RedisCluster"):
                await session.add_items(numbered(1))


# ---------------------------------------------------------------------------- the way to it


class Way:
    """A way to the server that can lose an answer.

    Attributes:
        to_lose: How many of the next answers are lost: the connection breaks instead.
        lost: How many were.
    """

    def __init__(self, port: int) -> None:
        self.to_lose = 0
        self.lost = 0
        self._port = port

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        async with asyncio.TaskGroup() as self._tasks:
            listening = await asyncio.start_server(self._come, "127.0.0.1", 0)
            try:
                yield f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            finally:
                listening.close()

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", self._port)
        asking = self._tasks.create_task(self._ask(reader, to_there), name="asking")
        try:
            while data := await there.read(65536):
                if self.to_lose:
                    self.to_lose -= 1
                    self.lost += 1
                    break
                writer.write(data)
        finally:
            asking.cancel()
            writer.close()
            to_there.close()

    async def _ask(self, reader: asyncio.StreamReader, to_there: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                to_there.write(data)
        finally:
            to_there.close()


async def test_a_write_of_which_the_answer_was_lost_is_done_once(
    redis_server: RedisServer, prefix: str
) -> None:
    way = Way(redis_server.port)
    async with way.open() as url, RedisSession("one", url, key_prefix=prefix) as session:
        store = RedisSessionStore(redis_server.url, key_prefix=prefix)

        async def losing(work: Any) -> Any:
            before = way.lost
            way.to_lose = 1
            result = await work
            assert way.lost == before + 1
            return result

        await session.add_items(turn(0))
        await losing(session.add_items(turn(1)))
        assert await session.get_items() == [*turn(0), *turn(1)]
        assert await losing(session.get_items()) == [*turn(0), *turn(1)]
        assert await losing(session.pop_item()) == turn(1)[-1]
        assert await losing(session.pop_turn()) == turn(1)[:-1]
        assert await losing(session.pop_turn(3)) == turn(0)
        assert await session.get_items() == []
        await session.add_items(numbered(3))
        await losing(session.rewrite_items(lambda items: [*items, *items]))
        assert len(await session.get_items()) == 6
        await losing(session.set_title("a title"))
        copy = await losing(session.fork("copy"))
        assert len(await copy.get_items()) == 6
        await copy.close()
        mark = (await session.begin_run()).mark
        await losing(session.clear_session())
        assert (await session.begin_run()).mark != mark
        async with store:
            assert {info.session_id for info in await store.list_sessions()} == {"one", "copy"}


async def test_a_way_that_breaks_twice_is_given_up(redis_server: RedisServer, prefix: str) -> None:
    way = Way(redis_server.port)
    async with way.open() as url, RedisSession("one", url, key_prefix=prefix) as session:
        await session.get_items()
        way.to_lose = 1000
        with pytest.raises(SessionUnavailable, match="cannot be reached"):
            await session.add_items(numbered(2))
        way.to_lose = 0
        # It was done all the same, or not at all; and what comes later comes once.
        assert len(await session.get_items()) in (0, 2)
        await session.clear_session()
        await session.add_items(numbered(2))
        assert await session.get_items() == numbered(2)


# ---------------------------------------------------------------------------- loops and threads


def test_one_object_works_in_one_loop_after_the_other(
    redis_server: RedisServer, prefix: str, looking: Any
) -> None:
    session = RedisSession(
        "one", redis_server.url, key_prefix=prefix, redis_kwargs={"client_name": prefix}
    )

    async def add(number: int) -> int:
        await session.add_items([user_message(str(number))])
        return len(await session.get_items())

    for number in range(4):
        assert asyncio.run(add(number)) == number + 1
        # The loop has taken its connections along.
        wait_until(lambda: connections(looking, prefix) == 0)
    asyncio.run(session.close())


def test_one_object_works_in_several_threads_at_once(
    redis_server: RedisServer, prefix: str, looking: Any
) -> None:
    session = RedisSession(
        "one", redis_server.url, key_prefix=prefix, redis_kwargs={"client_name": prefix}
    )
    begin = threading.Barrier(4)
    failures: list[BaseException] = []

    async def add(thread: int) -> None:
        for number in range(25):
            await session.add_items([user_message(f"{thread} {number}.{half}") for half in "ab"])

    def work(thread: int) -> None:
        begin.wait()
        try:
            asyncio.run(add(thread))
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = texts(asyncio.run(session.get_items()))
    for thread_number in range(4):
        mine = [text for text in found if text.startswith(f"{thread_number} ")]
        assert mine == [f"{thread_number} {n}.{half}" for n in range(25) for half in "ab"]
    assert len(found) == 200
    wait_until(lambda: connections(looking, prefix) == 0)


async def test_many_calls_at_once_share_few_connections(
    redis_server: RedisServer, prefix: str, looking: Any
) -> None:
    kwargs = {"client_name": prefix, "max_connections": 3}
    sessions = [
        RedisSession(str(number), redis_server.url, key_prefix=prefix, redis_kwargs=kwargs)
        for number in range(40)
    ]
    await asyncio.gather(*(session.add_items(numbered(2)) for session in sessions))
    assert connections(looking, prefix) == 3
    for session in sessions[1:]:
        await session.close()
    assert connections(looking, prefix) == 3
    assert len(await sessions[0].get_items()) == 2
    await sessions[0].close()
    await until(lambda: connections(looking, prefix) == 0)


async def test_what_is_forgotten_leaves_no_connection(
    redis_server: RedisServer, prefix: str, looking: Any
) -> None:
    kwargs = {"client_name": prefix}
    sessions = [
        RedisSession(str(number), redis_server.url, key_prefix=prefix, redis_kwargs=kwargs)
        for number in range(20)
    ]
    while sessions:
        await sessions.pop().add_items(numbered(1))
    gc.collect()
    await until(lambda: connections(looking, prefix) == 0)


def test_what_is_forgotten_when_its_loop_is_gone_leaves_no_connection(
    redis_server: RedisServer, prefix: str, looking: Any
) -> None:
    async def use() -> RedisSession:
        session = RedisSession(
            "one", redis_server.url, key_prefix=prefix, redis_kwargs={"client_name": prefix}
        )
        await session.add_items(numbered(1))
        return session

    session = asyncio.run(use())
    del session
    gc.collect()
    wait_until(lambda: connections(looking, prefix) == 0)


async def test_closing_lets_what_goes_on_come_to_its_end(
    redis_server: RedisServer, prefix: str, looking: Any
) -> None:
    kwargs = {"client_name": prefix}
    session = RedisSession("one", redis_server.url, key_prefix=prefix, redis_kwargs=kwargs)
    await session.get_items()
    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(session.add_items([user_message(str(number))]), name="add")
        await asyncio.sleep(0)
        await session.close()
    await until(lambda: connections(looking, prefix) == 0)
    async with RedisSession("one", redis_server.url, key_prefix=prefix) as again:
        assert len(await again.get_items()) == 5


def test_a_client_of_another_loop_is_told(redis_server: RedisServer, prefix: str) -> None:
    client = redis.asyncio.from_url(redis_server.url)
    session = RedisSession("one", redis_client=client, key_prefix=prefix)
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(session.get_items())
        with pytest.raises(SessionError, match="another event loop"):
            second.run(session.get_items())
        first.run(client.aclose())


# ---------------------------------------------------------------------------- processes

WRITER = """
import asyncio, json, sys
from chatelaine.agents.sessions import RedisSession

async def main(url, prefix, name, batches, size):
    async with RedisSession("one", url, key_prefix=prefix) as session:
        print("ready", flush=True)
        sys.stdin.readline()
        for batch in range(batches):
            items = [{"role": "user", "content": f"{name} {batch}.{n}"} for n in range(size)]
            await session.add_items(items)
            print(batch, flush=True)

asyncio.run(main(*json.loads(sys.argv[1])))
"""


def writer(*arguments: Any) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, json.dumps(arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def test_processes_that_write_at_once_lose_nothing_and_mix_no_batch(
    redis_server: RedisServer, prefix: str
) -> None:
    batches, size = 100, 5
    processes = [writer(redis_server.url, prefix, name, batches, size) for name in "ab"]
    go(*processes)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    found = texts(asyncio.run(RedisSession("one", redis_server.url, key_prefix=prefix).get_items()))
    assert len(found) == 2 * batches * size
    heads = [found[start].rpartition(".")[0] for start in range(0, len(found), size)]
    assert found == [f"{head}.{number}" for head in heads for number in range(size)]
    for name in "ab":
        mine = [head for head in heads if head.startswith(name)]
        assert mine == [f"{name} {batch}" for batch in range(batches)]
    changes = sum(one[0] != other[0] for one, other in itertools.pairwise(heads))
    assert changes > 1, "they did not write at once"


def test_a_writer_that_is_killed_leaves_whole_batches(
    redis_server: RedisServer, prefix: str
) -> None:
    size = 2000
    process = writer(redis_server.url, prefix, "a", 10_000, size)
    go(process)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(5)]
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    told += [int(line) for line in rest.splitlines()]
    found = texts(asyncio.run(RedisSession("one", redis_server.url, key_prefix=prefix).get_items()))
    assert len(found) % size == 0
    assert len(told) <= len(found) // size <= len(told) + 1
    expected = [f"a {batch}.{n}" for batch in range(len(found) // size) for n in range(size)]
    assert found == expected
