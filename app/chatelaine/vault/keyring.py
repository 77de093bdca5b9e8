"""The system's keyring: where one factor of the key lies, in the care of the desktop.

Only back ends that encrypt what they keep are used, and they are made here directly. The `keyring`
package would choose by itself: by an environment variable, by a file, or whatever is installed,
keyrings in plain text and ones that keep nothing included; and it would take a second for it. It is
imported where no Secret Service has the entry; it and what it brings take as much memory as a
window.

Every call may block: while the system asks the user to unlock the keyring, for as long as that
takes. That is waiting, not an answer, so there is no timeout here.
"""

from __future__ import annotations

import importlib
import logging
import os
import re
import sys
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, ParamSpec, Protocol, Self, TypeVar

from typing_extensions import override

from chatelaine.errors import KeyringLocked, KeyringUnavailable, KeyUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

P = ParamSpec("P")
T = TypeVar("T")

SERVICE = "Chatelaine"
"""What entries belong to. It is stored in clear, like their names: neither tells anything."""

SECRET_BYTES = 32

_ENTRY = re.compile(r"v1:(?P<kid>[0-9a-f]{16}):(?P<secret>[0-9A-Za-z+/]{43}=)")

# What a back end would take from the environment: another collection, or other attributes, under
# which the entry would not be found once the variable is gone.
_PROPERTY = "KEYRING_PROPERTY_"

_NONE_TRUSTED = (
    "This system has no keyring that keeps secrets encrypted. Keyrings that keep them in plain "
    "text, or nowhere, are not used, even where one of them was chosen."
)

# What is raised where the user has not unlocked the keyring. By name, because the libraries that
# define these differ from system to system.
_LOCKED = frozenset({"KeyringLocked", "LockedException", "PromptDismissedException"})

_log = logging.getLogger(__name__)


class Keyring(Protocol):
    """A place that keeps short texts for this user, encrypted."""

    @property
    def name(self) -> str:
        """What the user knows it as."""
        ...

    def read(self, name: str) -> str | None:
        """Give the text that was stored under a name; None where there is none.

        Raises:
            KeyringUnavailable: There is no keyring, or it does not work.
            KeyringLocked: It is locked, or its prompt was dismissed.
        """
        ...

    def write(self, name: str, value: str) -> None:
        """Store a text under a name.

        Raises:
            KeyringUnavailable: There is no keyring, or it does not work.
            KeyringLocked: It is locked, or its prompt was dismissed.
        """
        ...


class BackEnd(Protocol):
    """What speaks to one kind of keyring; as the back ends of the `keyring` package do."""

    def get_password(self, service: str, username: str) -> str | None:
        """Give what was stored; it may raise anything."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store something; it may raise anything."""
        ...


