"""Encrypted sessions: what is stored, what is noticed, what expires, and with which keys."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from chatelaine.agents.errors import DecryptionError, SessionError
from chatelaine.agents.items import Item, Origin, assistant_message, user_message
from chatelaine.agents.sessions.encrypted import EncryptedSession
from chatelaine.agents.sessions.encrypted_history import History, Reader
from chatelaine.agents.sessions.protocol import (
    DescribedSession,
    ForkableSession,
    RewritableSession,
    SessionSettings,
)
from chatelaine.agents.sessions.sqlite import SQLiteSession
from contracts.session import EVERY_KIND, numbered, texts, turn
from contracts.third_party import PlainShelfSession, ShelfSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from support.guards import LogWatch

KEY = bytes(range(32))
OTHER_KEY = KEY[::-1]
PASSPHRASE = "your-32-byte-encryption-key-here"
NOTE: dict[str, Any] = {"role": "system", "content": "Be formal."}
ANN = Origin("Ann of the agents", "model-of-ann", "run-of-ann")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Shelf:
    """A conversation in a list of the test, which it changes as somebody with the disk could."""

    def __init__(self, key: Any = KEY, session_id: str = "conversation", **more: Any) -> None:
        self.shelf: dict[str, list[Any]] = {}
        self.base = ShelfSession(session_id, self.shelf)
        self.session = EncryptedSession(self.base, key, **more)
        self.stored = self.shelf[session_id]

    def again(self, key: Any = KEY, **more: Any) -> EncryptedSession:
        """Open what is stored once more."""
        return EncryptedSession(self.base, key, **more)


def in_memory(**more: Any) -> Any:
    """Make a session over one that can do everything."""
    return EncryptedSession(SQLiteSession("conversation"), more.pop("key", KEY), **more)


# ---------------------------------------------------------------------------- how it is made


async def test_both_orders_of_arguments_make_the_same_session() -> None:
    base = SQLiteSession("conversation", "memory://both")
    made = [
        EncryptedSession(base, encryption_key=PASSPHRASE, ttl=3600),
        EncryptedSession(base, PASSPHRASE, 3600),
        EncryptedSession(base_session=base, encryption_key=PASSPHRASE),
        EncryptedSession(underlying_session=base, encryption_key=PASSPHRASE),
        EncryptedSession("conversation", base, PASSPHRASE, 600),
        EncryptedSession("conversation", underlying_session=base, encryption_key=PASSPHRASE),
        EncryptedSession(
            session_id="conversation", underlying_session=base, encryption_key=PASSPHRASE, ttl=600
        ),
    ]
    await made[0].add_items(numbered(1))
    for each in made:
        assert each.session_id == "conversation"
        assert each.base_session is each.underlying_session is base
        assert await each.get_items() == numbered(1)
    await base.close()


@pytest.mark.parametrize(
    ("arguments", "named", "error"),
    [
        ((), {"encryption_key": KEY}, TypeError),
        (("conversation",), {"encryption_key": KEY}, TypeError),
        (("base",), {"base_session": "base", "encryption_key": KEY}, TypeError),
        (("base", KEY, 1, 2), {}, TypeError),
        (("base",), {}, TypeError),
        (("base",), {"encryption_key": KEY, "tll": 3}, TypeError),
        (("base", 5), {}, TypeError),
        (("base", ["a key of sixteen", 5]), {}, TypeError),
        (("base", []), {}, ValueError),
        (("base", "too short"), {}, ValueError),
        (("base", bytes(31)), {}, ValueError),
        (("base", base64.urlsafe_b64encode(KEY)), {}, ValueError),
        (("base", KEY, 0), {}, ValueError),
        (("base", KEY, -1), {}, ValueError),
        (("base", KEY, float("nan")), {}, ValueError),
        (("base", KEY), {"ttl_from": "read"}, ValueError),
        (("base", KEY), {"on_undecryptable": "delete"}, ValueError),
        (("", "base", KEY), {}, ValueError),
    ],
)
def test_what_cannot_work_is_refused(
    arguments: tuple[Any, ...], named: dict[str, Any], error: type[Exception]
) -> None:
    base = SQLiteSession("conversation")
    given_arguments = [base if each == "base" else each for each in arguments]
    named = {name: base if each == "base" else each for name, each in named.items()}
    make: Any = EncryptedSession
    with pytest.raises(error):
        make(*given_arguments, **named)


async def test_it_can_do_what_the_session_below_can() -> None:
    able, unable = in_memory(), Shelf().session
    for protocol in (DescribedSession, ForkableSession, RewritableSession):
        assert isinstance(able, protocol)
        assert not isinstance(unable, protocol)
        assert isinstance(EncryptedSession(able, OTHER_KEY), protocol)
        assert not isinstance(EncryptedSession(unable, OTHER_KEY), protocol)
    await able.close()


async def test_a_subclass_stays_one() -> None:
    class Named(EncryptedSession):
        pass

    session = Named(SQLiteSession("conversation"), KEY)
    assert isinstance(session, Named)
    assert isinstance(session, RewritableSession)
    await session.close()


async def test_nothing_of_a_key_is_told() -> None:
    for key in (PASSPHRASE, KEY, base64.urlsafe_b64encode(KEY).decode()):
        session = in_memory(key=key)
        await session.add_items(numbered(1))
        told = f"{session!r} {vars(session)!r} {vars(session._ring)!r}"
        assert str(key) not in told
        assert PASSPHRASE not in told
        await session.close()


async def test_closing_closes_the_session_below() -> None:
    base = SQLiteSession("conversation")
    async with EncryptedSession(base, KEY) as session:
        await session.add_items(numbered(1))
    with pytest.raises(SessionError):
        await base.get_items()
    plain: Any = PlainShelfSession("conversation", {})
    await EncryptedSession(plain, KEY).close()


# ---------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    "key",
    [KEY, PASSPHRASE, secrets.token_urlsafe(32), base64.urlsafe_b64encode(KEY).decode()],
    ids=["bytes", "passphrase", "token", "base64"],
)
async def test_every_form_of_a_key_reads_what_it_wrote_and_nothing_else_does(key: Any) -> None:
    shelf = Shelf(key)
    await shelf.session.add_items(EVERY_KIND)
    assert await shelf.again(key).get_items() == EVERY_KIND
    with pytest.raises(DecryptionError, match="another key"):
        await shelf.again(OTHER_KEY).get_items()


async def test_base64_of_a_key_is_that_key() -> None:
    shelf = Shelf(KEY)
    await shelf.session.add_items(numbered(2))
    text = base64.urlsafe_b64encode(KEY).decode()
    assert await shelf.again(text).get_items() == numbered(2)
    assert await shelf.again(text.rstrip("=")).get_items() == numbered(2)


async def test_a_passphrase_is_the_same_however_it_is_composed() -> None:
    shelf = Shelf("cafe\u0301 by the harbour")
    await shelf.session.add_items(numbered(2))
    assert await shelf.again("caf\u00e9 by the harbour").get_items() == numbered(2)


async def test_with_another_key_nothing_is_read_written_or_removed() -> None:
    shelf = Shelf()
    await shelf.session.add_items(turn(1))
    before = [*shelf.stored]
    other = shelf.again(OTHER_KEY)
    for work in (
        other.get_items(),
        other.get_items(limit=1),
        other.begin_run(),
        other.pop_item(),
        other.pop_turn(),
        other.add_items(numbered(1)),
        other.add_run_items(numbered(1), ANN, None),
    ):
        with pytest.raises(DecryptionError):
            await work
    assert shelf.stored == before
    assert await shelf.session.get_items() == turn(1)


async def test_with_another_key_nothing_of_a_database_is_changed() -> None:
    base = SQLiteSession("conversation")
    await EncryptedSession(base, KEY).add_items(turn(1))
    other: Any = EncryptedSession(base, OTHER_KEY)
    for work in (
        other.pop_turn(),
        other.rewrite_items(list),
        other.fork("copy"),
        other.rotate(KEY),
    ):
        with pytest.raises(DecryptionError):
            await work
    assert await EncryptedSession(base, KEY).get_items() == turn(1)
    await base.close()


async def test_the_first_key_of_a_ring_encrypts_and_all_decrypt() -> None:
    shelf = Shelf(OTHER_KEY)
    await shelf.session.add_items(turn(1))
    both = shelf.again([PASSPHRASE, OTHER_KEY])
    await both.add_items(turn(2))
    assert await both.get_items() == [*turn(1), *turn(2)]
    with pytest.raises(DecryptionError):
        await shelf.again(PASSPHRASE).get_items()
    assert await shelf.again(PASSPHRASE).get_items(limit=5) == turn(2)
    assert await both.pop_turn(2) == [*turn(1), *turn(2)]


async def test_rotating_encrypts_everything_anew_where_that_can_be_done() -> None:
    base = SQLiteSession("conversation")
    session: Any = EncryptedSession(base, KEY)
    await session.add_items(turn(1))
    await session.set_title("A title")
    await session.set_metadata({"tag": ["blue"]})
    before = str(await base.get_items())
    assert await session.rotate(PASSPHRASE) is True
    await session.add_items(turn(2))
    now: Any = EncryptedSession(base, PASSPHRASE)
    assert await now.get_items() == await session.get_items() == [*turn(1), *turn(2)]
    info = await now.get_info()
    assert (info.title, info.metadata) == ("A title", {"tag": ["blue"]})
    assert before not in str(await base.get_items())
    with pytest.raises(DecryptionError):
        await EncryptedSession(base, KEY).get_items()
    await base.close()


async def test_rotating_what_cannot_be_replaced_keeps_the_old_key_for_reading() -> None:
    shelf = Shelf()
    await shelf.session.add_items(turn(1))
    assert await shelf.session.rotate(OTHER_KEY) is False
    await shelf.session.add_items(turn(2))
    assert await shelf.session.get_items() == [*turn(1), *turn(2)]
    assert await shelf.again([OTHER_KEY, KEY]).get_items() == [*turn(1), *turn(2)]
    assert await shelf.again(OTHER_KEY).get_items(limit=5) == turn(2)


# ---------------------------------------------------------------------------- what is stored


def written_forms(marker: str) -> list[bytes]:
    """Give the ways in which a text may stand in a file."""
    plain = [marker.encode(), marker.encode("utf-16-le"), marker.encode("utf-16-be")]
    shifted = [
        base64.b64encode(b"x" * shift + marker.encode())[4 * bool(shift) :].rstrip(b"=")[:-2]
        for shift in range(3)
    ]
    hexadecimal = marker.encode().hex()
    return [*plain, *shifted, hexadecimal.encode(), hexadecimal.upper().encode()]


async def test_nothing_of_what_is_said_is_on_the_disk(tmp_path: Path) -> None:
    markers = {
        "short": "marker-of-a-short-text",
        "long": "marker-of-a-long-text",
        "title": "marker-of-the-title",
        "metadata": "marker-of-the-metadata",
        "agent": ANN.agent,
        "model": ANN.model,
        "run": ANN.run_id,
    }
    session: Any = EncryptedSession(SQLiteSession("conversation", tmp_path / "sessions.db"), KEY)
    await session.add_items([user_message(markers["short"])])
    mark = (await session.begin_run()).mark
    assert await session.add_run_items([assistant_message(f"{markers['long']} " * 500)], ANN, mark)
    await session.set_title(markers["title"])
    await session.set_metadata({markers["metadata"]: markers["metadata"]})
    copy = await session.fork("copy")
    await copy.rotate(OTHER_KEY)
    await session.pop_turn()

    def found() -> list[str]:
        return [
            f"{name} in {path.name}"
            for path in tmp_path.iterdir()
            for name, marker in markers.items()
            for form in written_forms(marker)
            if form in path.read_bytes()
        ]

    assert (tmp_path / "sessions.db-wal").stat().st_size
    assert found() == []
    await copy.close()
    await session.close()
    assert found() == []
    # And it would be found.
    async with SQLiteSession("plain", tmp_path / "sessions.db") as plain:
        await plain.add_items([user_message(markers["short"])])
    assert found() == ["short in sessions.db"]


async def test_each_item_is_stored_as_a_message_that_any_server_takes() -> None:
    shelf = Shelf()
    await shelf.session.add_items(EVERY_KIND)
    for stored in shelf.stored:
        assert stored.keys() == {"role", "content"}
        assert stored["role"] == "user"
        assert re.fullmatch(r"chE1[A-Za-z0-9+/]+", stored["content"])
    assert len({stored["content"] for stored in shelf.stored}) == len(EVERY_KIND)


async def test_a_message_comes_back_from_a_server_in_its_own_form() -> None:
    shelf = Shelf()
    await shelf.session.add_items(EVERY_KIND)
    for number, stored in enumerate(shelf.stored):
        part = {"type": "input_text", "text": stored["content"]}
        shelf.stored[number] = {
            "type": "message",
            "id": f"msg_{number}",
            "status": "completed",
            "role": "user",
            "content": [part],
        }
    assert await shelf.session.get_items() == EVERY_KIND
    assert await shelf.session.pop_item() == EVERY_KIND[-1]


async def test_the_same_item_is_never_stored_in_the_same_way() -> None:
    shelf = Shelf()
    for _ in range(50):
        await shelf.session.add_items(numbered(1))
    assert len({stored["content"] for stored in shelf.stored}) == 50


async def test_a_session_without_an_id_is_refused_when_something_is_to_be_stored() -> None:
    base: Any = ShelfSession("", {})
    with pytest.raises(SessionError, match="session_id"):
        await EncryptedSession(base, KEY).add_items(numbered(1))
    session = EncryptedSession(base, KEY, session_id="mine")
    await session.add_items(numbered(1))
    assert await session.get_items() == numbered(1)


async def test_a_conversation_that_was_renamed_is_read_under_its_old_id() -> None:
    shelf = Shelf()
    await shelf.session.add_items(turn(1))
    renamed = ShelfSession("new", {"new": shelf.stored})
    with pytest.raises(DecryptionError, match="another conversation"):
        await EncryptedSession(renamed, KEY).get_items()
    session = EncryptedSession("conversation", renamed, KEY)
    assert session.session_id == "conversation"
    assert await session.get_items() == turn(1)


# ---------------------------------------------------------------------------- what was changed


async def _changed(change: Callable[[list[Any]], Any], count: int = 8) -> None:
    """Change what is stored, and see that it is noticed and nothing is lost."""
    shelf = Shelf()
    await shelf.session.add_items(numbered(count))
    change(shelf.stored)
    before = [*shelf.stored]
    with pytest.raises(DecryptionError) as caught:
        await shelf.session.get_items()
    assert re.search(r"Item \d+ of \d+", caught.value.message)
    assert "chE1" not in caught.value.message
    assert shelf.stored == before


def _with_changed_byte(stored: dict[str, Any], at: int) -> dict[str, Any]:
    text = stored["content"]
    other = "A" if text[at] != "A" else "B"
    return {**stored, "content": text[:at] + other + text[at + 1 :]}


CHANGES: dict[str, Callable[[list[Any]], Any]] = {
    "swapped": lambda stored: stored.insert(2, stored.pop(3)),
    "moved to the front": lambda stored: stored.insert(0, stored.pop()),
    "moved to the end": lambda stored: stored.append(stored.pop(0)),
    "repeated at once": lambda stored: stored.insert(3, stored[3]),
    "repeated at the end": lambda stored: stored.append(stored[0]),
    "removed": lambda stored: stored.pop(4),
    "reversed": lambda stored: stored.reverse(),
    "removed and moved": lambda stored: stored.__setitem__(slice(0, 3), [stored[2], stored[0]]),
    "planted": lambda stored: stored.insert(4, user_message("I was never said.")),
    "planted at the end": lambda stored: stored.append(user_message("I was never said.")),
    "another role": lambda stored: stored[2].update(role="assistant"),
    "another type": lambda stored: stored[2].update(type="reasoning"),
    "a longer text": lambda stored: stored[2].update(content=stored[2]["content"] + "AAAA"),
    "a shorter text": lambda stored: stored[2].update(content=stored[2]["content"][:-4]),
    "padding": lambda stored: stored[2].update(content=stored[2]["content"][:-1] + "="),
    "white space": lambda stored: stored[2].update(content=stored[2]["content"] + "\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
async def test_a_change_is_noticed(change: Callable[[list[Any]], Any]) -> None:
    await _changed(change)


@pytest.mark.parametrize(
    "shape",
    [
        None,
        5,
        "chE1",
        [],
        {},
        {"role": "user"},
        {"role": "user", "content": None},
        {"role": "user", "content": []},
        {"role": "user", "content": ["chE1"]},
        {"role": "user", "content": [{"text": 5}]},
        {"role": "user", "content": ""},
        {"role": "user", "content": "chE1"},
        {"role": "user", "content": "chE1!"},
        {"role": "user", "content": "chE1\u00e9\ud83d"},
        {"role": "user", "content": "chE1" + "A" * 200},
        {"role": ["user"], "content": "chE1"},
        {"__enc__": 1, "v": 1, "kid": "hkdf-v1", "payload": 7},
    ],
    ids=repr,
)
async def test_what_has_another_shape_is_noticed(shape: Any) -> None:
    class Anything(ShelfSession):
        """Gives what no item could be, too."""

        @override
        async def get_items(self, limit: int | None = None) -> list[Any]:
            items: list[Any] = await super().get_items(limit)
            return [each.get("shape", each) for each in items]

    shelf: dict[str, list[Any]] = {}
    base = Anything("conversation", shelf)
    session = EncryptedSession(base, KEY)
    await session.add_items(numbered(2))
    shelf["conversation"].append({"shape": shape})
    for work in (session.get_items(), session.pop_item(), session.add_items(numbered(1))):
        with pytest.raises(DecryptionError):
            await work
    assert len(shelf["conversation"]) == 3


async def test_items_of_another_conversation_are_noticed() -> None:
    one, other = Shelf(session_id="one"), Shelf(session_id="other")
    await one.session.add_items(turn(1))
    await other.session.add_items(turn(1))
    one.stored[2] = other.stored[2]
    with pytest.raises(DecryptionError, match="Item 3 of 5"):
        await one.session.get_items()
    one.stored[:] = other.stored
    with pytest.raises(DecryptionError, match="Item 1 of 5"):
        await one.session.get_items()


async def test_a_conversation_that_was_begun_again_does_not_take_its_old_items() -> None:
    shelf = Shelf()
    await shelf.session.add_items(turn(1))
    old = [*shelf.stored]
    await shelf.session.clear_session()
    await shelf.session.add_items(turn(2))
    shelf.stored[:0] = old[2:]
    with pytest.raises(DecryptionError, match="Item 4 of 8"):
        await shelf.session.get_items()


@st.composite
def rearranged(draw: st.DrawFn) -> tuple[int, list[int]]:
    count = draw(st.integers(1, 6))
    return count, draw(st.lists(st.integers(0, count - 1), max_size=8))


@given(rearranged())
async def test_however_items_are_rearranged_only_a_piece_of_the_whole_is_given(
    case: tuple[int, list[int]],
) -> None:
    count, order = case
    shelf = Shelf()
    items = numbered(count)
    # In batches of one and more.
    await shelf.session.add_items(items[:1])
    await shelf.session.add_items(items[1:])
    shelf.stored[:] = [shelf.stored[index] for index in order]
    first = order[0] if order else 0
    if order == list(range(first, first + len(order))):
        assert await shelf.session.get_items() == [items[index] for index in order]
        return
    with pytest.raises(DecryptionError):
        await shelf.session.get_items()


@given(st.data())
async def test_wherever_a_byte_is_changed_it_is_noticed(data: st.DataObject) -> None:
    shelf = Shelf()
    await shelf.session.add_items([*numbered(2), user_message("a long text " * 40)])
    index = data.draw(st.integers(0, 2))
    text = shelf.stored[index]["content"]
    at = data.draw(st.integers(0, len(text) - 1))
    alphabet = "ABCXYZabcxyz0189+/=-_ \n\u00e9"
    other = data.draw(st.sampled_from(alphabet).filter(lambda each: each != text[at]))
    shelf.stored[index]["content"] = text[:at] + other + text[at + 1 :]
    with pytest.raises(DecryptionError, match=f"Item {index + 1} of 3"):
        await shelf.session.get_items()


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored.append(stored[-1]),
        lambda stored: stored.append(stored[0]),
        lambda stored: stored.append(stored.pop(0)),
        lambda stored: stored.append(user_message("planted")),
        lambda stored: stored.append(_with_changed_byte(stored.pop(), 100)),
    ],
    ids=["repeated", "repeated from before", "moved", "planted", "changed"],
)
async def test_what_does_not_belong_there_is_never_popped(change: Any) -> None:
    shelf = Shelf()
    await shelf.session.add_items(turn(1))
    change(shelf.stored)
    before = [*shelf.stored]
    for work in (shelf.session.pop_item, shelf.session.pop_turn):
        with pytest.raises(DecryptionError):
            await work()
    assert shelf.stored == before


async def test_two_programs_that_write_at_once_make_a_conversation_that_can_be_read() -> None:
    shelf = Shelf()
    await shelf.session.add_items(numbered(2))
    # What each of them would have stored if it had not seen the other.
    start = [*shelf.stored]
    batches = []
    for name in "abc":
        shelf.stored[:] = start
        await shelf.session.add_items([user_message(f"{name}{number}") for number in range(3)])
        batches.append(shelf.stored[2:])
    shelf.stored[:] = [*start, *batches[1], *batches[0]]
    await shelf.session.add_items([user_message("after")])
    shelf.stored[5:5] = batches[2]
    expected = ["0", "1", "b0", "b1", "b2", "c0", "c1", "c2", "a0", "a1", "a2", "after"]
    assert texts(await shelf.session.get_items()) == expected
    # Also where only the end is read, of which the beginning is not known.
    for limit in range(1, len(expected)):
        assert texts(await shelf.session.get_items(limit=limit)) == expected[-limit:]
    for text in reversed(expected):
        assert texts([await shelf.session.pop_item() or {}]) == [text]


async def test_what_is_popped_meanwhile_and_cannot_be_read_is_put_back() -> None:
    class Crowded(ShelfSession):
        """Somebody else adds something between a look and a pop."""

        @override
        async def pop_item(self) -> dict[str, Any] | None:
            self._plain.add_items([user_message("of somebody else")])
            return await super().pop_item()

    base = Crowded("conversation", {})
    session = EncryptedSession(base, KEY)
    await session.add_items(numbered(2))
    with pytest.raises(DecryptionError):
        await session.pop_item()
    assert texts(base._plain.get_items())[2:] == ["of somebody else"]


# ---------------------------------------------------------------------------- leaving out


async def test_what_does_not_decrypt_can_be_left_out_and_stays(logs: LogWatch) -> None:
    shelf = Shelf(on_undecryptable="skip")
    await shelf.session.add_items(numbered(6))
    shelf.stored[1] = user_message("planted")
    shelf.stored[3] = _with_changed_byte(shelf.stored[3], 90)
    shelf.stored.append(shelf.stored[0])
    before = [*shelf.stored]
    assert texts(await shelf.session.get_items()) == ["0", "2", "4", "5"]
    logs.expect("[23] stored items of an encrypted session cannot be decrypted and are left out")
    # They do not take the place of others.
    assert texts(await shelf.session.get_items(limit=3)) == ["2", "4", "5"]
    assert texts((await shelf.session.begin_run(limit=4)).items) == ["0", "2", "4", "5"]
    with pytest.raises(DecryptionError):
        await shelf.session.pop_item()
    with pytest.raises(DecryptionError):
        await shelf.session.pop_turn(2)
    assert shelf.stored == before
    await shelf.session.add_items([user_message("6")])
    assert texts(await shelf.session.get_items()) == ["0", "2", "4", "5", "6"]


async def test_of_a_database_what_does_not_decrypt_stays_also_where_the_rest_is_replaced(
    logs: LogWatch,
) -> None:
    base = SQLiteSession("conversation")
    session: Any = EncryptedSession(base, KEY, on_undecryptable="skip")
    await session.add_items(turn(1))
    await base.add_items([user_message("planted")])
    await session.add_items(turn(2))
    await base.add_items([user_message("planted last")])
    assert await session.pop_item() == turn(2)[-1]
    assert await session.pop_turn() == turn(2)[:-1]
    assert await session.get_items() == turn(1)
    assert await session.rotate(OTHER_KEY) is False
    assert await session.get_items() == turn(1)
    logs.expect("cannot be decrypted and are left out")
    planted = [item["content"] for item in await base.get_items()]
    assert [each for each in planted if each.startswith("planted")] == ["planted", "planted last"]
    await session.close()


async def test_with_another_key_all_is_left_out_and_nothing_lost(logs: LogWatch) -> None:
    shelf = Shelf()
    await shelf.session.add_items(turn(1))
    before = [*shelf.stored]
    other = shelf.again(OTHER_KEY, on_undecryptable="skip")
    assert await other.get_items() == []
    assert await other.get_items(limit=2) == []
    logs.expect("[25] stored items of an encrypted session")
    with pytest.raises(DecryptionError):
        await other.pop_item()
    assert shelf.stored == before


async def test_what_was_rearranged_is_told_and_can_be_put_right(logs: LogWatch) -> None:
    base = SQLiteSession("conversation")
    await EncryptedSession(base, KEY).add_items(numbered(4))
    await base.rewrite_items(lambda stored: [stored[0], *stored[2:]])
    with pytest.raises(DecryptionError):
        await EncryptedSession(base, KEY).get_items()
    session = EncryptedSession(base, KEY, on_undecryptable="skip")
    assert texts(await session.get_items()) == ["0", "2", "3"]
    assert await session.rotate(OTHER_KEY)
    logs.expect("an encrypted session was changed: Item 2 of 3")
    assert texts(await EncryptedSession(base, OTHER_KEY).get_items()) == ["0", "2", "3"]
    await base.close()


# ---------------------------------------------------------------------------- what expires


def _all_bases() -> list[Any]:
    return [
        pytest.param(lambda: SQLiteSession("conversation"), id="database"),
        pytest.param(lambda: ShelfSession("conversation", {}), id="shelf"),
    ]


@pytest.fixture(params=_all_bases())
async def base(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    made = request.param()
    yield made
    if hasattr(made, "close"):
        await made.close()


async def stored_in(base: Any) -> int:
    return len(await base.get_items())


async def test_a_turn_is_given_until_its_newest_item_is_too_old(base: Any) -> None:
    clock = Clock()
    session = EncryptedSession(base, KEY, 100, clock=clock)
    await session.add_items(turn(1)[:3])
    clock.now += 80
    await session.add_items(turn(1)[3:])
    clock.now += 99.9
    assert await session.get_items() == turn(1)
    clock.now += 0.2
    assert await session.get_items() == []
    assert await session.get_items(limit=3) == []
    assert (await session.begin_run()).items == []


async def test_turns_expire_one_after_the_other_and_notes_by_themselves(base: Any) -> None:
    clock = Clock()
    session = EncryptedSession(base, KEY, 100, clock=clock)
    await session.add_items([NOTE, *turn(1)])
    clock.now += 60
    await session.add_items([*turn(2)[:2], {**NOTE, "content": "Be brief."}])
    clock.now += 30
    await session.add_items(turn(2)[2:])
    clock.now += 20  # 110, 50, 20
    assert await session.get_items() == [
        *turn(2)[:2],
        {**NOTE, "content": "Be brief."},
        *turn(2)[2:],
    ]
    assert len(await session.get_items(limit=4)) == 4
    clock.now += 60  # 170, 110, 80
    assert await session.get_items() == turn(2)
    await session.add_items(turn(3))
    assert await session.get_items() == [*turn(2), *turn(3)]
    clock.now += 90
    assert await session.get_items() == turn(3)
    assert await session.pop_turn() == turn(3)
    assert await session.pop_item() is None


async def test_what_expired_is_removed_by_the_next_write_where_that_can_be_done(base: Any) -> None:
    clock = Clock()
    session = EncryptedSession(base, KEY, 100, clock=clock)
    await session.add_items(turn(1))
    clock.now += 60
    await session.add_items(turn(2))
    clock.now += 60
    await session.get_items()
    assert await stored_in(base) == 10
    await session.add_items(turn(3))
    assert await stored_in(base) == (10 if isinstance(base, RewritableSession) else 15)
    assert await session.get_items() == [*turn(2), *turn(3)]
    clock.now += 101
    await session.add_items(turn(4))
    assert await stored_in(base) == 5
    assert await session.get_items() == turn(4)


async def test_purging_removes_what_expired_and_tells_how_much(base: Any) -> None:
    clock = Clock()
    session = EncryptedSession(base, KEY, 100, clock=clock)
    assert await session.purge() == 0
    await session.add_items(turn(1))
    clock.now += 60
    await session.add_items(turn(2))
    assert await session.purge() == 0
    clock.now += 60
    assert await session.purge() == (5 if isinstance(base, RewritableSession) else 0)
    assert await session.get_items() == turn(2)
    clock.now += 60
    left = await stored_in(base)
    assert await session.purge() == left
    assert await stored_in(base) == 0
    assert await EncryptedSession(base, KEY).purge() == 0


async def test_popping_what_expired_gives_nothing(base: Any) -> None:
    clock = Clock()
    session = EncryptedSession(base, KEY, 100, clock=clock)
    await session.add_items(turn(1))
    clock.now += 101
    assert await session.pop_turn() == []
    assert await session.pop_item() is None
    assert await stored_in(base) == 0


async def test_a_whole_session_can_live_as_long_as_it_is_used(base: Any) -> None:
    clock = Clock()
    session = EncryptedSession(base, KEY, 100, ttl_from="last_use", clock=clock)
    for number in range(5):
        await session.add_items(turn(number))
        clock.now += 90
    assert len(await session.get_items()) == 25
    assert len(await session.get_items(limit=7)) == 7
    clock.now += 11
    assert await session.get_items() == []
    await session.add_items(turn(9))
    assert await session.get_items() == turn(9)


async def test_a_run_that_began_after_everything_expired_keeps_what_it_says(base: Any) -> None:
    clock = Clock()
    session = EncryptedSession(base, KEY, 100, clock=clock)
    await session.add_items(turn(1))
    clock.now += 101
    history = await session.begin_run()
    assert history.items == []
    for item in turn(2):
        assert await session.add_run_items([item], ANN, history.mark)
    assert await session.get_items() == turn(2)


@pytest.mark.parametrize("back", [50, 1000, 10**9])
async def test_a_clock_that_is_set_back_makes_nothing_expire(base: Any, back: float) -> None:
    clock = Clock()
    session = EncryptedSession(base, KEY, 100, clock=clock)
    await session.add_items(turn(1))
    clock.now -= back
    assert await session.get_items() == turn(1)
    await session.add_items(turn(2))
    assert await session.purge() == 0
    # Set right again: what was said meanwhile is no older than what was said before it.
    clock.now += back + 99
    assert await session.get_items() == [*turn(1), *turn(2)]
    clock.now += 2
    assert await session.get_items() == []


async def test_without_a_ttl_nothing_ever_expires() -> None:
    clock = Clock()
    session = in_memory(clock=clock)
    await session.add_items(turn(1))
    clock.now += 10**9
    assert await session.get_items() == turn(1)
    await session.close()


async def test_what_expired_does_not_take_the_place_of_what_lives_in_a_limit() -> None:
    clock = Clock()
    session = in_memory(ttl=100, clock=clock, session_settings=SessionSettings(limit=3))
    await session.add_items([user_message("a question"), assistant_message("an answer")])
    clock.now += 50
    await session.add_items([{**NOTE, "content": str(number)} for number in range(10)])
    await session.add_items([assistant_message("more"), assistant_message("and more")])
    assert texts(await session.get_items()) == ["9", "more", "and more"]
    await session.close()


# ---------------------------------------------------------------------------- what it hands on


async def test_title_and_metadata_that_were_changed_are_noticed(logs: LogWatch) -> None:
    base = SQLiteSession("conversation")
    session: Any = EncryptedSession(base, KEY)
    await session.set_title("xyz and spaces  ")
    await session.set_metadata({"half": "\ud83d", "none": None})
    info = await session.get_info()
    assert (info.title, info.metadata) == ("xyz and spaces  ", {"half": "\ud83d", "none": None})
    below = await base.get_info()
    assert below is not None
    await base.set_title("A title in clear")
    with pytest.raises(DecryptionError, match="title"):
        await session.get_info()
    skipping: Any = EncryptedSession(base, KEY, on_undecryptable="skip")
    assert (await skipping.get_info()).title == ""
    logs.expect("the title of an encrypted session cannot be decrypted")
    await base.set_title("")
    await base.set_metadata({"encrypted": below.title})
    with pytest.raises(DecryptionError, match="metadata"):
        await session.get_info()
    await session.set_metadata({})
    assert (await session.get_info()).metadata == {}
    await session.close()


async def test_who_answered_last_is_known_though_it_is_encrypted() -> None:
    session = in_memory()
    history = await session.begin_run()
    await session.add_run_items([user_message("Hi."), assistant_message("Ho.")], ANN, history.mark)
    await session.add_items([NOTE])
    assert (await session.get_info()).last_agent == ANN.agent
    below = await session.base_session.get_info()
    assert below.last_agent == ""
    await session.close()


async def test_a_copy_is_encrypted_for_its_own_id() -> None:
    base = SQLiteSession("conversation", "memory://forks")
    session: Any = EncryptedSession(base, KEY)
    await session.add_items(turn(1))
    await session.set_title("A title")
    await session.set_metadata({"tag": 1})
    copy = await session.fork("copy")
    assert copy.session_id == "copy"
    assert await copy.get_items() == turn(1)
    await copy.add_items(turn(2))
    again: Any = EncryptedSession(SQLiteSession("copy", "memory://forks"), KEY)
    assert await again.get_items() == [*turn(1), *turn(2)]
    info = await again.get_info()
    assert (info.title, info.metadata) == ("A title", {"tag": 1})
    assert await session.get_items() == turn(1)
    shared = {item["content"] for item in await base.get_items()} & {
        item["content"] for item in await again.base_session.get_items()
    }
    assert shared == set()
    for each in (again, copy, session):
        await each.close()


async def test_replacing_items_leaves_what_stays_the_same_as_it_is_stored() -> None:
    session = in_memory()
    await session.add_items([*turn(1), *turn(2)])
    before = await session.base_session.get_items()
    await session.rewrite_items(
        lambda items: [*items[:6], Item(assistant_message("new")), *items[7:9]]
    )
    expected = [*turn(1), turn(2)[0], assistant_message("new"), *turn(2)[2:4]]
    assert await session.get_items() == expected
    after = await session.base_session.get_items()
    assert after[:6] == before[:6]
    assert not {item["content"] for item in after[6:]} & {item["content"] for item in before}
    await session.close()


async def test_a_turn_is_taken_back_in_one_go_where_that_can_be_done() -> None:
    session = in_memory()
    await session.add_items([*turn(1), *turn(2)[:2], NOTE, *turn(2)[2:]])
    before = await session.base_session.get_items()
    assert await session.pop_turn() == turn(2)
    assert await session.get_items() == [*turn(1), NOTE]
    assert (await session.base_session.get_items())[:5] == before[:5]
    await session.close()


# ---------------------------------------------------------------------------- what it costs


async def test_many_items_do_not_hold_up_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    read = Reader.read

    def noting(self: Reader, stored: Any) -> History:
        threads.append(threading.get_ident())
        return read(self, stored)

    session = in_memory()
    await session.add_items(numbered(5000))
    monkeypatch.setattr(Reader, "read", noting)
    assert len(await session.get_items()) == 5000
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    await session.close()


async def test_a_passphrase_is_stretched_once_for_a_session() -> None:
    shelf = Shelf("a passphrase of this test")
    begun = time.process_time()
    await shelf.session.add_items(numbered(1))
    first = time.process_time() - begun
    begun = time.process_time()
    for _ in range(3):
        assert len(await shelf.again("a passphrase of this test").get_items()) == 1
    assert time.process_time() - begun < first


def _printed(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    ).stdout


_WRITER = """
import asyncio, sys
from chatelaine.agents.items import user_message
from chatelaine.agents.sessions import EncryptedSession, SQLiteSession

