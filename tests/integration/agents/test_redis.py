"""Sessions in Redis, on a real server."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import redis.asyncio
from typing_extensions import override

from chatelaine.agents.errors import SessionClosed, SessionError
from chatelaine.agents.items import Origin, assistant_message, user_message
from chatelaine.agents.sessions.protocol import EVERYTHING, Session, SessionStore
from chatelaine.agents.sessions.redis import RedisSession
from chatelaine.agents.sessions.redis_store import RedisSessionStore
from contracts.session import (
    EVERY_KIND,
    SessionContract,
    SessionEssentials,
    SessionSelection,
    numbered,
    texts,
    turn,
)
from contracts.session_items import SessionItems
from contracts.session_store import STRANGE_IDS, SessionStoreContract
from support.redis_server import RedisServer
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_prefixes = (f"test-{number}" for number in itertools.count(1))
ANN = Origin("Ann", "model-a", "run-1")


@pytest.fixture
def prefix() -> str:
    """Keys that no other test uses."""
    return next(_prefixes)


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Any]:
    """A client of the test's own, to look at what is on the server."""
    async with redis.asyncio.from_url(redis_server.url, protocol=2) as client:
        yield client


async def keys(client: Any, prefix: str) -> list[str]:
    return sorted([key.decode() async for key in client.scan_iter(f"{prefix}:*", count=1000)])


def origins(items: list[Any]) -> list[Origin | None]:
    return [item.origin for item in items]


# ---------------------------------------------------------------------------- contracts


class TestByURL(SessionContract):
    @pytest.fixture(autouse=True)
    def _at(self, redis_server: RedisServer, prefix: str) -> None:
        self.url, self.prefix = redis_server.url, prefix

    @override
    async def make_session(self, session_id: str) -> Session:
        return RedisSession(session_id, self.url, key_prefix=self.prefix)


class TestThatExpires(SessionEssentials):
    @pytest.fixture(autouse=True)
    def _at(self, redis_server: RedisServer, prefix: str) -> None:
        self.url, self.prefix = redis_server.url, prefix

    @override
    async def make_session(self, session_id: str) -> Session:
        return RedisSession(
            session_id, self.url, key_prefix=self.prefix, ttl=3600, ttl_refresh="access"
        )


class WithAClient(SessionSelection):
    options: ClassVar[dict[str, Any]] = {}

    @pytest.fixture(autouse=True)
    async def _with(self, redis_server: RedisServer, prefix: str) -> AsyncIterator[None]:
        self.prefix = prefix
        async with redis.asyncio.from_url(redis_server.url, **self.options) as self.client:
            yield

    @override
    async def make_session(self, session_id: str) -> Session:
        return RedisSession(session_id, redis_client=self.client, key_prefix=self.prefix)


class TestWithAClientOfBytes(WithAClient):
    pass


class TestWithAClientOfTexts(WithAClient, SessionEssentials):
    """All that is read comes in another form."""

    options: ClassVar[dict[str, Any]] = {"decode_responses": True}


class TestWithAClientOfANewerProtocol(WithAClient):
    options: ClassVar[dict[str, Any]] = {"protocol": 3}
    test_every_kind = SessionItems.test_every_kind_of_item_comes_back_as_it_was


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisServer]:
    """A cluster of one server, which refuses commands with keys of several slots all the same."""
    with RedisServer(is_cluster=True) as server:
        yield server


