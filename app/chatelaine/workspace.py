"""The workspace: all that exists while the vault is unlocked.

`Workspace` knows every part and wires it; it exists only when everything in it exists.
`HistoryAccess` leads there.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Self

from chatelaine.chat.assistants import Assistants
from chatelaine.chat.conversation import Conversation
from chatelaine.errors import ExportFailed, HistoryDamaged
from chatelaine.paths import replace_private_file
from chatelaine.providers.registry import ProviderRegistry
from chatelaine.store.transfer.conversations import to_text
from chatelaine.store.transfer.incoming import load
from chatelaine.store.transfer.registry import EXPORTERS
from chatelaine.workspace_keys import WorkspaceKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path
    from types import TracebackType

    from chatelaine.store.records import Thread, ThreadId
    from chatelaine.store.restore import Merged
    from chatelaine.store.store import ConversationStore
    from chatelaine.vault.vault import Vault

NOTICE_DISMISSED = "provider-notice-dismissed"


class Workspace(WorkspaceKeys):
    """An open history with everything that works on it; an async context manager.

    Attributes:
        history: The encrypted file.
        store: Its threads.
        providers: Where answers come from.
        assistants: Who answers.
        keyring_entry_lost: The history used to open with the keyring, and did not this time.
        opened_with_recovery_key: Neither the keyring nor the passphrase have opened it.
    """

    def __init__(self, history: Path, store: ConversationStore, vault: Vault, key: bytes) -> None:
        super().__init__(store, vault, key)
        self.history = history
        self.providers = ProviderRegistry(store.values, store.credentials)
        self.assistants = Assistants(self.providers)
        self._conversations: dict[ThreadId, Conversation] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close connections, the file and its lock. Running turns must have been stopped before."""
        self._conversations.clear()
        await self._rotation_ended()
        async with AsyncExitStack() as stack:
            stack.callback(self._vault.release)
            stack.push_async_callback(self.store.aclose)
            stack.push_async_callback(self.assistants.aclose)
        self._key = b""

    def conversation(self, thread: Thread) -> Conversation:
        """Give the conversation of a thread: the same one as long as the workspace is open."""
        found = self._conversations.get(thread.id)
        if found is None:
            found = Conversation(self.store, thread, self.assistants)
            self._conversations[thread.id] = found
        return found

    async def fresh_thread(self, busy: Collection[ThreadId] = ()) -> Thread:
        """Give a thread in which nothing was said yet: the one there is, else a new one.

        Args:
            busy: Threads in which something is being said just now.
        """
        for thread in await self.store.threads():
            untouched = thread.tip is None and not thread.title and not thread.temporary
            free = untouched and thread.id not in busy
            with suppress(HistoryDamaged):  # something is typed there, but what cannot be read
                if free and not await self.store.composer(thread.id):
                    return thread
        return await self.store.create_thread()

    async def temporary_in_use(self) -> int:
        """Count the temporary threads with something in them: it goes when this is closed."""
        found = [
            thread
            for thread in await self.store.temporary_threads()
            if thread.tip is not None or await self.store.composer(thread.id)
        ]
        return len(found)

    def seal_backup_key(self, backup_key: bytes) -> bytes:
        """Make what opens a backup of this history; in a worker thread.

        Raises:
            VaultError: The key file cannot be read.
        """
        return self._vault.backup_keys(self._key, backup_key).to_bytes()

    async def export_thread(
        self, thread_id: ThreadId, target: Path, *, suffix: str | None = None
    ) -> None:
        """Write a thread into a file that is not encrypted; no other user may read it.

        Args:
            thread_id: The thread.
            target: The file; the format is the one that its name tells.
            suffix: Of the format where the name tells none; without it, the usual one.

        Raises:
            ExportFailed: The file could not be written; what was there before is untouched.
        """
        by_suffix = {each.suffix: each for each in EXPORTERS}
        exporter = by_suffix.get(target.suffix.lower()) or by_suffix.get(suffix or "")
        exporter = exporter or EXPORTERS[0]
        content = await self.store.conversations.read(thread_id, exporter.gather)
        await asyncio.to_thread(_write_export, target, partial(exporter.render, *content))

    async def export_all(self, target: Path) -> None:
        """Write all threads but the temporary ones into a file that `import_from` reads again.

        The file is not encrypted; no other user may read it.

        Raises:
            ExportFailed: The file could not be written; what was there before is untouched.
        """
        content = await self.store.conversations.read_all()
        await asyncio.to_thread(_write_export, target, partial(to_text, content))

    async def import_from(self, source: Path) -> Merged:
        """Add the threads of a document that are not here: all of them, or nothing.

        Raises:
            ImportFailed: It is no such document, or damaged.
            HistoryError: They could not be stored.
        """
        return await self.store.conversations.add(await asyncio.to_thread(load, source))

    async def wants_provider_notice(self) -> bool:
        """Tell whether to say that the demo model answers, and how to have another one."""
        if await self.providers.current() is not None:
            return False
        return await self.store.values.get(NOTICE_DISMISSED) is None

    async def dismiss_provider_notice(self) -> None:
        """Say no more that the demo model answers."""
        await self.store.values.set(NOTICE_DISMISSED, "yes")


def _write_export(target: Path, render: Callable[[], str]) -> None:
    text = render()  # of a long thread it takes its time: never where the window is painted
    try:
        replace_private_file(target, text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise ExportFailed(
            f"“{target.name}” could not be written: {error.strerror or 'unknown reason'}. "
            "Choose another folder, or make room on the disk."
        ) from error
