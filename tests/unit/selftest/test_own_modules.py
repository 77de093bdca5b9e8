"""What other systems have is not asked for here."""

from __future__ import annotations

import sys

import pytest

from chatelaine.selftest import own_modules


@pytest.mark.parametrize(
    ("platform", "module", "is_wanted"),
    [
        ("linux", "chatelaine.vault.secret_service", True),
        ("win32", "chatelaine.vault.secret_service", False),
        ("darwin", "secretstorage.collection", False),
        ("win32", "winreg", True),
        ("linux", "winreg", False),
        ("darwin", "fcntl", True),
        ("win32", "chatelaine.vault.keyring", True),
        ("linux", "redis.asyncio", False),
    ],
)
def test_each_system_is_asked_for_what_it_has(monkeypatch, platform, module, is_wanted):
    monkeypatch.setattr(sys, "platform", platform)
    assert own_modules._is_wanted_here(module) is is_wanted
