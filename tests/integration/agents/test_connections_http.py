"""When connections are opened and closed, and on which event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
import subprocess
import sys
import threading
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chatelaine.agents.errors import ConnectionFailed, UserError
from chatelaine.agents.events import TextDelta
from chatelaine.agents.models.openai_chat import OpenAIChatCompletionsModel
from chatelaine.agents.models.openai_responses import OpenAIResponsesModel
from support.asking import asked, tell
from support.openai_replies import Gate, Refusal, text
from support.openai_server import ScriptedServer, Silence, hosted_server
from support.until import until, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chatelaine.agents.models.openai_model import OpenAIModel

KINDS = pytest.mark.parametrize(
    "kind", [OpenAIResponsesModel, OpenAIChatCompletionsModel], ids=["responses", "chat"]
)


async def closed_within_a_second(server: ScriptedServer, since: float) -> None:
    assert (await until(lambda: server.last.closed_early) or 0) - since < 1


async def test_a_cancelled_stream_closes_its_connection_at_once(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(text("Hel", Gate(), "lo"))
    heard: list[object] = []

    async def listen() -> None:
        async for event in asked(model):
            heard.append(event)  # noqa: PERF401 - it is looked at meanwhile

    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen())
        await until(lambda: heard)
        since = time.monotonic()
        listening.cancel()

    assert listening.cancelled()
    await closed_within_a_second(server, since)


async def test_a_request_that_is_cancelled_before_its_answer_closes_its_connection_at_once(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(Silence())

    async with asyncio.TaskGroup() as group:
        asking = group.create_task(tell(model))
        await until(lambda: server.requests)
        since = time.monotonic()
        asking.cancel()

    await closed_within_a_second(server, since)


async def test_a_closed_stream_closes_its_connection_at_once(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(text("Hel", Gate(), "lo"))
    events = asked(model)
    assert await anext(events) == TextDelta("Hel")

    since = time.monotonic()
    await events.aclose()

    await closed_within_a_second(server, since)


async def test_a_stream_that_is_dropped_closes_its_connection_at_once(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(text("Hel", Gate(), "lo"))
    events = asked(model)
    assert await anext(events) == TextDelta("Hel")

    since = time.monotonic()
    del events
    gc.collect()

    await closed_within_a_second(server, since)


async def test_a_wait_before_a_retry_can_be_cancelled(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    server.script(Refusal(429, headers={"Retry-After": "30"}))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await tell(model)

    assert len(server.requests) == 1


@KINDS
@pytest.mark.parametrize("url", ["http://\u2603.test/v1", "http://[::1]extra/v1"])
async def test_an_address_that_cannot_be_one_is_told(
    kind: Callable[..., OpenAIModel], url: str
) -> None:
    with pytest.raises(UserError, match="looks like"):
        await tell(kind("m", base_url=url))


@KINDS
async def test_a_server_without_encryption_is_told_when_it_is_asked_for_it(
    server: ScriptedServer, kind: Callable[..., OpenAIModel]
) -> None:
    model = kind("m", base_url=server.base_url.replace("http:", "https:"))

    with pytest.raises(ConnectionFailed, match="http://"):
        await tell(model)

    await model.aclose()


@KINDS
async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    own_certificate: ssl.SSLContext, kind: Callable[..., OpenAIModel]
) -> None:
    heard = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", ssl=own_certificate)
    port = server.sockets[0].getsockname()[1]
    model = kind("m", base_url=f"https://127.0.0.1:{port}/v1")
    async with server:
        with pytest.raises(ConnectionFailed, match="nothing was sent") as caught:
            await tell(model)

    assert caught.value.title == "The server cannot be trusted"
    assert not any(heard)
    await model.aclose()


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that its owner has signed himself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_model_can_be_used_again_after_it_was_closed(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    await tell(model)
    await model.aclose()
    await model.aclose()
    await tell(model)

    first, second = server.requests
    assert first.connection != second.connection


async def test_closing_a_model_ends_its_idle_connections(
    server: ScriptedServer, model: OpenAIModel
) -> None:
    await tell(model)
    assert server.connections == 1

    await model.aclose()

    await until(lambda: server.connections == 0)


async def test_a_model_that_was_never_asked_can_be_closed(model: OpenAIModel) -> None:
    await model.aclose()


@pytest.fixture
def hosted() -> Iterator[ScriptedServer]:
    with hosted_server() as server:
        yield server


@KINDS
def test_one_model_serves_one_loop_after_another_and_leaves_nothing_open(
    hosted: ScriptedServer, kind: Callable[..., OpenAIModel]
) -> None:
    model = kind("m", base_url=hosted.base_url)

    said = [asyncio.run(tell(model, f"loop {number}")).said for number in range(3)]

    assert said == ["You said: loop 0", "You said: loop 1", "You said: loop 2"]
    gc.collect()  # a connection that was left open would complain now
    assert len(model._transport._clients) == 1


@KINDS
def test_one_model_serves_loops_in_several_threads_at_once(
    hosted: ScriptedServer, kind: Callable[..., OpenAIModel]
) -> None:
    model = kind("m", base_url=hosted.base_url)
    gate = Gate()
    hosted.script(text("a", gate), text("b", gate), text("c", gate))
    said: list[str] = []
    threads = [
        threading.Thread(target=lambda: said.append(asyncio.run(tell(model)).said))
        for _ in range(3)
    ]

    for thread in threads:
        thread.start()
    wait_until(lambda: len(hosted.requests) == len(threads))
    gate.open()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["a", "b", "c"]


@KINDS
def test_a_loop_that_ends_in_the_middle_of_an_answer_closes_its_connection(
    hosted: ScriptedServer, kind: Callable[..., OpenAIModel]
) -> None:
    model = kind("m", base_url=hosted.base_url)
    hosted.script(text("Hel", Gate(), "lo"))

    async def begin() -> None:
        async with aclosing(asked(model)) as events:
            await anext(events)

    asyncio.run(begin())

    wait_until(lambda: hosted.last.closed_early)


def run_apart(program: str, *arguments: str) -> str:
    """Run a program in an interpreter of its own, and give what it prints."""
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(program), *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.strip()


@KINDS
def test_the_package_is_imported_at_the_first_request(
    hosted: ScriptedServer, kind: type[OpenAIModel]
) -> None:
    program = """
        import asyncio, sys
        from importlib import import_module

        module, name, base_url = sys.argv[1:]
        model = getattr(import_module(module), name)("m", base_url=base_url)
        from support.asking import tell

        before = "openai" in sys.modules or "httpx2" in sys.modules
        asyncio.run(tell(model))
        print(before, "openai" in sys.modules)
    """

    assert run_apart(program, kind.__module__, kind.__name__, hosted.base_url) == "False True"


@KINDS
def test_nothing_more_is_imported_while_the_loop_waits(
    hosted: ScriptedServer, kind: type[OpenAIModel]
) -> None:
    program = """
        import asyncio, sys
        from importlib import import_module
        from chatelaine.agents.models.transport import preload
        from support.asking import tell

        module, name, base_url = sys.argv[1:]

        async def main():
            model = getattr(import_module(module), name)("m", base_url=base_url)
            await preload()
            before = set(sys.modules)
            await tell(model)
            print(sorted(set(sys.modules) - before))
            await model.aclose()

        asyncio.run(main())
    """

    assert run_apart(program, kind.__module__, kind.__name__, hosted.base_url) == "[]"


def test_the_import_does_not_hold_up_the_loop() -> None:
    program = """
        import asyncio, time
        from chatelaine.agents.models.transport import preload

        async def main():
            gaps, importing = [], asyncio.gather(preload())
            begun = last = time.perf_counter()
            while not importing.done():
                await asyncio.sleep(0.002)
                now = time.perf_counter()
                gaps.append(now - last)
                last = now
            await importing
            print(max(gaps) / (last - begun))

        asyncio.run(main())
    """

    assert float(run_apart(program)) < 0.5
