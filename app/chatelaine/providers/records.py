"""What is known of a provider: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Protocol(StrEnum):
    """How a server wants to be asked."""

    AUTO = "auto"  # not known yet
    RESPONSES = "responses"
    CHAT_COMPLETIONS = "chat_completions"


@dataclass(frozen=True, slots=True)
class Provider:
    """A server of models, and the model to ask there. Its API key is kept elsewhere.

    Attributes:
        base_url: As `address.base_url_from` gives it.
        model: The model's name, as the server knows it.
        protocol: How it wants to be asked.
    """

    base_url: str
    model: str
    protocol: Protocol = Protocol.AUTO


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What a server said when it was tried.

    Attributes:
        models: The names of its models; none where it does not list them.
        protocol: How it wants to be asked; never AUTO.
        base_url: The address at which it answered.
    """

    models: tuple[str, ...]
    protocol: Protocol
    base_url: str
