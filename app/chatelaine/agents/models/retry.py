"""When a request is made again, and how long we wait before it.

An attempt that fails in a way that may pass raises `TemporaryError`; `with_retries` waits and makes
the next one, and says so with a `StepRetried`, which voids whatever the failed attempt streamed.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import time
from contextlib import aclosing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from chatelaine.agents.events import StepRetried, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from chatelaine.agents.errors import ModelError
    from chatelaine.agents.models.protocol import ModelEvent


class TemporaryError(Exception):
    """A failure that may pass. It does not leave the clients.

    Attributes:
        error: What the caller is told when it does not pass.
        retry_after: Seconds the server asked us to wait, where it said so.
    """

    def __init__(self, error: ModelError, retry_after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon a request is made again.

    Attributes:
        attempts: Requests at most, the first one included.
        first_delay: Seconds before the second; it doubles from there.
        longest_delay: Seconds it grows to.
        jitter: The share of a delay that chance may take away, so that clients that were refused
            together do not come back together.
        longest_wait: Seconds. Where a server asks for more than this, we do not wait for it.
        most_voided: Characters of text that a further attempt may make void; None for any number.
            After more, the failure is told, and who has read that far keeps it.
    """

    attempts: int = 3
    first_delay: float = 0.5
    longest_delay: float = 8.0
    jitter: float = 0.25
    longest_wait: float = 60.0
    most_voided: int | None = None

    def delay_after(self, attempt: int, retry_after: float | None, chance: float) -> float | None:
        """Tell how long to wait before the next attempt.

        Args:
            attempt: The one that failed, counted from 1.
            retry_after: Seconds the server asked for, where it did.
            chance: 0 to 1.

        Returns:
            Seconds, or None where there is to be no further attempt.
        """
        if attempt >= self.attempts:
            return None
        # The exponent has an end, so that a great many attempts do not overflow.
        delay = min(self.first_delay * 2.0 ** min(attempt - 1, 32), self.longest_delay)
        delay *= 1 - self.jitter * chance
        if retry_after is None or retry_after <= 0:
            return delay
        # Never sooner than asked; and not all at the same moment.
        return retry_after + self.jitter * chance if retry_after <= self.longest_wait else None


async def with_retries(
    attempt: Callable[[], AsyncGenerator[ModelEvent, None]],
    policy: RetryPolicy,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    chance: Callable[[], float] = random.random,
) -> AsyncGenerator[ModelEvent, None]:
    """Stream an attempt, and further ones where it fails in a way that may pass.

    Args:
        attempt: Makes one; called once for each.
        policy: How often, and how soon.
        sleep: Waits the seconds it is given.
        chance: Gives a number from 0 to 1.

    Raises:
        ModelError: The last attempt failed, or one failed for good.
    """
    for number in itertools.count(1):
        said = 0
        try:
            async with aclosing(attempt()) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        said += len(event.delta)
                    yield event
        except TemporaryError as failure:
            delay = policy.delay_after(number, failure.retry_after, chance())
            is_too_much = policy.most_voided is not None and said > policy.most_voided
            if delay is None or is_too_much:
                raise failure.error from None
            reason = failure.error.message
        else:
            return
        yield StepRetried(reason=reason, delay=delay, attempt=number + 1)
        await sleep(delay)


def retry_after_of(
    headers: Mapping[str, str], message: str = "", *, now: Callable[[], float] = time.time
) -> float | None:
    """Read how long a server asks us to wait.

    Args:
        headers: Of the response; names in lower case.
        message: What the server said; some give the time only there.
        now: Gives the seconds since 1970.

    Returns:
        Seconds, not less than 0; None where it does not say, or says nonsense.
    """
    in_milliseconds = _seconds(headers.get("retry-after-ms"))
    if in_milliseconds is not None:
        return in_milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _seconds(text)
    if seconds is not None:
        return seconds
    if text:
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - now())
        except (ValueError, OverflowError):
            return None
    said = _SAID_IN_WORDS.search(message)
    if said is None:
        return None
    return float(said["number"]) * (0.001 if said["unit"].lower() == "ms" else 1)


_SAID_IN_WORDS = re.compile(
    r"(?:try again|retry) (?:in|after) (?P<number>\d{1,9}(?:\.\d{1,9})?) ?(?P<unit>ms|s)\b",
    re.IGNORECASE,
)
_LONGEST_NUMBER = 20


def _seconds(text: str | None) -> float | None:
    if text is None or len(text) > _LONGEST_NUMBER:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
