"""The Secret Service of a Linux desktop: GNOME's keyring, KWallet's newer one, KeePassXC.

It is spoken to through `secretstorage`, as the `keyring` package does, and what is kept looks the
same: an entry made through one is found through the other. Without that package between, a start
imports a quarter of the modules, and 6 MB less are resident.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import secretstorage

if TYPE_CHECKING:
    from collections.abc import Iterator


class SecretService:
    """Keeps passwords in the default collection, over a connection for each call.

    Attributes:
        appid: Who an entry says that it comes from.
    """

    def __init__(self) -> None:
        """Find out whether anybody keeps secrets on the session bus.

        Raises:
            SecretStorageException: There is no bus.
            RuntimeError: Nobody on it keeps secrets.
        """
        self.appid = ""
        with closing(secretstorage.dbus_init()) as connection:
            if not secretstorage.check_service_availability(connection):
                raise RuntimeError("nobody on the session bus keeps secrets")

    def get_password(self, service: str, username: str) -> str | None:
        """Give what was stored; None where there is none.

        Raises:
            LockedException: It is locked, and the user did not unlock it.
            SecretStorageException: It does not work.
        """
        with _default_collection() as collection:
            wanted = {"service": service, "username": username}
            for item in collection.search_items(wanted):
                if item.is_locked():
                    item.unlock()
                if item.is_locked():
                    raise secretstorage.LockedException("the entry was not unlocked")
                return item.get_secret().decode()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store something, in the place of what was stored there.

        Raises:
            LockedException: It is locked, and the user did not unlock it.
            SecretStorageException: It does not work.
        """
        with _default_collection() as collection:
            attributes = {"service": service, "username": username, "application": self.appid}
            label = f"Password for '{username}' on '{service}'"
            collection.create_item(label, attributes, password.encode(), replace=True)


@contextmanager
def _default_collection() -> Iterator[secretstorage.Collection]:
    """Open the collection that new entries belong into; it is made where there is none."""
    with closing(secretstorage.dbus_init()) as connection:
        collection = secretstorage.get_default_collection(connection)
        if collection.is_locked():
            collection.unlock()
        if collection.is_locked():
            raise secretstorage.LockedException("its prompt was dismissed, or could not be shown")
        yield collection
