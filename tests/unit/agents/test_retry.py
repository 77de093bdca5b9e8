from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.errors import ConnectionFailed, RequestRefused
from chatelaine.agents.events import StepRetried, TextDelta
from chatelaine.agents.models.protocol import ModelEvent, ModelResponse
from chatelaine.agents.models.retry import (
    RetryPolicy,
    TemporaryError,
    retry_after_of,
    with_retries,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

NOW = 1_900_000_000.0
ANSWER = ModelResponse(items=())


class Attempts:
    """Attempts that end as they are told, and the waits between them."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends = list(ends)
        self.waited: list[float] = []
        self.closed = 0

    async def attempt(self) -> AsyncGenerator[ModelEvent, None]:
        end = self.ends.pop(0)
        try:
            yield TextDelta("Hel")
            if end is not None:
                raise end
            yield ANSWER
        finally:
            self.closed += 1

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    def stream(self, policy: RetryPolicy | None = None) -> AsyncGenerator[ModelEvent, None]:
        return with_retries(
            self.attempt, policy or RetryPolicy(), sleep=self.sleep, chance=lambda: 0.0
        )


def passing(retry_after: float | None = None) -> TemporaryError:
    return TemporaryError(ConnectionFailed("it broke"), retry_after)


async def test_a_failure_that_may_pass_is_told_and_the_request_is_made_again() -> None:
    attempts = Attempts(passing(), None)

    events = [event async for event in attempts.stream()]

    assert events == [
        TextDelta("Hel"),
        StepRetried(reason="it broke", delay=0.5, attempt=2),
        TextDelta("Hel"),
        ANSWER,
    ]
    assert attempts.waited == [0.5]


@pytest.mark.parametrize(("most", "is_kept"), [(2, True), (3, False), (None, False)])
async def test_text_that_was_read_is_not_made_void_if_it_is_more_than_that(
    most: int | None, is_kept: bool
) -> None:
    stream = Attempts(passing(), None).stream(RetryPolicy(most_voided=most))
    assert await anext(stream) == TextDelta("Hel")
    if is_kept:
        with pytest.raises(ConnectionFailed, match="it broke"):
            await anext(stream)
    else:
        assert isinstance(await anext(stream), StepRetried)
    await stream.aclose()


async def test_the_retry_is_told_before_it_is_waited_for() -> None:
    attempts = Attempts(passing(), None)

    async for event in attempts.stream():
        if isinstance(event, StepRetried):
            assert attempts.waited == []


async def test_the_delays_grow_until_the_attempts_are_used_up() -> None:
    attempts = Attempts(passing(), passing(), passing(), passing())

    with pytest.raises(ConnectionFailed, match="it broke"):
        [event async for event in attempts.stream(RetryPolicy(attempts=4))]

    assert attempts.waited == [0.5, 1.0, 2.0]


async def test_a_failure_that_is_final_is_not_tried_again() -> None:
    attempts = Attempts(RequestRefused("no"), None)

    with pytest.raises(RequestRefused):
        [event async for event in attempts.stream()]

    assert attempts.waited == []


async def test_one_attempt_means_no_retry() -> None:
    with pytest.raises(ConnectionFailed):
        [event async for event in Attempts(passing()).stream(RetryPolicy(attempts=1))]


async def test_a_longer_wait_than_is_bearable_ends_the_attempts_at_once() -> None:
    attempts = Attempts(passing(retry_after=61), None)

    with pytest.raises(ConnectionFailed):
        [event async for event in attempts.stream()]

    assert attempts.waited == []


async def test_what_the_server_asks_for_is_waited() -> None:
    attempts = Attempts(passing(retry_after=7.5), None)

    assert [event async for event in attempts.stream()][-1] == ANSWER
    assert attempts.waited == [7.5]


async def test_closing_the_stream_closes_the_attempt() -> None:
    attempts = Attempts(None)
    stream = attempts.stream()
    await anext(stream)

    await stream.aclose()

    assert attempts.closed == 1


@given(
    attempt=st.integers(1, 10_000),
    chance=st.floats(0, 1),
    retry_after=st.none() | st.floats(-10, 1e6),
)
def test_a_delay_is_never_shorter_than_asked_nor_longer_than_bearable(
    attempt: int, chance: float, retry_after: float | None
) -> None:
    policy = RetryPolicy(attempts=20_000)

    delay = policy.delay_after(attempt, retry_after, chance)

    if retry_after is not None and retry_after > policy.longest_wait:
        assert delay is None
    elif retry_after is not None and retry_after > 0:
        assert delay is not None
        assert retry_after <= delay <= retry_after + 0.25
    else:
        assert delay is not None
        assert 0.75 * policy.first_delay <= delay <= policy.longest_delay


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_what_a_server_asks_for_is_read_in_each_of_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_of(headers, now=lambda: NOW) == seconds


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Rate limit reached for m. Please try again in 11.054s. Visit ...", 11.054),
        ("Please try again in 20ms.", 0.02),
        ("please retry after 3 s", 3.0),
        ("Please try again in a while.", None),
        ("You said it.", None),
    ],
)
def test_what_a_server_asks_for_in_words_is_read_too(message: str, seconds: float | None) -> None:
    assert retry_after_of({}, message) == seconds