async def cluster_client(server: RedisServer) -> Any:
    with redis.Redis.from_url(server.url, protocol=2) as one:
        if one.execute_command("CLUSTER INFO")["cluster_slots_assigned"] == "0":
            one.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        await until(lambda: one.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
    return redis.asyncio.RedisCluster.from_url(server.url, protocol=2)


class TestInACluster(SessionEssentials):
    @pytest.fixture(autouse=True)
    async def _with(self, redis_cluster: RedisServer, prefix: str) -> AsyncIterator[None]:
        self.prefix = prefix
        async with await cluster_client(redis_cluster) as self.client:
            yield

    @override
    async def make_session(self, session_id: str) -> Session:
        return RedisSession(session_id, redis_client=self.client, key_prefix=self.prefix)


class TestStore(SessionStoreContract):
    @pytest.fixture(autouse=True)
    def _at(self, redis_server: RedisServer, prefix: str) -> None:
        self.url, self.prefix = redis_server.url, prefix

    @override
    async def make_store(self) -> SessionStore[Any]:
        return RedisSessionStore(self.url, key_prefix=self.prefix)


class TestStoreInACluster(SessionStoreContract):
    @pytest.fixture(autouse=True)
    async def _with(self, redis_cluster: RedisServer, prefix: str) -> AsyncIterator[None]:
        self.prefix = prefix
        async with await cluster_client(redis_cluster) as self.client:
            yield

    @override
    async def make_store(self) -> SessionStore[Any]:
        return RedisSessionStore(redis_client=self.client, key_prefix=self.prefix)


# ---------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1",
        "127.0.0.1:6379",
        "",
        "redis://:p4ssw0rd@host:six",
        "redis://u:p4ss[w0rd@h",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="redis://host") as caught:
        RedisSession("one", url)
    assert "p4ss" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("ttl", [0, -1, 0.0001, float("nan"), float("inf"), 1e300, 10**400])
def test_a_ttl_that_would_lose_everything_or_nothing_is_refused(ttl: float) -> None:
    with pytest.raises(ValueError, match="ttl"):
        RedisSession("one", ttl=ttl)


@pytest.mark.parametrize("ttl", ["3600", True])
def test_a_ttl_that_is_no_number_is_refused(ttl: Any) -> None:
    with pytest.raises(TypeError, match="ttl"):
        RedisSession("one", ttl=ttl)


def test_a_ttl_is_refreshed_by_what_it_can_be_refreshed_by() -> None:
    with pytest.raises(ValueError, match="ttl_refresh"):
        RedisSession("one", ttl=1, ttl_refresh="always")  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("wrong", ["", "half \ud83d"])
def test_a_prefix_that_cannot_be_a_key_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="key_prefix"):
        RedisSession("one", key_prefix=wrong)
    with pytest.raises(ValueError, match="key_prefix"):
        RedisSessionStore(key_prefix=wrong)


def test_a_client_that_cannot_be_awaited_is_refused(redis_server: RedisServer) -> None:
    with (
        redis.Redis.from_url(redis_server.url) as client,
        pytest.raises(TypeError, match="one of redis"),
    ):
        RedisSession("one", redis_client=client)
    with pytest.raises(TypeError, match="object"):
        RedisSession("one", redis_client=object())


async def test_a_client_and_a_url_are_not_both_taken(client: Any) -> None:
    with pytest.raises(ValueError, match="not both"):
        RedisSession("one", "redis://elsewhere", redis_client=client)
    with pytest.raises(ValueError, match="not both"):
        RedisSession("one", redis_client=client, redis_kwargs={"db": 1})


def test_nothing_is_connected_before_the_first_use() -> None:
    session = RedisSession("one", "redis://nobody.invalid:1/7", ttl=3600)
    assert session.session_id == "one"
    assert repr(session) == "RedisSession('one', 'redis://nobody.invalid:1/7')"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://ann:s3cret@host/2", "redis://ann@host:6379/2"),
        ("rediss://:s3cret@[::1]:7000", "rediss://[::1]:7000"),
        ("redis://host?password=s3cret&db=3", "redis://host:6379?db=3"),
        ("unix://ann:s3cret@/run/redis.sock?db=1", "unix://ann@/run/redis.sock?db=1"),
    ],
)
def test_secrets_are_in_no_name(url: str, shown: str) -> None:
    session = RedisSession(
        "one", url, redis_kwargs={"password": "s3cret", "ssl_password": "s3cret"}
    )
    assert shown in repr(session)
    assert session.run_key[1] == shown
    store = RedisSessionStore(url)
    assert "s3cret" not in repr(session) + repr(store) + repr(session.run_key)


