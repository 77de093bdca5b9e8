"""What a server offers: its models, and how it wants to be asked."""

from __future__ import annotations

from chatelaine.agents.errors import AgentsError, RequestRefused, ResponseUnreadable
from chatelaine.providers.address import base_url_from, has_path
from chatelaine.providers.failures import provider_error
from chatelaine.providers.records import ConnectionReport, Protocol

PATIENCE = 10.0
"""Seconds for each question."""


async def test_connection(
    base_url: str, api_key: str | None, protocol: Protocol
) -> ConnectionReport:
    """Try a server: does it answer, take the key, and what does it offer?

    Args:
        base_url: As the user entered it. Where it names a server only, `/v1` is tried as well.
        api_key: None for a server that wants none; never taken from the environment.
        protocol: AUTO to find it out.

    Raises:
        ProviderError: It cannot be used like that.
    """
    try:
        address, models = await _find_models(base_url_from(base_url), api_key or "")
        if protocol is Protocol.AUTO:
            protocol = await _find_protocol(address, api_key or "")
    except AgentsError as error:
        raise provider_error(error) from error
    return ConnectionReport(tuple(models), protocol, address)


async def _find_models(address: str, api_key: str) -> tuple[str, list[str]]:
    from chatelaine.agents.models.listing import list_models

    try:
        return address, await list_models(address, api_key, timeout=PATIENCE)
    except (RequestRefused, ResponseUnreadable):
        if has_path(address):
            raise
        longer = f"{address}/v1"
        try:
            return longer, await list_models(longer, api_key, timeout=PATIENCE)
        except (RequestRefused, ResponseUnreadable):
            pass
        raise


async def _find_protocol(address: str, api_key: str) -> Protocol:
    from chatelaine.agents.models.listing import supports_responses

    if await supports_responses(address, api_key, timeout=PATIENCE):
        return Protocol.RESPONSES
    return Protocol.CHAT_COMPLETIONS
