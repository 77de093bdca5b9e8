"""Keys and texts do not get into the log."""

from __future__ import annotations

import io
import logging
import sys

import aiosqlite
import pytest

from chatelaine import log

RECOVERY_KEY = "8QH7-P6K7-0000-1111-2222-3333-4444-ZZZZ"
SECRETS = [
    "sk-proj-abcdefgh_12345678",
    "ab" * 32,
    "x'" + "0F" * 48 + "'",
    "v1:0123456789abcdef:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    "Authorization: Bearer abc.def-ghi",
    RECOVERY_KEY,
    RECOVERY_KEY.lower(),
]
CORES = [
    "abcdefgh_12345678",
    "ab" * 32,
    "0F" * 20,
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY",
    "abc.def-ghi",
    "P6K7-0000",
    "p6k7-0000",
]


@pytest.fixture
def printed():
    """What is printed, with the log as it was before put back afterwards."""
    root = logging.getLogger()
    names = [None, *log._TALKATIVE]
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = list(root.handlers)
    yield io.StringIO()
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(("secret", "core"), list(zip(SECRETS, CORES, strict=True)))
def test_what_looks_like_a_key_is_struck_out(secret: str, core: str):
    line = log.redact(f"before {secret} after")
    assert core not in line
    assert log.REDACTED in line
    assert line.startswith("before ")
    assert line.endswith(" after")


@pytest.mark.parametrize(
    "line",
    [
        "opened history-2.db in 12 ms",
        "slot 0123456789abcdef does not open",
        "commit 54a40d4f5fef6a5ab13dd9ec01d2d3a45c4ee1f2",
        "risk-free, task-oriented-approach",
        "thread 3f8e4a52-7a3c-4a0e-9a54-2f8c1ad9f0b1 changed",
    ],
)
def test_ordinary_lines_stay_as_they_are(line: str):
    assert log.redact(line) == line


def test_arguments_and_tracebacks_are_struck_out_too(printed: io.StringIO, logs):
    log.configure(stream=printed)
    logs.expect("could not use")
    logger = logging.getLogger("chatelaine.test")
    try:
        int(SECRETS[0])
    except ValueError:
        logger.exception("could not use %s", SECRETS[1])
    text = printed.getvalue()
    assert "could not use [redacted]" in text
    assert "ValueError: invalid literal for int() with base 10: '[redacted]'" in text
    assert not any(core in text for core in CORES)


def test_a_record_that_cannot_be_printed_does_not_show_its_arguments(
    printed: io.StringIO, capsys: pytest.CaptureFixture[str]
):
    log.configure(stream=printed)
    record = logging.LogRecord("x", logging.ERROR, "here.py", 7, "%d", ("a text",), None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, log._CarefulHandler):
            handler.handle(record)
    assert printed.getvalue() == "TypeError while logging at here.py:7\n"
    assert capsys.readouterr() == ("", "")


async def test_a_database_that_logs_what_it_is_given_is_kept_quiet(
    printed: io.StringIO, caplog: pytest.LogCaptureFixture
):
    log.configure(logging.DEBUG, printed)
    async with aiosqlite.connect(":memory:") as connection:
        await connection.execute("create table message (text)")
        await connection.execute("insert into message values (?)", ("something private",))
    logging.getLogger("chatelaine").debug("this is printed")
    assert "this is printed" in printed.getvalue()
    assert "something private" not in printed.getvalue() + caplog.text


@pytest.mark.parametrize("name", log._TALKATIVE)
def test_libraries_that_log_texts_stay_at_warning(name: str, printed: io.StringIO):
    log.configure(logging.DEBUG, printed)
    assert logging.getLogger(name).getEffectiveLevel() == logging.WARNING


def test_configuring_twice_prints_once(printed: io.StringIO, logs):
    logs.expect("^once$")
    log.configure(stream=io.StringIO())
    log.configure(stream=printed)
    logging.getLogger("chatelaine").warning("once")
    assert printed.getvalue().count("once") == 1


def test_what_is_below_the_level_is_not_printed(printed: io.StringIO):
    log.configure(stream=printed)
    logging.getLogger("chatelaine").info("quiet")
    assert printed.getvalue() == ""


def test_a_program_without_a_console_logs_into_nothing(printed, monkeypatch, logs):
    logs.expect("nobody hears")
    monkeypatch.setattr(sys, "stderr", None)
    log.configure()
    (handler,) = (
        one for one in logging.getLogger().handlers if isinstance(one, log._CarefulHandler)
    )
    logging.getLogger("chatelaine").warning("nobody hears of this")
    handler.stream.close()