async def test_it_can_be_made_as_that_of_openai_agents(
    redis_server: RedisServer, prefix: str
) -> None:
    session = RedisSession.from_url(
        "one", url=redis_server.url, ttl=60, key_prefix=prefix, redis_kwargs={"db": 1}
    )
    async with session:
        assert await session.ping()
        await session.add_items(numbered(1))
        assert texts(await session.get_items()) == ["0"]


async def test_what_was_closed_cannot_be_used(redis_server: RedisServer) -> None:
    session = RedisSession("one", redis_server.url)
    await session.get_items()
    await session.close()
    await session.close()
    for work in (session.get_items(), session.add_items([]), session.pop_item(), session.ping()):
        with pytest.raises(SessionClosed, match="one"):
            await work


# ---------------------------------------------------------------------------- keys


async def test_numbers_of_databases_are_told_apart(redis_server: RedisServer, prefix: str) -> None:
    async with (
        RedisSession("one", f"{redis_server.url}/1", key_prefix=prefix) as first,
        RedisSession("one", f"{redis_server.url}/2", key_prefix=prefix) as second,
        RedisSession("one", redis_server.url, key_prefix=prefix, redis_kwargs={"db": 2}) as third,
    ):
        await first.add_items([user_message("in the first")])
        await second.add_items([user_message("in the second")])
        assert texts(await first.get_items()) == ["in the first"]
        assert texts(await third.get_items()) == ["in the second"]
        assert first.run_key != second.run_key


