"""Where a model is asked: the address of its server, and the key that opens it."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from chatelaine.agents.errors import AuthenticationFailed, MissingCredentials, UserError

OFFICIAL_URL = "https://api.openai.com/v1"
_OFFICIAL_HOST = "api.openai.com"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server of models. `repr` does not show the key.

    Attributes:
        base_url: The address that paths such as `/responses` are appended to; no slash at its end.
        api_key: The key; empty for a server that wants none.
    """

    base_url: str
    api_key: str = field(repr=False)

    @property
    def host(self) -> str:
        """The server's name as a person knows it, with its port where it is not the usual one."""
        parts = urlsplit(self.base_url)
        name = parts.hostname or ""
        name = f"[{name}]" if ":" in name else name
        return name if parts.port is None else f"{name}:{parts.port}"

    @property
    def is_official(self) -> bool:
        """Whether this is OpenAI's own server, where every field of the API is known."""
        name = urlsplit(self.base_url).hostname or ""
        return name == _OFFICIAL_HOST or name.endswith(f".{_OFFICIAL_HOST}")

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        name = urlsplit(self.base_url).hostname or ""
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def resolve_endpoint(base_url: str | None = None, api_key: str | None = None) -> Endpoint:
    """Find out which server is meant, and with which key.

    Args:
        base_url: The address; None for that of OPENAI_BASE_URL, else of OpenAI's own server.
        api_key: The key; None for that of OPENAI_API_KEY. Any server but OpenAI's own may be used
            without one, as those that run on one's own machine want none; an empty text says so,
            whatever the environment has.

    Raises:
        MissingCredentials: OpenAI's own server is meant, and there is no key.
        AuthenticationFailed: The key has characters that cannot be sent.
        UserError: The address is not one.
    """
    url = (base_url or os.environ.get("OPENAI_BASE_URL", "")).strip() or OFFICIAL_URL
    key = os.environ.get("OPENAI_API_KEY", "") if api_key is None else api_key
    endpoint = Endpoint(_checked_url(url), _checked_key(key))
    if not endpoint.api_key and endpoint.is_official:
        raise MissingCredentials(
            f"{endpoint.host} wants an API key. Pass `api_key`, or set OPENAI_API_KEY."
        )
    return endpoint


def not_an_address() -> UserError:
    """Make the error of a text that is not the address of a server."""
    return UserError(
        "The address of a server looks like https://api.openai.com/v1"
        " or http://localhost:11434/v1.",
        title="This is not the address of a server",
    )


def _checked_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        usable = usable and parts.port != 0  # raises where it is no number
    except ValueError:
        usable = False
    if not usable or not text.isprintable() or any(mark in text for mark in "?# "):
        raise not_an_address()
    return text.rstrip("/")


def _checked_key(key: str) -> str:
    key = key.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise AuthenticationFailed(
            "The API key has characters that no key has. Was it copied whole, and alone?",
            title="This is not an API key",
        )
    return key
