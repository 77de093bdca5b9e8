from __future__ import annotations

import json
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ModelError,
    RateLimited,
    RequestRefused,
    RequestTimedOut,
    ServerFailed,
)
from chatelaine.agents.models.endpoint import Endpoint
from chatelaine.agents.models.failures import (
    RefusalError,
    cut_off,
    raise_for_connection,
    raise_for_event,
    raise_for_status,
    unreadable,
)
from chatelaine.agents.models.retry import TemporaryError

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "sk-Secret123"
SERVER = Endpoint("https://models.test/v1", KEY)
KEYLESS = Endpoint("http://models.test/v1", "")


def failure(raising: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which it is, is what is asked
        raising()
    return caught.value


def of_status(
    status: int,
    error: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    server: Endpoint = SERVER,
) -> Exception:
    body = json.dumps({"error": error or {}})
    return failure(lambda: raise_for_status(status, headers or {}, body, server, model="m-1"))


def of_event(error: object) -> Exception:
    return failure(lambda: raise_for_event(error, SERVER, model="m-1"))


def told(raised: Exception) -> ModelError:
    return raised.error if isinstance(raised, TemporaryError | RefusalError) else raised  # type: ignore[return-value]  # each is a ModelError


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 520, 529])
def test_what_may_pass_is_temporary(status: int) -> None:
    assert isinstance(of_status(status), TemporaryError)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 413, 415, 422, 501])
def test_what_will_not_pass_is_not(status: int) -> None:
    assert not isinstance(of_status(status), TemporaryError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestRefused),
        (401, AuthenticationFailed),
        (402, RateLimited),
        (403, AuthenticationFailed),
        (404, RequestRefused),
        (408, RequestTimedOut),
        (413, RequestRefused),
        (418, RequestRefused),
        (422, RequestRefused),
        (429, RateLimited),
        (501, RequestRefused),
        (503, ServerFailed),
    ],
)
def test_each_status_has_its_error_which_names_the_server(
    status: int, kind: type[ModelError]
) -> None:
    error = told(of_status(status))

    assert type(error).__mro__.index(kind) <= 1
    assert error.status == status
    if status != 413:
        assert "models.test" in error.message


@pytest.mark.parametrize("code", ["insufficient_quota", "billing_hard_limit_reached"])
def test_a_quota_that_is_used_up_does_not_come_back_by_waiting(code: str) -> None:
    raised = of_status(429, {"code": code, "message": "You exceeded your current quota."})

    assert isinstance(raised, RateLimited)
    assert raised.title == "No credit left"


def test_how_long_to_wait_is_told_and_kept() -> None:
    raised = of_status(429, headers={"retry-after": "300"})

    assert isinstance(raised, TemporaryError)
    assert raised.retry_after == 300
    assert isinstance(raised.error, RateLimited)
    assert raised.error.retry_after == 300
    assert "5 minutes" in raised.error.message


@pytest.mark.parametrize(
    ("seconds", "words"),
    [("0.2", "1 second."), ("45", "45 seconds"), ("90.4", "90 seconds"), ("7200", "2 hours")],
)
def test_how_long_to_wait_is_told_in_words(seconds: str, words: str) -> None:
    assert words in told(of_status(503, headers={"retry-after": seconds})).message


def test_a_server_that_wants_a_key_is_told_from_one_that_refuses_it() -> None:
    assert "none is set" in told(of_status(401, server=KEYLESS)).message
    assert "does not accept the API key" in told(of_status(401)).message


def test_an_unknown_model_is_named() -> None:
    error = told(of_status(404, {"message": "The model does not exist"}))

    assert "“m-1”" in error.message
    assert error.title == "There is no such model"


def test_an_unknown_path_is_told_from_an_unknown_model() -> None:
    error = told(of_status(404, {"message": "Not Found"}))

    assert "/v1" in error.message
    assert "m-1" not in error.message


