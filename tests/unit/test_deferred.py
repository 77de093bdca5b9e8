"""Modules that are loaded when something of them is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

APP = Path(__file__).parents[2] / "app"
BEGINNING = """
import sys
from chatelaine.deferred import defer
"""


def python(program: str, *paths: Path) -> list[str]:
    """Run a program in a process of its own, and give the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", BEGINNING + dedent(program)],
        env={"PYTHONPATH": os.pathsep.join(map(str, (APP, *paths)))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A folder with a module that says when it is loaded, and takes its time."""
    (tmp_path / "slow.py").write_text(
        "import time\nprint('loaded')\ntime.sleep(0.05)\nVALUE = 1\n", encoding="utf-8"
    )
    return tmp_path


def test_what_asyncio_needs_for_tls_is_not_loaded_with_it():
    program = """
        defer()
        import asyncio, ssl
        import asyncio.selector_events
        print("_ssl" in sys.modules)
        print(issubclass(ssl.SSLError, OSError), "_ssl" in sys.modules)
        print(asyncio.sslproto.SSLProtocol.__name__, type(ssl).__name__)
    """
    assert python(program) == ["False", "True True", "SSLProtocol module"]


def test_a_loop_runs_and_listens_without_it(tmp_path: Path):
    program = f"""
        defer()
        import asyncio, socket
        path = {str(tmp_path / "socket")!r}
        def ask():
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                connection.sendall(b"hello\\n")
                return connection.recv(100).decode().strip()
        async def main():
            async def greet(reader, writer):
                writer.write(await reader.readline())
                writer.close()
            async with await asyncio.start_unix_server(greet, path):
                print(await asyncio.to_thread(ask))
        asyncio.run(main())
        print("_ssl" in sys.modules)
    """
    assert python(program) == ["hello", "False"]


def test_encrypted_connections_work(tmp_path: Path):
    program = f"""
        defer()
        import asyncio, datetime, ipaddress
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        print("_ssl" in sys.modules)
        import ssl
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - day, now + day
        ).add_extension(address, False).sign(key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        path = {str(tmp_path / "both.pem")!r}
        with open(path, "wb") as file:
            file.write(made.public_bytes(pem))
            file.write(key.private_bytes(
                pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ))
        async def main():
            async def greet(reader, writer):
                writer.write(await reader.readline())
                writer.close()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path)
            server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
            async with server:
                port = server.sockets[0].getsockname()[1]
                trusting = ssl.create_default_context(cafile=path)
                reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
                writer.write(b"hello\\n")
                print((await reader.read()).decode().strip(), writer.get_extra_info("cipher")[1])
                writer.close()
        asyncio.run(main())
    """
    assert python(program) == ["False", "hello TLSv1.3"]


def test_it_is_loaded_once_however_many_threads_use_it_first(module: Path):
    program = """
        from concurrent.futures import ThreadPoolExecutor
        defer(["slow"])
        import slow
        print("imported")
        with ThreadPoolExecutor(8) as workers:
            print(set(workers.map(lambda _: slow.VALUE, range(8))))
        from slow import VALUE
        print(VALUE, type(slow).__name__, hasattr(slow, "other"))
    """
    assert python(program, module) == ["imported", "loaded", "{1}", "1 module False"]


def test_what_fails_to_load_fails_again_and_again_until_it_does_not(tmp_path: Path):
    (tmp_path / "failing.py").write_text(
        "import sys\nif len(sys.argv) < 2:\n    raise OSError('not yet')\nVALUE = 1\n",
        encoding="utf-8",
    )
    program = """
        defer(["failing"])
        import failing
        for _ in range(2):
            try:
                failing.VALUE
            except OSError as error:
                print(error)
        sys.argv.append("now")
        print(failing.VALUE)
    """
    assert python(program, tmp_path) == ["not yet", "not yet", "1"]


def test_a_module_that_is_not_there_is_missed_when_it_is_imported():
    program = """
        defer(["no_such_module"])
        try:
            import no_such_module
        except ModuleNotFoundError as error:
            print(error.name)
    """
    assert python(program) == ["no_such_module"]
