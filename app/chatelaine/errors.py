"""What can go wrong in the application, in words fit for a person.

Every foreseen failure is one of these; anything else that is raised is a bug and is shown as one.

    ChatelaineError
    +-- VaultError                   the key, or the folder it lies in
    |   +-- KeyUnavailable           the history is safe, its key does not come
    |   |   +-- KeyringUnavailable   no keyring that can be trusted
    |   |   +-- KeyringLocked        it is there, but locked or its prompt was dismissed
    |   |   +-- KeyringEntryMissing  it answers, but has no entry for this history
    |   |   +-- KeyringEntryDamaged  it has one, but not as it was written
    |   |   +-- KeyOfAnotherHistory  the entry found opens another history
    |   |   +-- KeyFileMissing       a history without the key file beside it
    |   |   +-- HistoryLocked        nothing is wrong: it opens with a passphrase
    |   +-- PassphraseNeeded         no history yet, and no keyring to keep its key in
    |   +-- WrongSecret              a passphrase or recovery key that does not fit
    |   +-- RecoveryKeyMistyped      the check characters say so, and where
    |   +-- KeyFileUnreadable        keys.json is damaged, or from a newer version
    +-- HistoryError                 the file with the threads
    |   +-- HistoryOpenElsewhere     another process has it
    |   +-- HistoryMissing           a key file without its history
    |   +-- HistoryEmpty             zero bytes where a history should be
    |   +-- HistoryNotEncrypted      a plain SQLite file
    |   +-- HistoryDamaged           the key fits, the pages do not
    |   +-- HistoryNewer             made by a newer version
    |   +-- HistoryReadOnly          the file or its folder cannot be written
    |   +-- HistoryReplaced          the file was swapped or deleted while open
    |   +-- DiskFull                 no space for what was written
    |   +-- ThreadMissing            no such thread (any more)
    +-- BackupError                  a backup that is made or restored
    |   +-- NotABackup               another kind of file
    |   +-- BackupDamaged            its checks fail
    |   +-- BackupNewer              made by a newer version
    +-- SettingsUnreadable           the settings file is damaged
    +-- ProviderError                where answers come from
    |   +-- CredentialsMissing       no API key
    |   +-- CredentialsRefused       the key was refused
    |   +-- ProviderUnreachable      no connection, or it broke
    |   +-- ProviderBusy             too many requests, or no quota left
    |   +-- ProviderFailed           the server failed or answered nonsense
    +-- NothingToSumUp               a thread that is too short to be compacted
    +-- TurnFailed                   the run itself: too many steps, a tool that cannot be used
    +-- ExportFailed                 the file could not be written
    +-- ImportFailed                 the file cannot be read, or is not what it must be
"""

from __future__ import annotations

from typing import ClassVar


class ChatelaineError(Exception):
    """The root of all foreseen failures of the application.

    Attributes:
        title: What happened, in a few words: the heading of a message.
        message: What it means and what the user can do.
    """

    default_title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str, *, title: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.title = title or self.default_title


class VaultError(ChatelaineError):
    """The key of a history, or the folder in which it lies."""

    default_title = "The vault cannot be used"


class KeyUnavailable(VaultError):
    """The history is safe, but its key did not come."""

    default_title = "Your history is safe, but its key is not available"


class KeyringUnavailable(KeyUnavailable):
    """This system has no keyring that can be trusted with a key."""


class KeyringLocked(KeyUnavailable):
    """The keyring is locked, or its prompt was dismissed."""


class KeyringEntryMissing(KeyUnavailable):
    """The keyring answers, but has no entry for this history."""


class KeyringEntryDamaged(KeyUnavailable):
    """The keyring has an entry for this history, but its content is not what was stored."""


class KeyOfAnotherHistory(KeyUnavailable):
    """The entry that was found belongs to another history."""


class KeyFileMissing(KeyUnavailable):
    """There is a history, but the file with its wrapped key is not beside it."""


class HistoryLocked(KeyUnavailable):
    """The history opens with a passphrase, which only the user has: nothing is wrong."""

    default_title = "Welcome back"