@dataclass(frozen=True, slots=True)
class KeyringEntry:
    """What is kept in the keyring for one slot: not the key itself, but what opens the slot.

    Attributes:
        kid: Which key the slot holds.
        secret: 32 random bytes.
    """

    kid: str
    secret: bytes

    @override
    def __repr__(self) -> str:
        return f"KeyringEntry({self.kid})"

    def to_text(self) -> str:
        """Give the text that is stored."""
        return f"v1:{self.kid}:{b64encode(self.secret).decode()}"

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read what was stored; None if that is no entry of ours."""
        match = _ENTRY.fullmatch(text)
        return cls(match["kid"], b64decode(match["secret"])) if match else None


class SystemKeyring:
    """The keyring of the desktop, looked for anew at each call: it may come and go."""

    def __init__(self) -> None:
        self._name = "the system keyring"

    @property
    def name(self) -> str:
        """What answered last."""
        return self._name

    def read(self, name: str) -> str | None:
        """Give the text that was stored under a name, from the first keyring that has it.

        A user may have come from another desktop, so every keyring that is there is asked.

        Raises:
            KeyringUnavailable: There is none that can be trusted, or it does not work.
            KeyringLocked: It is locked, or its prompt was dismissed.
        """
        problems: list[KeyUnavailable] = []
        for title, backend in _usable():
            answer = _ask(backend.get_password, SERVICE, name)
            if isinstance(answer, KeyUnavailable):
                problems.append(answer)
            elif answer is not None:
                self._name = title
                return answer
        if problems:
            raise problems[0]
        return None

    def write(self, name: str, value: str) -> None:
        """Store a text under a name, in the first keyring that works.

        Raises:
            KeyringUnavailable: There is none that can be trusted, or it does not work.
            KeyringLocked: It is locked, or its prompt was dismissed.
        """
        problems: list[KeyUnavailable] = []
        for title, backend in _usable():
            problem = _ask(backend.set_password, SERVICE, name, value)
            if problem is None:
                self._name = title
                return
            problems.append(problem)
            if isinstance(problem, KeyringLocked):  # the user wants it there, only not yet
                break
        raise problems[0]


def system_keyring() -> SystemKeyring:
    """Give the keyring of this desktop. Nothing is imported or asked before it is used."""
    return SystemKeyring()


def _secret_service() -> type[BackEnd]:
    from chatelaine.vault.secret_service import SecretService

    return SecretService


def _back_end(module: str, name: str) -> type[BackEnd]:
    kind: type[BackEnd] = getattr(importlib.import_module(f"keyring.backends.{module}"), name)
    return kind


# What is trusted, in order of preference. Those in one row speak to the same keyring, so that one
# of them is enough.
_Group = tuple[tuple[str, "Callable[[], type[BackEnd]]"], ...]
_LINUX: tuple[_Group, ...] = (
    (
        ("Secret Service", _secret_service),
        ("Secret Service", partial(_back_end, "libsecret", "Keyring")),
    ),
    (("KWallet", partial(_back_end, "kwallet", "DBusKeyring")),),
)
_OTHERS: Mapping[str, tuple[_Group, ...]] = MappingProxyType(
    {
        "darwin": ((("macOS keychain", partial(_back_end, "macOS", "Keyring")),),),
        "win32": (
            (("Windows Credential Manager", partial(_back_end, "Windows", "WinVaultKeyring")),),
        ),
    }
)


def _usable() -> Iterator[tuple[str, BackEnd]]:
    """Give those that are there; none is loaded before the one ahead of it was of no help."""
    groups = _LINUX if sys.platform.startswith("linux") else _OTHERS.get(sys.platform, ())
    found = False
    for group in groups:
        for chosen in _first_viable(group):
            found = True
            yield chosen
    if not found:
        raise KeyringUnavailable(_NONE_TRUSTED)


def _first_viable(group: _Group) -> Iterator[tuple[str, BackEnd]]:
    for title, load in group:
        backend = _ask(_make, load)
        if not isinstance(backend, KeyUnavailable):
            yield title, backend
            return
        _log.debug("%s cannot be used: %s", title, backend)


def _make(load: Callable[[], type[BackEnd]]) -> BackEnd:
    kind = load()
    getattr(kind, "priority", None)  # a property that raises where the back end cannot work
    backend = kind()
    for variable in os.environ:
        if variable.startswith(_PROPERTY):
            vars(backend).pop(variable.removeprefix(_PROPERTY).lower(), None)
    vars(backend)["appid"] = SERVICE  # it would say "Python keyring library", or our path
    return backend


def _ask(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | KeyUnavailable:
    """Call a back end, and give its answer or, in our words, what went wrong.

    The error itself is let go of at once, because it holds on to an open connection.
    """
    try:
        return call(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - they raise whatever their system's library does
        return _in_our_words(error)


def _in_our_words(error: Exception) -> KeyUnavailable:
    raised = {kind.__name__ for cause in (error, error.__cause__) for kind in type(cause).__mro__}
    reason = f" ({str(error).rstrip('.!')})" if str(error) else ""
    cancelled = "PasswordSetError" in raised and "ancelled" in reason
    if raised & _LOCKED or cancelled:
        return KeyringLocked(f"The system keyring is locked{reason}. Unlock it and try again.")
    return KeyringUnavailable(f"The system keyring does not work{reason}.")


def known_keyrings() -> Iterator[tuple[str, str]]:
    """Load what speaks to the keyrings of this system, and ask none of them anything.

    Yields:
        What each is called, and why it cannot be loaded; '' where it can. Whether there is such a
        keyring on this desktop is something else.
    """
    groups = _LINUX if sys.platform.startswith("linux") else _OTHERS.get(sys.platform, ())
    for title, load in (one for group in groups for one in group):
        try:
            load()
        except Exception as error:  # noqa: BLE001 - they raise whatever their system's library does
            yield title, f"{type(error).__name__}: {error}"
        else:
            yield title, ""


def usable_keyrings() -> list[str]:
    """Give what the keyrings are called that are there now; in a worker thread.

    They are looked for, and asked nothing.
    """
    try:
        return [title for title, _ in _usable()]
    except KeyringUnavailable:
        return []
