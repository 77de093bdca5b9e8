from __future__ import annotations

import pytest

from chatelaine import errors
from chatelaine.agents import errors as agents
from chatelaine.providers.failures import provider_error


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (agents.AuthenticationFailed, errors.CredentialsRefused),
        (agents.ConnectionFailed, errors.ProviderUnreachable),
        (agents.RequestTimedOut, errors.ProviderUnreachable),
        (agents.RateLimited, errors.ProviderBusy),
        (agents.RequestRefused, errors.ProviderFailed),
        (agents.ServerFailed, errors.ProviderFailed),
        (agents.ResponseUnreadable, errors.ProviderFailed),
        (agents.ModelError, errors.ProviderFailed),
        (agents.UserError, errors.ProviderFailed),
        (agents.MaxTurnsExceeded, errors.TurnFailed),
        (agents.ToolError, errors.TurnFailed),
        (agents.AgentsError, errors.TurnFailed),
    ],
)
def test_each_failure_of_the_library_is_one_of_the_application(kind, expected):
    translated = provider_error(kind("What it means.", title="What happened"))
    assert type(translated) is expected
    assert (translated.title, translated.message) == ("What happened", "What it means.")


def test_words_for_programmers_are_replaced():
    translated = provider_error(agents.MissingCredentials("Set OPENAI_API_KEY."))
    assert type(translated) is errors.CredentialsMissing
    assert "OPENAI" not in translated.message
    assert translated.title == "An API key is needed"


def test_no_failure_of_the_library_is_forgotten():
    def kinds(root):
        return {root}.union(*(kinds(kind) for kind in root.__subclasses__()))

    for kind in kinds(agents.AgentsError):
        assert isinstance(provider_error(kind("x")), errors.ChatelaineError)
