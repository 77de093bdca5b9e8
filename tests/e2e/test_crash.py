"""What is left after the program was killed in the middle of a reply."""

from __future__ import annotations

import os
import random
import time

import pytest

from support.until import wait_until

KILLS = int(os.environ.get("CHATELAINE_KILLS", "20"))
LOSS = 1.0
"""Seconds of what was shown that a crash may cost."""


def rows(state, kind):
    return [row for row in state["rows"] if row["row"] == kind]


@pytest.mark.timeout(20 * KILLS)
def test_a_kill_in_mid_stream_costs_at_most_the_last_second(start):
    chance = random.Random(20)  # noqa: S311 - the moments of the kills, the same in each run
    sent: list[str] = []
    promised: list[str] = []
    for number in range(KILLS):
        with start() as program:
            program.wait_open()
            if sent:
                check(program, sent, promised)
            sent.append(f"long {number}")
            program.send(sent[-1])
            program.wait_for(lambda state: state["running"])
            program.shown.clear()
            wait_until(lambda: program.shown, what="the first words of the reply")
            wait_until(after(chance.uniform(0.05, 2.5)), what="the moment of the kill")
            killed = time.monotonic()
            program.kill()
            old_enough = [shown.text for shown in program.shown if shown.at <= killed - LOSS]
            promised.append(old_enough[-1] if old_enough else "")
    with start() as program:
        program.wait_open()
        check(program, sent, promised)
        assert program.quit() == 0
    assert sum(bool(text) for text in promised) >= KILLS // 4, "most kills came too early to tell"


def after(seconds):
    moment = time.monotonic() + seconds
    return lambda: time.monotonic() > moment


def check(program, sent, promised):
    """Every message is there, and of each reply what was shown a second before the kill."""
    state = program.wait_for(lambda state: len(rows(state, "UserRow")) == len(sent))
    assert [row["text"] for row in rows(state, "UserRow")] == sent
    replies = {row["turn"]: row["text"] for row in rows(state, "ReplyRow")}
    for user, text in zip(rows(state, "UserRow"), promised, strict=True):
        assert replies.get(user["turn"], "").startswith(text)
    assert state["rows"][-1]["row"] == "NoticeRow"
    assert state["rows"][-1]["can_retry"]
