"""An app lock without a history."""

from __future__ import annotations

from chatelaine.errors import WrongSecret


class AppLock:
    """As much of a workspace as the security page needs; `failure` is what its keyring says."""

    opened_with_recovery_key = False

    def __init__(self) -> None:
        self.passphrase: str | None = None
        self.failure: Exception | None = None

    async def is_app_locked(self) -> bool:
        return self.passphrase is not None

    async def enable_app_lock(self, passphrase: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.passphrase = passphrase

    async def disable_app_lock(self) -> None:
        self.passphrase = None

    async def check_passphrase(self, passphrase: str) -> None:
        if passphrase != self.passphrase:
            raise WrongSecret("It is another one.")

    async def change_passphrase(self, new: str, *, old: str | None = None) -> None:
        await self.check_passphrase(old or "")
        self.passphrase = new
