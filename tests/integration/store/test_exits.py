"""However a program ends, it ends, and soon."""

from __future__ import annotations

import time

import pytest

from chatelaine.store.store import ConversationStore


def end(process):
    """Wait for the end; give the exit code, what was said, and the seconds it took to go."""
    try:
        said, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    *lines, (_, at) = [line.split() for line in said.splitlines()]
    return process.returncode, lines, errors, time.monotonic() - float(at)


@pytest.mark.parametrize(("name", "code"), [("leave_open", 0), ("leave", 3), ("crash", 1)])
async def test_a_history_that_was_not_closed_keeps_no_program_from_ending(
    path, key, program, name, code
):
    returncode, _, errors, seconds = end(program(name, path))
    assert returncode == code
    assert seconds < 2
    assert ("on purpose" in errors) == (name == "crash")
    assert "Exception in thread" not in errors
    async with await ConversationStore.open(path, key) as store:
        assert "kept" in [thread.title for thread in await store.threads()]


@pytest.mark.parametrize("name", ["leave_while_writing", "leave_everything_running"])
async def test_a_loop_that_is_closed_while_work_goes_on(path, key, program, name):
    returncode, _, errors, seconds = end(program(name, path))
    assert (returncode, errors) == (0, "")
    assert seconds < 2
    async with await ConversationStore.open(path, key) as store:
        assert len(await store.threads()) == 1
