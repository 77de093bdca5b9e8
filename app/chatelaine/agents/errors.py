"""What can go wrong in the library.

    AgentsError
    +-- UserError              the library was called in a way that cannot work
    |   +-- MissingCredentials no API key was given, and none is in the environment
    +-- MaxTurnsExceeded       the run took more steps than it was allowed
    +-- ToolError              a tool cannot be called as the model asked, or failed
    +-- ModelError             the model did not answer
    |   +-- AuthenticationFailed   the server refused the key, or what it may do
    |   +-- ConnectionFailed       no connection, or it broke
    |   |   +-- RequestTimedOut    no answer in the time allowed
    |   +-- RateLimited            too many requests, or no quota left
    |   +-- RequestRefused         the server did not accept the request
    |   +-- ServerFailed           the server failed
    |   +-- ResponseUnreadable     what came is no answer
    +-- SessionError           the memory of the conversation
        +-- SessionClosed      it was used after close()
        +-- SessionUnreadable  the stored items cannot be read
        |   +-- DecryptionError    they cannot be decrypted: another key, or tampered with
        +-- SessionUnavailable the server that keeps the session cannot be reached
        +-- SessionGone        the server no longer has the session
        +-- SessionBusy        another run is going on in it

Each has a `title` and a `message` that can be shown to a person as they are.
"""

from __future__ import annotations

from typing import ClassVar


class AgentsError(Exception):
    """The root of all foreseen failures of the library.

    Attributes:
        title: What happened, in a few words.
        message: What it means, and what can be done.
    """

    default_title: ClassVar[str] = "The run failed"

    def __init__(self, message: str, *, title: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.title = title or self.default_title


class UserError(AgentsError):
    """The library was called in a way that cannot work."""

    default_title = "Wrong use of the library"


class MissingCredentials(UserError):
    """No API key was given, and none is in the environment."""

    default_title = "An API key is needed"


class MaxTurnsExceeded(AgentsError):
    """The run took more steps than `max_turns` allows."""

    default_title = "Too many steps"


class ToolError(AgentsError):
    """A tool cannot be called in the way the model asked, or it failed."""

    default_title = "A tool failed"


class ModelError(AgentsError):
    """The model did not answer.

    Attributes:
        status: The HTTP status, where there was one.
    """

    default_title = "The model could not answer"

    def __init__(
        self, message: str, *, title: str | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, title=title)
        self.status = status


class AuthenticationFailed(ModelError):
    """The server refused the key, or what it may do."""

    default_title = "The server refused the API key"


class ConnectionFailed(ModelError):
    """No connection could be made, or it broke."""

    default_title = "The server cannot be reached"


class RequestTimedOut(ConnectionFailed):
    """No answer came in the time allowed."""

    default_title = "The server did not answer in time"


class RateLimited(ModelError):
    """Too many requests, or no quota left.

    Attributes:
        retry_after: Seconds the server asked us to wait, where it said so.
    """

    default_title = "The server takes no more requests for now"

    def __init__(
        self,
        message: str,
        *,
        title: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, title=title, status=status)
        self.retry_after = retry_after


class RequestRefused(ModelError):
    """The server did not accept the request: an unknown model, or input it cannot use."""

    default_title = "The server did not accept the request"


class ServerFailed(ModelError):
    """The server failed."""

    default_title = "The server made an error"


class ResponseUnreadable(ModelError):
    """What the server sent is no answer."""

    default_title = "The server's answer cannot be read"


class SessionError(AgentsError):
    """The memory of the conversation."""

    default_title = "The session cannot be used"


class SessionClosed(SessionError):
    """The session was used after `close()`."""

    default_title = "The session is closed"


class SessionUnreadable(SessionError):
    """The stored items cannot be read; nothing was changed."""

    default_title = "The session cannot be read"


class DecryptionError(SessionUnreadable):
    """Stored items cannot be decrypted; nothing was changed.

    The key is another one than they were encrypted with, or they were changed, moved or repeated.
    """

    default_title = "The session cannot be decrypted"


class SessionUnavailable(SessionError):
    """The server that keeps the session cannot be reached, or did not answer. It may later."""

    default_title = "The session cannot be reached"


class SessionGone(SessionError):
    """The server no longer has the session."""

    default_title = "The session no longer exists"


class SessionBusy(SessionError):
    """Another run is going on in the session."""

    default_title = "The session is in use"
