"""Which keyrings are trusted, and what is kept in them. Real ones are in the integration tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import libsecret
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordSetError
from typing_extensions import override

from chatelaine import errors
from chatelaine.vault import keyring as module
from chatelaine.vault.keyring import KeyringEntry, SystemKeyring, system_keyring
from chatelaine.vault.secret_service import SecretService

APP = Path(__file__).parents[3] / "app"
ENTRY = KeyringEntry("0123456789abcdef", bytes(range(32)))


def test_an_entry_is_written_and_read_the_same_for_ever():
    text = "v1:0123456789abcdef:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert ENTRY.to_text() == text
    assert KeyringEntry.from_text(text) == ENTRY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v2" + ENTRY.to_text()[2:],
        ENTRY.to_text()[:-1],
        ENTRY.to_text() + "\n",
        ENTRY.to_text().upper(),
        ENTRY.to_text().replace(":", " "),
    ],
)
def test_what_is_no_entry_of_ours_is_not_taken_for_one(text: str):
    assert KeyringEntry.from_text(text) is None


def test_an_entry_does_not_show_its_secret():
    assert repr(ENTRY) == "KeyringEntry(0123456789abcdef)"


def test_nothing_is_imported_before_it_is_needed():
    program = (
        "import sys; from chatelaine.vault.keyring import system_keyring; system_keyring(); "
        "print([name for name in ('keyring', 'secretstorage', 'jeepney') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(APP)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


class FakeBackend(KeyringBackend):
    """A back end that does as it is told."""

    priority = 1
    answer: str | Exception | None = None

    @override
    def get_password(self, service: str, username: str) -> str | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        if isinstance(self.answer, Exception):
            raise self.answer


def of(*answers: str | Exception | None, viable: bool = True) -> module._Group:
    """A row of back ends that give these answers."""
    return tuple(
        (f"number {number}", lambda answer=answer: _kind(answer, viable))
        for number, answer in enumerate(answers, 1)
    )


def _kind(answer: str | Exception | None, viable: bool) -> type[FakeBackend]:
    if not viable:
        raise RuntimeError("cannot be used here")
    return type("Kind", (FakeBackend,), {"answer": answer})


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch):
    """Says which back ends there are."""

    def set_groups(*groups: module._Group) -> SystemKeyring:
        monkeypatch.setattr(module, "_LINUX", groups)
        return system_keyring()

    return set_groups


def test_the_first_back_end_of_each_row_that_can_be_used_is_asked(groups):
    unusable = of("never", viable=False)
    keyring = groups((*unusable, *of(None)), of("found", "not asked"))
    assert keyring.read("name") == "found"
    assert keyring.name == "number 1"


def test_no_keyring_is_loaded_before_the_one_ahead_of_it_was_of_no_help(groups):
    unloadable = (("another", lambda: pytest.fail("it was loaded")),)
    keyring = groups(of("found"), unloadable)
    assert keyring.read("name") == "found"
    keyring.write("name", "value")


def test_an_entry_in_a_second_keyring_is_found_although_the_first_is_locked(groups):
    assert groups(of(KeyringLocked("no")), of("found")).read("name") == "found"


def test_no_entry_in_any_keyring_is_none(groups):
    assert groups(of(None), of(None)).read("name") is None


def test_a_locked_keyring_is_told_if_no_other_has_the_entry(groups):
    with pytest.raises(errors.KeyringLocked):
        groups(of(KeyringLocked("no")), of(None)).read("name")


def test_an_entry_is_stored_in_the_first_keyring_that_works(groups):
    keyring = groups(of(InitError("broken")), of(None))
    keyring.write("name", "value")
    assert keyring.name == "number 1"


def test_an_entry_is_not_stored_elsewhere_because_a_keyring_is_locked(groups):
    with pytest.raises(errors.KeyringLocked):
        groups(of(KeyringLocked("no")), of(None)).write("name", "value")


def test_the_first_problem_is_told_if_no_keyring_works(groups):
    keyring = groups(of(InitError("first")), of(InitError("second")))
    with pytest.raises(errors.KeyringUnavailable, match="first"):
        keyring.write("name", "value")
    with pytest.raises(errors.KeyringUnavailable, match="first"):
        keyring.read("name")


def test_without_any_keyring_it_is_said_that_plain_text_is_not_used(groups):
    for call in (lambda k: k.read("name"), lambda k: k.write("name", "value")):
        with pytest.raises(errors.KeyringUnavailable, match="plain text, or nowhere, are not used"):
            call(groups(of(None, viable=False)))


class PromptDismissedException(Exception):
    """Named as that of secretstorage."""


def dismissed() -> InitError:
    error = InitError("Failed to create the collection: Prompt dismissed..")
    error.__cause__ = PromptDismissedException()
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyringLocked("Failed to unlock the collection!"), errors.KeyringLocked),
        (dismissed(), errors.KeyringLocked),
        (PromptDismissedException("Prompt dismissed."), errors.KeyringLocked),
        (PasswordSetError("Cancelled by user"), errors.KeyringLocked),
        (PasswordSetError("Can't store password"), errors.KeyringUnavailable),
        (InitError("not provided by any .service files"), errors.KeyringUnavailable),
        (NoKeyringError("none"), errors.KeyringUnavailable),
        (RuntimeError("none"), errors.KeyringUnavailable),
        (ConnectionResetError(), errors.KeyringUnavailable),
        (AssertionError(), errors.KeyringUnavailable),
        (ImportError("no module"), errors.KeyringUnavailable),
    ],
)
def test_every_error_of_a_back_end_is_told_in_our_words(error: Exception, told: type, groups):
    keyring = groups(of(error))
    for call in (lambda: keyring.read("name"), lambda: keyring.write("name", "value")):
        with pytest.raises(errors.KeyUnavailable) as raised:
            call()
        assert type(raised.value) is told
        assert raised.value.__cause__ is raised.value.__context__ is None
        assert str(error).strip(".!") in raised.value.message


def test_only_keyrings_that_encrypt_are_on_the_list(monkeypatch: pytest.MonkeyPatch):
    titles = [title for group in module._LINUX for title, _ in group]
    titles += [t for groups in module._OTHERS.values() for group in groups for t, _ in group]
    assert titles == [
        "Secret Service",
        "Secret Service",
        "KWallet",
        "macOS keychain",
        "Windows Credential Manager",
    ]
    loaded = [load() for group in module._LINUX for _, load in group]
    assert loaded[0] is SecretService
    assert loaded[1] is libsecret.Keyring
    assert loaded[2].__module__ == "keyring.backends.kwallet"
    monkeypatch.setattr(sys, "platform", "plan9")
    with pytest.raises(errors.KeyringUnavailable):
        system_keyring().read("name")


def test_the_environment_does_not_reach_into_a_back_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/session")
    monkeypatch.setenv("KEYRING_PROPERTY_SCHEME", "other")
    monkeypatch.setenv("KEYRING_PROPERTY_APPID", "other")
    assert hasattr(FakeBackend(), "preferred_collection")
    backend = module._make(lambda: FakeBackend)
    assert vars(backend) == {"appid": "Chatelaine"}
