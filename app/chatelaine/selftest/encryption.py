"""Whether what keeps a history secret does so: the primitives, the engine, a vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.selftest.report import CheckFailed

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.workspace import Workspace

PASSPHRASE = "self-test passphrase"  # noqa: S105 - of a history that lives for a second
_OTHER = "another passphrase"
SAID = "these words must not be readable on the disk"
_LEAST_SQLCIPHER = 4


def check_primitives() -> str:
    """Compare every primitive with what was published for it.

    Raises:
        CheckFailed: One gives something else.
    """
    from chatelaine import crypto

    _is("SHA-256", crypto.sha256(b"abc"), _SHA256)
    _is("HMAC", crypto.hmac_sha256(b"Jefe", b"what do ya want for nothing?"), _HMAC)
    secret, salt, info = b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA))
    _is("HKDF", crypto.hkdf_sha256(secret, salt, info, 42), _HKDF)
    key, nonce = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2), bytes.fromhex(_NONCE)
    plain, aad = bytes.fromhex(_PLAIN), bytes.fromhex("feedfacedeadbeef" * 2 + "abaddad2")
    sealed = crypto.seal_aes_gcm(key, nonce, plain, aad)
    _is("AES-256-GCM", sealed, _SEALED)
    _is("AES-256-GCM", crypto.open_aes_gcm(key, nonce, sealed, aad), _PLAIN)
    cipher = crypto.AesGcm(key)
    _is("AES-256-GCM", cipher.open(nonce, cipher.seal(nonce, plain, aad), aad), _PLAIN)
    try:
        crypto.open_aes_gcm(key, nonce, sealed[:-1] + bytes([sealed[-1] ^ 1]), aad)
    except crypto.AuthenticationFailed:
        pass
    else:
        raise CheckFailed("AES-256-GCM opens what was changed.")
    stretched = crypto.argon2id(
        b"password", b"somesalt", time=2, memory_kib=1 << 16, lanes=1, length=32
    )
    _is("Argon2id", stretched, _ARGON2)
    stretched = crypto.scrypt(b"password", b"NaCl", cost=1024, block=8, lanes=16, length=64)
    _is("scrypt", stretched, _SCRYPT)
    return "SHA-256, HMAC, HKDF, AES-256-GCM, Argon2id and scrypt give what was published"


def _is(name: str, found: bytes, published: str) -> None:
    if found.hex() != published:
        raise CheckFailed(f"{name} does not give what was published for it.")


# Of FIPS 180-4; RFC 4231, test case 2; RFC 5869, test case 1; the specification of GCM by McGrew
# and Viega, test case 16; the reference implementation of Argon2, version 1.3; RFC 7914, section
# 12.
_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
_HMAC = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
_HKDF = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
_NONCE = "cafebabefacedbaddecaf888"
_PLAIN = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
_SEALED = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    "76fc6ece0f4e1768cddf8853bb2d551b"
)
_ARGON2 = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
_SCRYPT = (
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
    "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
)


def check_engine() -> str:
    """See that the engine is one that encrypts, and what it is.

    Raises:
        CheckFailed: It is another one.
    """
    from chatelaine.store.engine_facts import engine_facts

    facts = engine_facts()
    major = facts.sqlcipher.partition(".")[0]
    if not major.isdecimal() or int(major) < _LEAST_SQLCIPHER:
        raise CheckFailed(
            f"The engine is no SQLCipher {_LEAST_SQLCIPHER}: it says {facts.sqlcipher!r}."
        )
    return (
        f"SQLCipher {facts.sqlcipher} with {facts.cipher}, SQLite {facts.sqlite}, "
        f"schema {facts.schema}"
    )


class NoKeyring:
    """Stands where the keyring is asked, and is never to be asked: it is the user's."""

    @property
    def name(self) -> str:
        """What it is called."""
        return "no keyring"

    def read(self, name: str) -> str | None:
        """Refuse.

        Raises:
            CheckFailed: Always.
        """
        raise CheckFailed(f"The keyring was asked for {name!r}.")

    def write(self, name: str, value: str) -> None:
        """Refuse.

        Raises:
            CheckFailed: Always.
        """
        del value
        raise CheckFailed(f"Something was to be written into the keyring as {name!r}.")


async def check_vault(folder: Path) -> str:
    """Make a history with a passphrase, say something, and see what opens it.

    Args:
        folder: An empty one, where it is made.

    Raises:
        CheckFailed: Something was lost, opens with another secret or can be read on the disk.
    """
    from chatelaine.agents.items import assistant_message, user_message
    from chatelaine.errors import WrongSecret
    from chatelaine.history_access import HistoryAccess

    history = folder / "history.db"
    made = await HistoryAccess(history, NoKeyring).create_with_passphrase(PASSPHRASE)
    async with made as workspace:
        thread = await workspace.store.create_thread()
        turn = await workspace.store.begin_turn(thread.id, [user_message(SAID)])
        await workspace.store.extend_turn(turn.id, [assistant_message(SAID)], ended=True)
        recovery_key = await workspace.pending_recovery_key()
    _see_that_nothing_is_readable(folder)
    access = HistoryAccess(history, NoKeyring)
    try:
        opened = await access.open_with_passphrase(_OTHER)
    except WrongSecret:
        await access.aclose()
    else:
        await opened.aclose()
        raise CheckFailed("The history opens with another passphrase.")
    await _see_that_it_is_there(
        await HistoryAccess(history, NoKeyring).open_with_passphrase(PASSPHRASE)
    )
    if recovery_key is None:
        raise CheckFailed("There is no recovery key.")
    await _see_that_it_is_there(
        await HistoryAccess(history, NoKeyring).open_with_recovery_key(recovery_key)
    )
    return "opens with its passphrase and its recovery key only; nothing on the disk is readable"


async def _see_that_it_is_there(opened: Workspace) -> None:
    from chatelaine.agents.items import text_of

    async with opened as workspace:
        threads = await workspace.store.threads()
        items = await workspace.store.items(threads[0].id) if threads else []
        if [text_of(item) for item in items] != [SAID, SAID]:
            raise CheckFailed("What was said is not there any more.")


def _see_that_nothing_is_readable(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    if not any(path.stat().st_size for path in files):
        raise CheckFailed("There is no file.")
    for path in files:
        content = path.read_bytes()
        for encoding in ("utf-8", "utf-16-le"):
            if SAID.encode(encoding) in content or PASSPHRASE.encode(encoding) in content:
                raise CheckFailed(f"{path.name} can be read without a key.")
        if content.startswith(b"SQLite format 3"):
            raise CheckFailed(f"{path.name} is not encrypted.")