@pytest.mark.parametrize(
    "error",
    [
        {"code": "context_length_exceeded", "message": "no"},
        {"message": "This model's maximum context length is 8192 tokens."},
        {"message": "the request exceeds the available context size"},
        {"message": "prompt is too long: 300000 tokens"},
    ],
)
def test_a_conversation_that_is_too_long_is_told_as_that(error: dict[str, str]) -> None:
    assert told(of_status(400, error)).title == "Too long for the model"


def test_a_refusal_that_may_be_about_the_form_keeps_all_that_was_said() -> None:
    raised = of_status(400, {"message": "Unknown parameter: 'stream_options'."})

    assert isinstance(raised, RefusalError)
    assert "stream_options" in raised.detail


def test_no_error_shows_the_key() -> None:
    said = {"message": f"Incorrect API key provided: {KEY}"}

    for status in (400, 401, 403, 404, 429, 500):
        assert "Secret" not in told(of_status(status, said)).message


@pytest.mark.parametrize(
    ("error", "kind", "is_temporary"),
    [
        ({"code": "server_error", "message": "oops"}, ServerFailed, True),
        ({"code": "rate_limit_exceeded", "message": "slow"}, RateLimited, True),
        ({"code": "insufficient_quota", "message": "pay"}, RateLimited, False),
        ({"code": "invalid_prompt", "message": "no"}, RequestRefused, False),
        ({"code": "model_not_found", "type": "invalid_request_error"}, RequestRefused, False),
        ({"code": 502, "message": "upstream"}, ServerFailed, True),
        ({"code": "429"}, RateLimited, True),
        ({"type": "overloaded_error"}, ServerFailed, True),
        ("it broke", ServerFailed, True),
        ({}, ServerFailed, True),
        (None, ServerFailed, True),
    ],
)
def test_an_error_inside_a_stream_means_the_same_as_a_status(
    error: object, kind: type[ModelError], is_temporary: bool
) -> None:
    raised = of_event(error)

    assert isinstance(raised, TemporaryError) == is_temporary
    assert isinstance(told(raised), kind)


def test_a_rate_limit_inside_a_stream_says_in_words_how_long() -> None:
    raised = of_event({"code": "rate_limit_exceeded", "message": "Please try again in 3.5s."})

    assert isinstance(raised, TemporaryError)
    assert raised.retry_after == 3.5


def caused(*causes: BaseException) -> Exception:
    error: BaseException | None = None
    for cause in reversed(causes):
        outer = RuntimeError("outer")
        outer.__cause__ = cause
        cause.__context__ = error
        error = outer
    return RuntimeError("all") if error is None else error  # type: ignore[return-value]  # a RuntimeError


@pytest.mark.parametrize(
    ("cause", "words", "is_temporary"),
    [
        (ConnectionRefusedError(), "Is the server running", True),
        (socket.gaierror(), "known by the name models.test", True),
        (ssl.SSLCertVerificationError(), "does not trust", False),
        (ssl.SSLError(), "http://", False),
        (ExceptionGroup("all", [OSError(), ConnectionRefusedError()]), "running", True),
        (OSError(), "or it broke", True),
    ],
)
def test_why_no_connection_came_about_is_told(
    cause: Exception, words: str, is_temporary: bool
) -> None:
    raised = failure(
        lambda: raise_for_connection(caused(OSError(), cause), SERVER, timed_out=False)
    )

    assert isinstance(raised, TemporaryError) == is_temporary
    assert isinstance(told(raised), ConnectionFailed)
    assert words in told(raised).message


def test_a_server_that_does_not_answer_is_told_from_one_that_is_not_there() -> None:
    raised = failure(lambda: raise_for_connection(OSError(), SERVER, timed_out=True))

    assert isinstance(told(raised), RequestTimedOut)


def test_an_answer_that_was_cut_off_may_come_whole_the_next_time() -> None:
    assert isinstance(cut_off(SERVER).error, ConnectionFailed)


def test_a_page_for_people_is_told_from_other_nonsense() -> None:
    assert "web page" in unreadable(SERVER, is_page=True).message
    assert "web page" not in unreadable(SERVER).message
