"""What a server's refusal, or a connection that fails, means: in words fit for a person.

Neither a key nor the text of a message is ever part of an error. A server's own words are shown,
shortened and masked, since they often name the remedy.
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn

from chatelaine.agents.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ModelError,
    RateLimited,
    RequestRefused,
    RequestTimedOut,
    ResponseUnreadable,
    ServerFailed,
)
from chatelaine.agents.models.retry import TemporaryError, retry_after_of
from chatelaine.agents.models.server_words import ServerWords, words_in, words_in_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chatelaine.agents.models.endpoint import Endpoint

_LONGEST_DETAIL = 20_000
_NO_CREDIT = {
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_balance",
    "insufficient_quota",
    "insufficient_user_quota",
}
# What an error that comes inside a stream would have had for a status, if it had come before.
_STATUS_OF_NAME = {
    "authentication_error": 401,
    "content_filter": 400,
    "context_length_exceeded": 400,
    "invalid_api_key": 401,
    "invalid_encrypted_content": 400,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "too_many_requests": 429,
} | dict.fromkeys(_NO_CREDIT, 402)
_TOO_LONG = re.compile(
    r"context.{0,20}(length|window|size)|maximum context|prompt is too long|too many.{0,7} tokens",
    re.IGNORECASE,
)


class NoSuchModel(RequestRefused):
    """The server knows the path, but not the model, or not for this key."""

    default_title = "There is no such model"


class RefusalError(Exception):
    """The server did not accept the request as it is; it may accept another form of it.

    It does not leave the clients.

    Attributes:
        error: What the caller is told when there is no other form.
        detail: All that the server said.
    """

    def __init__(self, error: RequestRefused, detail: str) -> None:
        super().__init__(error.message)
        self.error = error
        self.detail = detail


def raise_for_status(
    status: int, headers: Mapping[str, str], body: str, endpoint: Endpoint, *, model: str = ""
) -> NoReturn:
    """Tell what an HTTP status other than success means.

    Args:
        status: The status.
        headers: Of the response; names in lower case.
        body: The response's text.
        endpoint: The server that was asked.
        model: The model that was asked for, if one was.

    Raises:
        TemporaryError: It may pass.
        RefusalError: The request may be accepted in another form.
        ModelError: It is final.
    """
    words = words_in_body(body)
    wait = retry_after_of(headers, words.message)
    case = _Case(status, words, wait, endpoint, model, detail=body[:_LONGEST_DETAIL])
    raise _failure_of(case) from None


def raise_for_event(error: object, endpoint: Endpoint, *, model: str) -> NoReturn:
    """Tell what an error means that came as an event, after the HTTP status had said success.

    Args:
        error: What the event carries: code, type, message.
        endpoint: The server that was asked.
        model: The model that was asked for.

    Raises:
        TemporaryError: It may pass.
        ModelError: It is final.
    """
    words = words_in({"error": error})
    statuses = [_STATUS_OF_NAME[name] for name in words.names if name in _STATUS_OF_NAME]
    statuses += [int(name) for name in words.names if re.fullmatch("[45][0-9][0-9]", name)]
    # "invalid_request_error" may stand beside a name that tells more.
    telling = [status for status in statuses if status != HTTPStatus.BAD_REQUEST]
    status = max(telling or statuses, default=HTTPStatus.INTERNAL_SERVER_ERROR)
    wait = retry_after_of({}, words.message)
    failure = _failure_of(_Case(status, words, wait, endpoint, model))
    raise (failure.error if isinstance(failure, RefusalError) else failure) from None


def raise_for_connection(cause: BaseException, endpoint: Endpoint, *, timed_out: bool) -> NoReturn:
    """Tell why no answer came, or not the whole of it.

    Args:
        cause: What the transport raised.
        endpoint: The server that was asked.
        timed_out: Whether it was waited for in vain.

    Raises:
        TemporaryError: It may pass.
        ModelError: It is final.
    """
    host = endpoint.host
    kinds = [type(error) for error in _causes(cause)]
    if any(issubclass(kind, ssl.SSLCertVerificationError) for kind in kinds):
        raise ConnectionFailed(
            f"{host} shows a certificate that this computer does not trust, so nothing was sent.",
            title="The server cannot be trusted",
        ) from None
    if any(issubclass(kind, ssl.SSLError) for kind in kinds):
        raise ConnectionFailed(
            f"No encrypted connection to {host} can be made. Does its address begin with http://?"
        ) from None
    if timed_out:
        error: ConnectionFailed = RequestTimedOut(f"{host} did not answer in the time allowed.")
    elif any(issubclass(kind, socket.gaierror) for kind in kinds):
        error = ConnectionFailed(
            f"No server is known by the name {host}. Is the address right, and the network up?"
        )
    elif any(issubclass(kind, ConnectionRefusedError) for kind in kinds):
        error = ConnectionFailed(f"Nothing answers at {host}. Is the server running?")
    else:
        error = ConnectionFailed(f"There is no connection to {host}, or it broke.")
    raise TemporaryError(error) from None


def cut_off(endpoint: Endpoint) -> TemporaryError:
    """Make the failure of an answer that ended in the middle."""
    return TemporaryError(
        ConnectionFailed(
            f"The connection to {endpoint.host} broke before the answer was complete.",
            title="The answer was cut off",
        )
    )


def unreadable(endpoint: Endpoint, *, is_page: bool = False) -> ResponseUnreadable:
    """Make the error of a response that is no answer.

    Args:
        endpoint: The server that was asked.
        is_page: Whether it is a page for people.
    """
    what = "sent a web page instead of an answer" if is_page else "sent what is no answer"
    return ResponseUnreadable(f"{endpoint.host} {what}. Is the address right? Most end in /v1.")


@dataclass(frozen=True, slots=True)
class _Case:
    """All that is known of one failure."""

    status: int
    words: ServerWords
    wait: float | None
    endpoint: Endpoint
    model: str
    detail: str = ""

    @property
    def host(self) -> str:
        return self.endpoint.host

    @property
    def quote(self) -> str:
        return self.words.quoted(self.endpoint.api_key)


def _failure_of(case: _Case) -> ModelError | TemporaryError | RefusalError:
    status, names = case.status, case.words.names
    if status == HTTPStatus.PAYMENT_REQUIRED or names & _NO_CREDIT:
        return _no_credit(case)
    if status in _BY_STATUS:
        return _BY_STATUS[status](case)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _server_failed(case)
    if "context_length_exceeded" in names or _TOO_LONG.search(case.words.message):
        return _too_long(case)
    refused = RequestRefused(
        f"{case.host} does not accept the request (status {status}).{case.quote}", status=status
    )
    return RefusalError(refused, case.detail)


def _no_credit(case: _Case) -> ModelError:
    return RateLimited(
        f"The account at {case.host} has no credit left.{case.quote}",
        title="No credit left",
        status=case.status,
    )


def _key_refused(case: _Case) -> ModelError:
    if not case.endpoint.api_key:
        return AuthenticationFailed(
            f"{case.host} wants an API key, and none is set.",
            title="An API key is needed",
            status=case.status,
        )
    return AuthenticationFailed(
        f"{case.host} does not accept the API key.{case.quote}", status=case.status
    )


def _not_allowed(case: _Case) -> ModelError:
    return AuthenticationFailed(
        f"{case.host} does not allow this request.{case.quote}",
        title="The server does not allow this",
        status=case.status,
    )


def _not_found(case: _Case) -> ModelError:
    if "model" in case.words.message.lower() or "model_not_found" in case.words.names:
        named = f" named “{case.model}”" if case.model else ""
        return NoSuchModel(
            f"{case.host} has no model{named} for you.{case.quote}", status=case.status
        )
    return RequestRefused(
        f"{case.host} does not know this kind of request (status {case.status}). Is the address"
        " right? Most end in /v1.",
        status=case.status,
    )


def _too_long(case: _Case) -> ModelError:
    return RequestRefused(
        f"This conversation is longer than {case.model or 'the model'} can read.",
        title="Too long for the model",
        status=case.status,
    )


def _too_slow(case: _Case) -> TemporaryError:
    error = RequestTimedOut(
        f"{case.host} did not get the whole request in time.", status=case.status
    )
    return TemporaryError(error, case.wait)


def _rate_limited(case: _Case) -> TemporaryError:
    error = RateLimited(
        f"{case.host} takes no more requests for now.{_asks(case.wait)}{case.quote}",
        status=case.status,
        retry_after=case.wait,
    )
    return TemporaryError(error, case.wait)


def _server_failed(case: _Case) -> TemporaryError:
    error = ServerFailed(
        f"{case.host} failed to answer (status {case.status}).{_asks(case.wait)}{case.quote}",
        status=case.status,
    )
    return TemporaryError(error, case.wait)


_BY_STATUS: Mapping[int, Callable[[_Case], ModelError | TemporaryError]] = {
    401: _key_refused,
    403: _not_allowed,
    404: _not_found,
    405: _not_found,
    408: _too_slow,
    409: _server_failed,  # another request is in its way
    413: _too_long,
    425: _server_failed,  # it came too early
    429: _rate_limited,
    501: _not_found,
}


def _asks(wait: float | None) -> str:
    minute, hour = 60, 3600
    if not wait:
        return ""
    if wait < 2 * minute:
        number, unit = max(1, round(wait)), "second"
    elif wait < 2 * hour:
        number, unit = round(wait / minute), "minute"
    else:
        number, unit = round(wait / hour), "hour"
    return f" It asks us to wait {number} {unit}{'' if number == 1 else 's'}."


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
