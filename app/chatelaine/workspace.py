"""The workspace: all that exists while the vault is unlocked, and the way into it.

`Workspace` knows every part and wires it; it exists only when everything in it exists.
`HistoryAccess` leads there: it takes the lock of a history, finds out how it stands, gets its key
and opens it. It never makes a key for a history that exists, and never deletes or renames anything.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Self, TypeVar

from chatelaine.chat.assistants import Assistants
from chatelaine.chat.conversation import Conversation
from chatelaine.errors import (
    ChatelaineError,
    ExportFailed,
    HistoryError,
    HistoryMissing,
    KeyUnavailable,
    PassphraseNeeded,
)
from chatelaine.providers.registry import ProviderRegistry
from chatelaine.store.store import ConversationStore
from chatelaine.store.transfer.registry import EXPORTERS
from chatelaine.vault.keyring import Keyring, system_keyring
from chatelaine.vault.vault import (
    HistoryFiles,
    NewKey,
    SlotKind,
    Vault,
    VaultState,
    is_free,
    new_recovery_key,
    next_history_beside,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path
    from types import TracebackType

    from chatelaine.store.records import Thread, ThreadId

T = TypeVar("T")

NOTICE_DISMISSED = "provider-notice-dismissed"
RECOVERY_KEY = "recovery-key"
"""The value that holds the recovery key until the user has confirmed it."""
RECOVERY_OFFERED = "recovery-key-offered"
RECOVERY_CONFIRMED = "recovery-key-confirmed"
_WITH_PASSPHRASE = {SlotKind.PASSPHRASE, SlotKind.KEYRING_PASSPHRASE}


class Workspace:
    """An open history with everything that works on it; an async context manager.

    Attributes:
        history: The encrypted file.
        store: Its threads.
        providers: Where answers come from.
        assistants: Who answers.
        keyring_entry_lost: The history used to open with the keyring, and did not this time.
    """

    def __init__(self, history: Path, store: ConversationStore, vault: Vault, key: bytes) -> None:
        self.history = history
        self.store = store
        self.providers = ProviderRegistry(store.values, store.credentials)
        self.assistants = Assistants(self.providers)
        self.keyring_entry_lost = False
        self._vault = vault
        self._key = key
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
        async with AsyncExitStack() as stack:
            stack.callback(self._vault.release)
            stack.push_async_callback(self.store.aclose)
            stack.push_async_callback(self.assistants.aclose)

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
            untouched = thread.tip is None and not thread.title and thread.id not in busy
            if untouched and not await self.store.composer(thread.id):
                return thread
        return await self.store.create_thread()

    async def export_thread(self, thread_id: ThreadId, target: Path) -> None:
        """Write a thread in the usual format: readable by everybody who can read the file.

        Raises:
            ExportFailed: The file could not be written; what was there before is untouched.
        """
        thread = await self.store.thread(thread_id)
        turns = await self.store.turns(thread_id)
        await asyncio.to_thread(_write_export, target, partial(EXPORTERS[0].render, thread, turns))

    async def wants_provider_notice(self) -> bool:
        """Tell whether to say that the demo model answers, and how to have another one."""
        if await self.providers.current() is not None:
            return False
        return await self.store.values.get(NOTICE_DISMISSED) is None

    async def dismiss_provider_notice(self) -> None:
        """Say no more that the demo model answers."""
        await self.store.values.set(NOTICE_DISMISSED, "yes")

    async def pending_recovery_key(self) -> str | None:
        """Give the recovery key, as long as the user has not confirmed to have it."""
        return await self.store.values.get(RECOVERY_KEY)

    async def recovery_key_to_offer(self) -> str | None:
        """Give the recovery key to whoever quits for the first time without having it.

        It is offered once: who has said "later" finds it in the menu. None where it need not be.
        """
        values = self.store.values
        pending = await self.pending_recovery_key()
        if pending is None or await values.get(RECOVERY_OFFERED) is not None:
            return None
        if all(thread.tip is None for thread in await self.store.threads()):
            return None  # nothing was written that could be lost
        await values.set(RECOVERY_OFFERED, "yes")
        return pending

    async def confirm_recovery_key(self) -> None:
        """Erase the recovery key here: the user has it now."""
        await self.store.values.set(RECOVERY_CONFIRMED, "yes")
        await self.store.values.delete(RECOVERY_KEY)

    async def renew_recovery_key(self) -> str:
        """Make a new recovery key; the one before opens nothing any more."""
        recovery_key = await asyncio.to_thread(new_recovery_key)
        # It is known here before it counts: after a crash in between it is put in place again.
        await self.store.values.set(RECOVERY_KEY, recovery_key)
        await self.store.values.delete(RECOVERY_CONFIRMED)
        await asyncio.to_thread(self._vault.install_recovery_key, self._key, recovery_key)
        return recovery_key

    async def restore_keyring_entry(self) -> None:
        """Give the keyring an entry for this history again; without a keyring nothing happens.

        It waits for as long as the keyring makes it wait.
        """
        with suppress(KeyUnavailable):  # the next start asks again
            await asyncio.to_thread(self._vault.add_keyring_slot, self._key)

    async def ensure_recovery_key(self) -> None:
        """Finish what a crash has left half done: there is always a recovery key to be had."""
        pending = await self.pending_recovery_key()
        if pending is not None:
            await asyncio.to_thread(self._vault.install_recovery_key, self._key, pending)
        elif await self.store.values.get(RECOVERY_CONFIRMED) is None:
            await self.renew_recovery_key()


class HistoryAccess:
    """The way from a path to an open `Workspace`; one for each attempt to open a history.

    Attributes:
        history: The encrypted file, which may not exist yet.
    """

    def __init__(self, history: Path, keyring: Callable[[], Keyring] = system_keyring) -> None:
        self.history = history
        self._keyring = keyring
        self._vault: Vault | None = None
        self._taking = Lock()
        self._closed = False

    async def open(self, *, may_create: bool) -> Workspace:
        """Open the history with the key from the keyring; make both where there is neither.

        Args:
            may_create: Whether it can be that there is no history yet. If not, nothing is made,
                not even a lock file: it may lie on a drive that is not connected now.

        Raises:
            PassphraseNeeded: There is no history yet, and no keyring that could keep its key:
                `create_with_passphrase` is the way. The cause says what is wrong with the keyring.
            KeyUnavailable: The history exists, its key does not come.
            HistoryMissing: There is no history, although there should be one.
            HistoryError: The file cannot be opened.
            VaultError: The key file cannot be used.
        """
        if not may_create and await asyncio.to_thread(is_free, self.history):
            raise HistoryMissing(
                f"{self.history} is not there. If it lies on another drive or in a folder of the "
                "network, connect that and try again."
            )
        vault = await self._locked_vault()
        state = await asyncio.to_thread(vault.examine)
        kinds = await asyncio.to_thread(vault.slot_kinds)
        by_passphrase = SlotKind.PASSPHRASE in kinds and SlotKind.KEYRING not in kinds
        if state is VaultState.READY:
            if by_passphrase:
                raise KeyUnavailable("This history opens with a passphrase.", title="Welcome back")
            return await self._open(vault, await asyncio.to_thread(vault.unlock_with_keyring))
        if by_passphrase:
            raise PassphraseNeeded("Enter the passphrase that you chose for your history.")
        try:
            return await self._create(vault, vault.create_with_keyring)
        except KeyUnavailable as error:
            if kinds:
                raise
            raise PassphraseNeeded(error.message) from error

    async def create_with_passphrase(self, passphrase: str) -> Workspace:
        """Make a history whose key is kept under a passphrase.

        Raises:
            VaultError: The key file could not be written.
            HistoryError: The history could not be made.
        """
        vault = await self._locked_vault()
        return await self._create(vault, lambda: vault.create_with_passphrase(passphrase))

    async def open_with_passphrase(self, passphrase: str) -> Workspace:
        """Open the history with its passphrase.

        Raises:
            WrongSecret: It is another one.
        """
        vault = await self._locked_vault()
        key = await asyncio.to_thread(vault.unlock_with_passphrase, passphrase)
        return await self._open(vault, key)

    async def open_with_recovery_key(self, text: str) -> Workspace:
        """Open the history with its recovery key: the keyring may have lost its entry.

        Raises:
            RecoveryKeyMistyped: Its check characters do not fit.
            WrongSecret: It is another one.
        """
        vault = await self._locked_vault()
        key = await asyncio.to_thread(vault.unlock_with_recovery_key, text)
        kinds = await asyncio.to_thread(vault.slot_kinds)
        workspace = await self._open(vault, key)
        # Its slot may be damaged. But what was put under a passphrase on purpose stays there.
        workspace.keyring_entry_lost = SlotKind.KEYRING in kinds or not kinds & _WITH_PASSPHRASE
        return workspace

    async def next_history(self, usual: Path) -> Path:
        """Choose where a new history begins: beside this one, at a path where there is none.

        Args:
            usual: Where it begins instead where this one is not there, its drive perhaps neither.
        """

        def choose() -> Path:
            with suppress(HistoryError):  # a folder that cannot be looked into is not the place
                if not is_free(self.history):
                    return next_history_beside(self.history)
            return usual if is_free(usual) else next_history_beside(usual)

        return await asyncio.to_thread(choose)

    async def is_new(self) -> bool:
        """Tell whether nothing of this history exists yet."""
        return await asyncio.to_thread(is_free, self.history)

    async def slot_kinds(self) -> frozenset[SlotKind]:
        """Tell what opens this history, also while the keyring is being waited for.

        None where there is no key file that could tell. The lock is not needed to ask.
        """

        def look() -> frozenset[SlotKind]:
            return Vault(HistoryFiles.beside(self.history), self._keyring()).slot_kinds()

        try:
            return await asyncio.to_thread(look)
        except ChatelaineError:
            return frozenset()

    async def aclose(self) -> None:
        """Let go of the lock, where no workspace was opened; nothing is opened this way after."""
        await asyncio.to_thread(self._release)

    async def _locked_vault(self) -> Vault:
        """Give the vault with its lock taken: nothing is read before."""
        return await asyncio.to_thread(self._acquire)

    def _acquire(self) -> Vault:
        # Whoever asked may be gone by now: what was taken is for the next one, not lost.
        with self._taking:
            if self._closed:
                raise RuntimeError("this way to the history was given up")
            if self._vault is None:
                vault = Vault(HistoryFiles.beside(self.history), self._keyring())
                vault.acquire()
                self._vault = vault
            return self._vault

    def _release(self) -> None:
        with self._taking:
            self._closed = True
            if self._vault is not None:
                vault, self._vault = self._vault, None
                vault.release()

    async def _create(self, vault: Vault, make_key: Callable[[], NewKey]) -> Workspace:
        made = await asyncio.to_thread(make_key)
        # The file is there where making it was interrupted at the very end.
        missing = not await asyncio.to_thread(self.history.exists)
        store = await ConversationStore.open(self.history, made.key, create=missing)
        try:
            await asyncio.to_thread(vault.record_salt, store.salt)
            await store.values.set(RECOVERY_KEY, made.recovery_key)
        except BaseException:
            await store.aclose()
            raise
        self._vault = None  # from here on the workspace holds the lock
        return Workspace(self.history, store, vault, made.key)

    async def _open(self, vault: Vault, key: bytes) -> Workspace:
        salt = await asyncio.to_thread(vault.recorded_salt)
        store = await ConversationStore.open(self.history, key, salt=salt)
        workspace = Workspace(self.history, store, vault, key)
        try:
            await workspace.ensure_recovery_key()
        except BaseException:
            await store.aclose()
            raise
        self._vault = None
        return workspace


def _write_export(target: Path, render: Callable[[], str]) -> None:
    text = render()  # of a long thread it takes its time: never where the window is painted
    try:
        temporary = target.with_name(f".{target.name}.part")
        try:
            temporary.write_text(text, encoding="utf-8", errors="replace")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ExportFailed(
            f"“{target.name}” could not be written: {error.strerror or 'unknown reason'}. "
            "Choose another folder, or make room on the disk."
        ) from error
