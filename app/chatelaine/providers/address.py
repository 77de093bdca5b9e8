"""Addresses of servers as people type or paste them."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from chatelaine.agents.models.endpoint import OFFICIAL_URL, Endpoint
from chatelaine.errors import ProviderUnreachable

OPENAI_URL = OFFICIAL_URL
"""What is meant where nothing is entered."""
_WRAPPING = " \t\r\n\"'`<>,;"
_ENDPOINT = re.compile(r"/+(?:chat/completions|completions|responses|models|embeddings)$")


def base_url_from(text: str) -> str:
    """Make the base URL of a server from what a person entered.

    A missing scheme is added (http for this machine, else https); what belongs to one request, such
    as `/chat/completions`, and slashes at the end are dropped.

    Raises:
        ProviderUnreachable: It is no address, or carries a password.
    """
    text = text.strip(_WRAPPING)
    if not text:
        return OPENAI_URL
    parts = _split(text)
    path = re.sub("/{2,}", "/", parts.path).rstrip("/")
    path = _ENDPOINT.sub("", path).rstrip("/")
    server = f"{parts.scheme}://{parts.netloc.lower()}"
    if is_openai(server) and not path:
        path = "/v1"
    return f"{server}{path}"


def is_openai(base_url: str) -> bool:
    """Tell whether a base URL is one of OpenAI's own, and not of another server like it."""
    return Endpoint(base_url, "").is_official


def has_path(base_url: str) -> bool:
    """Tell whether a base URL says more than which server is meant."""
    return urlsplit(base_url).path not in {"", "/"}


def same_server(one: str, other: str) -> bool:
    """Tell whether what is sent to one base URL may be read by whoever is behind the other."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host = parts.hostname or ""
        usable = bool(host) and parts.port != 0  # raises where the port is no number
    except ValueError:
        raise _unusable() from None
    if not parts.scheme:
        parts = parts._replace(scheme="http" if _is_loopback(host) else "https")
    if not usable or parts.scheme not in {"http", "https"} or not _is_name(host):
        raise _unusable()
    if not parts.path.isprintable() or " " in parts.path:
        raise _unusable()
    if "@" in parts.netloc:
        raise ProviderUnreachable(
            "Leave the name and password out of the address; the API key has a field of its own.",
            title="This address carries a password",
        )
    return parts


def _is_name(host: str) -> bool:
    return host.isprintable() and not any(mark in host for mark in " \\^|{}%")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _unusable() -> ProviderUnreachable:
    return ProviderUnreachable(
        "The address of a server looks like https://api.openai.com/v1 or http://localhost:11434/v1.",
        title="This is not the address of a server",
    )