async def test_keys_of_different_ids_and_prefixes_never_meet(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    ids = [*STRANGE_IDS, "{a}", "a}:items", "{", "a:items", "\n", "日本", "a%3Aitems", "index"]
    places = [(prefix, each) for each in ids]
    places += [(f"{prefix}:{{a}}", "items"), (f"{prefix}:index", "a"), (f"{prefix}:{{", "a")]
    sessions = [RedisSession(each, redis_server.url, key_prefix=at) for at, each in places]
    for number, session in enumerate(sessions):
        await session.add_items([user_message(str(number))])
    for number, session in enumerate(sessions):
        assert texts(await session.get_items()) == [str(number)]
        assert texts([await session.pop_item() or {}]) == [str(number)]
        await session.close()
    assert all(key.isascii() for key in await keys(client, prefix))


async def test_one_user_cannot_read_with_anothers_prefix(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    await client.execute_command(
        "ACL", "SETUSER", "ann", "reset", "on", ">pass", "+@all", f"~{prefix}:*"
    )
    url = redis_server.url.replace("redis://", "redis://ann:pass@")
    async with RedisSession("one", url, key_prefix=prefix) as session:
        await session.add_items(numbered(1))
    async with RedisSession("one", url, key_prefix="somebody") as session:
        with pytest.raises(SessionError, match="does not let this user"):
            await session.get_items()
    wrong = url.replace(":pass@", ":wr0ng@")
    async with RedisSession("one", wrong, key_prefix=prefix) as session:
        with pytest.raises(SessionError, match="refused the user name or the password") as caught:
            await session.get_items()
        assert "wr0ng" not in str(caught.value)
        assert "redis://ann@127.0.0.1" in str(caught.value)


async def test_a_key_that_holds_something_else_is_left_as_it_is(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    async with RedisSession("one", redis_server.url, key_prefix=prefix) as session:
        await session.add_items([user_message("x")])
        await session.pop_item()
        for key in [*await keys(client, prefix), f"{prefix}:{{one}}:items"]:
            if key.endswith("popped"):
                continue
            await client.rename(key, "aside") if await client.exists(key) else None
            await client.set(key, "mine")
            if key.endswith("items"):
                await client.delete(f"{prefix}:{{one}}:info")
            with pytest.raises(SessionError, match="another key_prefix"):
                await session.add_items(numbered(2))
            assert await client.get(key) == b"mine"
            assert await client.exists(f"{prefix}:{{one}}:info") == (not key.endswith("items"))
            await client.delete(key)
            if await client.exists("aside"):
                await client.rename("aside", key)


# ---------------------------------------------------------------------------- what is stored


async def test_what_somebody_else_wrote_is_left_out_and_stays(
    redis_server: RedisServer, client: Any, prefix: str, logs: Any
) -> None:
    logs.expect("cannot be read")
    items = f"{prefix}:{{one}}:items"
    async with RedisSession("one", redis_server.url, key_prefix=prefix) as session:
        mark: Any = (await session.begin_run()).mark
        await session.add_run_items([user_message("0"), assistant_message("a")], ANN, mark)
        garbage = [b"garbage", b"[1]", b'{"a":\n1', b"\xff\xfe", b"", b"{},{}"]
        await client.rpush(items, *garbage)
        await session.add_items([user_message("1")])
        await client.rpush(items, b'{"role":"user",\n"content":"by hand"}')
        await client.rpush(items, *garbage)
        assert texts(await session.get_items()) == ["0", "a", "1", "by hand"]
        assert texts(await session.get_items(limit=3)) == ["a", "1", "by hand"]
        assert texts(await session.get_items(limit=EVERYTHING)) == ["0", "a", "1", "by hand"]
        assert origins(await session.get_items()) == [ANN, ANN, None, None]
        assert (await session.pop_item() or {})["content"] == "by hand"
        assert texts(await session.pop_turn(2)) == ["0", "a", "1"]
        assert await session.pop_item() is None
        assert await session.pop_turn() == []
        assert await client.lrange(items, 0, -1) == [*garbage, *garbage]
        await session.rewrite_items(lambda _: [])
        assert await client.lrange(items, 0, -1) == [*garbage, *garbage]


async def test_origins_follow_their_items_through_all_changes(
    redis_server: RedisServer, prefix: str
) -> None:
    other = Origin("Bob", "model-b", "run-2")
    note = {"role": "system", "content": "note"}
    async with RedisSession("one", redis_server.url, key_prefix=prefix) as session:
        mark: Any = (await session.begin_run()).mark
        await session.add_run_items(turn(1), ANN, mark)
        await session.add_run_items([user_message("2"), note, *turn(2)[1:]], other, mark)
        assert len(await session.pop_turn()) == 5
        await session.add_items([user_message("3")])
        assert origins(await session.get_items()) == [ANN] * 5 + [other, None]
        await session.rewrite_items(lambda items: items[3:])
        assert origins(await session.get_items()) == [ANN, ANN, other, None]
        info = await session.get_info()
        assert info is not None
        assert info.last_agent == "Bob"


async def test_each_operation_is_one_question(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    async def commands() -> int:
        stats = await client.info("commandstats")
        return sum(each["calls"] for name, each in stats.items() if name.startswith("cmdstat_eval"))

    async with RedisSession("one", redis_server.url, key_prefix=prefix, ttl=60) as session:
        mark: Any = (await session.begin_run()).mark
        for work in (
            lambda: session.add_items(EVERY_KIND),
            session.get_items,
            lambda: session.get_items(limit=2),
            lambda: session.add_run_items(turn(1), ANN, mark),
            session.pop_item,
            session.pop_turn,
            lambda: session.set_title("title"),
            lambda: session.set_metadata({}),
            session.get_info,
            session.clear_session,
        ):
            await work()
            before = await commands()
            await work()
            assert await commands() - before == 1, work


async def test_a_server_that_has_forgotten_the_scripts_is_told_them_again(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    async with RedisSession("one", redis_server.url, key_prefix=prefix) as session:
        for number in range(3):
            await session.add_items(numbered(1))
            await client.script_flush()
            assert len(await session.get_items()) == number + 1


async def test_a_clock_that_was_set_back_changes_no_order(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    store = RedisSessionStore(redis_server.url, key_prefix=prefix)
    async with store, store.session("one") as one, store.session("two") as two:
        await one.add_items([user_message("first")])
        ahead = 4_102_444_800_000_000  # as if it had been written in 2100
        await client.hset(f"{prefix}:{{one}}:info", "updated", ahead)
        await client.zadd(f"{prefix}:index", {"one": ahead})
        await one.add_items([user_message("second")])
        await two.add_items([user_message("later")])
        assert texts(await one.get_items()) == ["first", "second"]
        listed = await store.list_sessions()
        assert [info.session_id for info in listed] == ["two", "one"]
        assert listed[0].updated > listed[1].updated
        page = await store.list_sessions(1)
        assert (await store.list_sessions(1, before=page[0]))[0].session_id == "one"


# ---------------------------------------------------------------------------- expiry


async def expiries(client: Any, prefix: str) -> set[int]:
    """Give when the keys of a session expire; those that only remember writes aside."""
    names = [f"{prefix}:{{one}}:{part}" for part in ("info", "items", "origins")]
    return {await client.pexpiretime(name) for name in names if await client.exists(name)}


async def fill(session: RedisSession) -> None:
    mark: Any = (await session.begin_run()).mark
    assert await session.add_run_items(turn(1), ANN, mark)


async def test_without_a_ttl_nothing_expires(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    async with RedisSession("one", redis_server.url, key_prefix=prefix) as session:
        await session.clear_session()  # what this leaves expires, and must not take the rest along
        await fill(session)
        assert await expiries(client, prefix) == {-1}
        await session.pop_item()
        assert await expiries(client, prefix) == {-1}


@pytest.mark.parametrize("ttl", [3600, 0.5, 90.25])
async def test_everything_expires_at_once(
    redis_server: RedisServer, client: Any, prefix: str, ttl: float
) -> None:
    async with RedisSession("one", redis_server.url, key_prefix=prefix, ttl=ttl) as session:
        await fill(session)
        (at,) = await expiries(client, prefix)
        begun = await client.hget(f"{prefix}:{{one}}:info", "updated")
        assert at == int(begun) // 1000 + round(ttl * 1000)
        await session.pop_item()
        assert len(await expiries(client, prefix)) == 1
        for key in await keys(client, prefix):
            if not key.endswith((":index", ":writes")):
                assert 0 < await client.pexpiretime(key) <= (await expiries(client, prefix)).pop()


@pytest.mark.parametrize(
    ("refresh", "by_reading", "by_writing"),
    [("write", False, True), ("access", True, True), ("never", False, False)],
)
async def test_what_refreshes_the_ttl(
    redis_server: RedisServer,
    client: Any,
    prefix: str,
    refresh: Any,
    *,
    by_reading: bool,
    by_writing: bool,
) -> None:
    info = f"{prefix}:{{one}}:info"
    session = RedisSession(
        "one", redis_server.url, key_prefix=prefix, ttl=3600, ttl_refresh=refresh
    )

    async def is_refreshed(work: Any) -> bool:
        soon = await client.pexpiretime(info) - 60_000
        for key in await keys(client, prefix):
            if not key.endswith((":index", ":writes", ":popped")):
                await client.pexpireat(key, soon)
        await client.hset(info, "until", soon)
        await work
        (at,) = await expiries(client, prefix)
        assert at >= soon
        refreshed: bool = at > soon
        return refreshed

    async with session:
        await fill(session)
        assert await is_refreshed(session.get_items()) is by_reading
        assert await is_refreshed(session.begin_run()) is by_reading
        assert await is_refreshed(session.add_items(numbered(2))) is by_writing
        assert await is_refreshed(session.pop_item()) is by_writing
        assert await is_refreshed(session.set_title("a")) is by_writing
        assert await is_refreshed(session.rewrite_items(lambda items: items[:3])) is by_writing
        assert await is_refreshed(session.clear_session()) is by_writing
        assert await is_refreshed(fill_again(session)) is by_writing


async def fill_again(session: RedisSession) -> None:
    await session.add_run_items(turn(2), ANN, (await session.begin_run()).mark)


async def test_an_object_without_a_ttl_leaves_the_one_that_there_is(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    async with (
        RedisSession("one", redis_server.url, key_prefix=prefix, ttl=3600) as expiring,
        RedisSession("one", redis_server.url, key_prefix=prefix) as other,
    ):
        await expiring.add_items(numbered(1))
        (at,) = await expiries(client, prefix)
        await fill(other)
        assert await expiries(client, prefix) == {at}


async def test_what_has_expired_is_gone_from_everywhere(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    store = RedisSessionStore(redis_server.url, key_prefix=prefix, ttl=3600)
    async with store, store.session("one") as session, store.session("two") as other:
        await fill(session)
        await session.set_title("a title")
        await other.add_items(numbered(1))
        for part in ("info", "items", "origins"):
            await client.pexpire(f"{prefix}:{{one}}:{part}", 1)
        gone = [f"{prefix}:{{one}}:info", f"{prefix}:{{one}}:items"]
        with redis.Redis.from_url(redis_server.url) as looking:
            await until(lambda: not looking.exists(*gone))
        assert await session.get_items() == []
        assert await session.get_info() is None
        assert [info.session_id for info in await store.list_sessions()] == ["two"]
        assert await client.zrange(f"{prefix}:index", 0, -1) == [b"two"]
        await session.add_items(numbered(1))
        info = await session.get_info()
        assert info is not None
        assert (info.title, info.items) == ("", 1)


# ---------------------------------------------------------------------------- the store


async def test_the_sessions_of_a_store_are_as_it_was_told(
    redis_server: RedisServer, client: Any, prefix: str
) -> None:
    store = RedisSessionStore(redis_server.url, key_prefix=prefix, ttl=60, validate=False)
    async with store, store.session("one") as session:
        await session.add_items([{"anything": True}])
        assert await client.pttl(f"{prefix}:{{one}}:items") > 0


async def test_a_renamed_session_keeps_its_beginning_its_speakers_and_its_end(
    redis_server: RedisServer, prefix: str, client: Any
) -> None:
    expiring = RedisSession("old", redis_server.url, key_prefix=prefix, ttl=3600)
    store = RedisSessionStore(redis_server.url, key_prefix=prefix)
    async with store, expiring, store.session("one") as session:
        await fill(expiring)
        before = await expiring.get_info()
        assert before is not None
        at = await client.pexpiretime(f"{prefix}:{{old}}:items")
        mark = (await expiring.begin_run()).mark
        await store.rename("old", "one")
        after = await session.get_info()
        assert after is not None
        assert (after.created, after.last_agent) == (before.created, "Ann")
        assert await expiries(client, prefix) == {at}
        # A run that was going on under the old name does not bring it back.
        assert not await expiring.add_run_items([assistant_message("late")], ANN, mark)
        assert await expiring.get_info() is None


async def test_renaming_takes_along_what_is_written_meanwhile(
    redis_server: RedisServer, prefix: str
) -> None:
    store = RedisSessionStore(redis_server.url, key_prefix=prefix)
    async with store, store.session("old") as old, store.session("new") as new:
        await old.add_items(numbered(1))

        async def write() -> None:
            for number in range(50):
                await old.add_items([user_message(str(number))])

        async with asyncio.TaskGroup() as group:
            group.create_task(write(), name="write")
            await store.rename("old", "new")
        kept = texts(await new.get_items()) + texts(await old.get_items())
        assert kept == ["0", *(str(number) for number in range(50))]