class PassphraseNeeded(VaultError):
    """There is no history yet, and no keyring that could keep its key."""

    default_title = "Choose a passphrase"


class WrongSecret(VaultError):
    """A passphrase or recovery key that opens no slot."""

    default_title = "That does not open this history"


class RecoveryKeyMistyped(VaultError):
    """A recovery key whose check characters do not fit."""

    default_title = "There is a slip in the recovery key"


class KeyFileUnreadable(VaultError):
    """The key file is damaged, cannot be read, or comes from a newer version."""

    default_title = "The key file cannot be read"


class HistoryError(ChatelaineError):
    """The encrypted file with the threads."""

    default_title = "The history cannot be opened"


class HistoryOpenElsewhere(HistoryError):
    """Another process holds the lock of this history."""

    default_title = "This history is already open"


class HistoryMissing(HistoryError):
    """There is a key file, but no history beside it."""

    default_title = "The history file is missing"


class HistoryEmpty(HistoryError):
    """The history file has no content, although a key for it exists."""

    default_title = "The history file is empty"


class HistoryNotEncrypted(HistoryError):
    """The file is an ordinary SQLite database, so it is not ours."""

    default_title = "This file is not an encrypted history"


class HistoryDamaged(HistoryError):
    """The key is right, but the file does not pass its checks."""

    default_title = "The history file is damaged"


class HistoryNewer(HistoryError):
    """The file was made by a newer version of the program."""

    default_title = "This history was made by a newer version"


class HistoryReadOnly(HistoryError):
    """The file or its folder cannot be written."""

    default_title = "The history cannot be written"


class HistoryReplaced(HistoryError):
    """The file was deleted or replaced while it was open."""

    default_title = "The history file was replaced while it was open"


class HistoryInterrupted(HistoryError):
    """Reading was stopped before it came to its end, because nobody waits for it any more."""

    default_title = "Reading was stopped"


class DiskFull(HistoryError):
    """There is no space left for what was to be written."""

    default_title = "The disk is full"


class ThreadMissing(HistoryError):
    """No thread has this id (any more)."""

    default_title = "This thread does not exist any more"


class BackupError(ChatelaineError):
    """A backup could not be made, or not be restored; the history is as it was."""

    default_title = "The backup cannot be used"


class NotABackup(BackupError):
    """The file is of another kind."""

    default_title = "This file is not a backup"


class BackupDamaged(BackupError):
    """The file is a backup, but it is not whole."""

    default_title = "This backup is damaged"


class BackupNewer(BackupError):
    """A newer version of the program has made the backup."""

    default_title = "This backup needs a newer version"


class SettingsUnreadable(ChatelaineError):
    """The settings file is damaged or cannot be read; it is left as it is."""

    default_title = "The settings cannot be read"


class ProviderError(ChatelaineError):
    """Where the answers come from."""

    default_title = "The model could not answer"


class CredentialsMissing(ProviderError):
    """There is no API key for a provider that needs one."""

    default_title = "An API key is needed"


class CredentialsRefused(ProviderError):
    """The server refused the API key, or what it may do."""

    default_title = "The server refused the API key"


class ProviderUnreachable(ProviderError):
    """No connection could be made, or it broke."""

    default_title = "The server cannot be reached"


class ProviderBusy(ProviderError):
    """Too many requests, or no quota left."""

    default_title = "The server takes no more requests for now"


class ProviderFailed(ProviderError):
    """The server failed, or answered something that is no answer."""

    default_title = "The server made an error"


class NothingToSumUp(ChatelaineError):
    """A thread that is too short to be compacted."""

    default_title = "This thread is still short enough"


class TurnFailed(ChatelaineError):
    """The run could not be brought to an end: too many steps, a tool that cannot be used."""

    default_title = "This turn could not be finished"


class ExportFailed(ChatelaineError):
    """The file that was to be exported could not be written."""

    default_title = "The export failed"


class ImportFailed(ChatelaineError):
    """The file that was to be imported cannot be read, or is not whole; nothing was imported."""

    default_title = "The import failed"