async def write(path, name):
    async with EncryptedSession(SQLiteSession("conversation", path), bytes(range(32))) as session:
        for number in range(30):
            await session.add_items([user_message(f"{name} {number} {each}") for each in "abc"])
            await session.pop_item()

asyncio.run(write(*sys.argv[1:]))
"""


async def test_processes_that_add_and_remove_at_once_leave_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _WRITER, str(path), name)
        for name in ("one", "two", "three")
    ]
    assert [await each.wait() for each in writers] == [0, 0, 0]
    async with EncryptedSession(SQLiteSession("conversation", path), KEY) as session:
        assert len(await session.get_items()) == 3 * 30 * 2


def test_without_its_extra_it_says_which_one_is_needed() -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "import chatelaine.agents.sessions as sessions\n"
        "try: sessions.EncryptedSession\n"
        "except ImportError as error: print(error)"
    )
    assert 'pip install "chatelaine[encryption]"' in _printed(program)


def test_other_sessions_do_not_load_what_it_needs() -> None:
    program = (
        "import sys\n"
        "from chatelaine.agents.sessions import SQLiteSession\n"
        "print('cryptography' in sys.modules)"
    )
    assert _printed(program).strip() == "False"


@pytest.mark.parametrize("ttl", ["60", True])
def test_a_ttl_is_a_number_of_seconds(ttl: Any) -> None:
    with pytest.raises(TypeError, match=f"ttl .* number of seconds, not {ttl!r}"):
        EncryptedSession(SQLiteSession("one"), KEY, ttl)


async def test_a_title_that_is_no_text_is_not_encrypted() -> None:
    async with EncryptedSession(SQLiteSession("one"), KEY) as session:
        titled: Any = session
        with pytest.raises(SessionError, match="A title is a text, not int"):
            await titled.set_title(5)
        assert await titled.get_info() is None
