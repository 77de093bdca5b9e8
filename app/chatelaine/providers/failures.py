"""Failures of the library's clients, as failures of the application.

The clients say in clear words what happened; here it is decided what kind of failure that is, and
words that are meant for programmers are replaced.
"""

from __future__ import annotations

from chatelaine.agents.errors import (
    AgentsError,
    AuthenticationFailed,
    ConnectionFailed,
    MissingCredentials,
    ModelError,
    RateLimited,
    UserError,
)
from chatelaine.errors import (
    ChatelaineError,
    CredentialsMissing,
    CredentialsRefused,
    ProviderBusy,
    ProviderFailed,
    ProviderUnreachable,
    TurnFailed,
)


def provider_error(error: AgentsError) -> ChatelaineError:
    """Give the failure of the application that a failure of the library is."""
    match error:
        case MissingCredentials():
            return CredentialsMissing("Enter the API key of your provider in the settings.")
        case AuthenticationFailed():
            kind: type[ChatelaineError] = CredentialsRefused
        case ConnectionFailed():
            kind = ProviderUnreachable
        case RateLimited():
            kind = ProviderBusy
        case ModelError() | UserError():
            kind = ProviderFailed
        case _:
            kind = TurnFailed
    return kind(error.message, title=error.title)
