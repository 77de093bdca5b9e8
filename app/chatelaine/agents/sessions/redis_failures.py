"""What Redis and its client say when something fails, in words that a person can act on."""

from __future__ import annotations

import re

from redis import exceptions

from chatelaine.agents.errors import SessionError, SessionUnavailable

_LONGEST = 200
_UNKNOWN_COMMAND = re.compile("unknown command", re.IGNORECASE)

_PASSING = {
    "LOADING": "is still reading its data",
    "MASTERDOWN": "has lost its primary",
    "CLUSTERDOWN": "belongs to a cluster that is down",
    "TRYAGAIN": "is moving the session to another server",
    "READONLY": "is a replica that cannot be written to; give the address of the primary",
    "OOM": "has no memory left; give it more (`maxmemory`), or let it evict other keys",
    "MISCONF": "cannot write to its disk",
    "BUSY": "is busy with a script",
    "MAXCLIENTS": "has no connection free; raise max_connections, or maxclients on the server",
    "NOREPLICAS": "has too few replicas to write",
}
"""What may be otherwise in a while, by the word with which the server's answer begins."""

_LASTING = {
    "NOAUTH": "wants a password; give it with the address, as in redis://:password@host",
    "WRONGPASS": "refused the user name or the password",
    "NOPERM": "does not let this user do what a session needs (scripts, and all keys that begin "
    "with the key_prefix)",
    "WRONGTYPE": "has something else where the session would be; choose another key_prefix",
    "MOVED": "is part of a cluster; pass redis_client=redis.asyncio.RedisCluster(...)",
    "CROSSSLOT": "is part of a cluster; pass redis_client=redis.asyncio.RedisCluster(...)",
}
_FIRST_WORD = re.compile(r"\A([A-Z]{2,})\b")


def told(error: Exception, where: str, *, writing: bool = False) -> SessionError:
    """Say in the library's words what went wrong.

    Args:
        error: What the client raised.
        where: The server's address, without secrets.
        writing: Whether something was to be changed, so that it may have happened all the same.
    """
    server = f"The Redis server at {where}"
    known = _told_by_word(error, server)
    if known is not None:
        return known
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        doubt = " Whether the change was made is not known." if writing else ""
        return SessionUnavailable(f"{server} did not answer in time.{doubt}")
    if isinstance(error, _BROKEN):
        return SessionUnavailable(
            f"{server} cannot be reached: see that it runs, and that the address is right."
        )
    if isinstance(error, RuntimeError):
        return SessionError(
            "The Redis client that was passed belongs to another event loop; "
            "pass redis_url instead, or a client for each loop."
        )
    return SessionError(f"{server} answered with an error: {_excerpt(error)}")


_BROKEN = (
    exceptions.ConnectionError,
    exceptions.ClusterError,
    exceptions.RedisClusterException,
    OSError,
)


def _told_by_word(error: Exception, server: str) -> SessionError | None:
    """Say what went wrong where the server, or the kind of the error, has a word for it."""
    word = _word_of(error)
    if word in _PASSING:
        return SessionUnavailable(f"{server} {_PASSING[word]}.")
    if word in _LASTING:
        return SessionError(f"{server} {_LASTING[word]}.")
    if _UNKNOWN_COMMAND.search(str(error)):
        return SessionError(f"{server} is too old, or knows no scripts; Redis 6.2 is needed.")
    return None


_WORDS_OF = (
    (exceptions.AuthenticationError, "WRONGPASS"),
    (exceptions.AuthorizationError, "NOPERM"),
    (exceptions.BusyLoadingError, "LOADING"),
    (exceptions.MaxConnectionsError, "MAXCLIENTS"),
    (exceptions.NoPermissionError, "NOPERM"),
    (exceptions.AuthenticationWrongNumberOfArgsError, "WRONGPASS"),
    (exceptions.ReadOnlyError, "READONLY"),
    (exceptions.OutOfMemoryError, "OOM"),
    (exceptions.MasterDownError, "MASTERDOWN"),
    (exceptions.ClusterDownError, "CLUSTERDOWN"),
    (exceptions.TryAgainError, "TRYAGAIN"),
    (exceptions.ClusterCrossSlotError, "CROSSSLOT"),
    (exceptions.MovedError, "MOVED"),
)
"""Errors of which the client takes the first word away."""


def _word_of(error: Exception) -> str:
    found = _FIRST_WORD.match(str(error))
    if found and found[1] in {**_PASSING, **_LASTING}:
        return found[1]
    return next((word for kind, word in _WORDS_OF if isinstance(error, kind)), "")


def _excerpt(error: Exception) -> str:
    """Give what the server said, without the arguments that it repeats: they are the user's."""
    return re.split("with args|script:", str(error))[0].strip()[:_LONGEST] or type(error).__name__
