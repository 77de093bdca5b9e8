from __future__ import annotations

import pytest

from chatelaine.agents.errors import AuthenticationFailed, MissingCredentials, UserError
from chatelaine.agents.models.endpoint import OFFICIAL_URL, resolve_endpoint


def test_without_anything_else_the_server_is_openais_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")

    endpoint = resolve_endpoint()

    assert endpoint.base_url == OFFICIAL_URL
    assert endpoint.api_key == "sk-env"
    assert endpoint.is_official
    assert endpoint.host == "api.openai.com"


def test_openais_own_server_is_not_used_without_a_key() -> None:
    with pytest.raises(MissingCredentials, match="OPENAI_API_KEY"):
        resolve_endpoint()
    with pytest.raises(MissingCredentials):
        resolve_endpoint("https://eu.api.openai.com/v1", "  ")


def test_the_environment_names_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1/")

    endpoint = resolve_endpoint()

    assert endpoint.base_url == "http://127.0.0.1:11434/v1"
    assert not endpoint.api_key
    assert endpoint.is_local
    assert not endpoint.is_official


def test_an_empty_address_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", " ")

    assert resolve_endpoint(api_key="k").base_url == OFFICIAL_URL


def test_arguments_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.test/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")

    endpoint = resolve_endpoint("https://models.test/v1", "sk-argument")

    assert (endpoint.base_url, endpoint.api_key) == ("https://models.test/v1", "sk-argument")


def test_an_empty_key_keeps_the_one_in_the_environment_at_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")

    assert not resolve_endpoint("http://models.test/v1", "").api_key


@pytest.mark.parametrize(
    "url",
    [
        "api.openai.com/v1",
        "ftp://models.test/v1",
        "http://",
        "http://models.test:port/v1",
        "http://models.test:99999/v1",
        "http://models.test/v1?key=1",
        "http://models.test/v1#part",
        "http://models .test/v1",
        "http://[::1/v1",
        "http://models.test/\x01",
    ],
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(UserError, match="looks like"):
        resolve_endpoint(url, "k")


@pytest.mark.parametrize("key", ["sk-\u2013abc", "sk-a b", "sk-a\nb", "sk-\x7f"])
def test_a_key_that_cannot_be_sent_is_told_without_being_shown(key: str) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        resolve_endpoint(api_key=key)

    assert key not in caught.value.message


def test_blanks_around_a_key_are_not_part_of_it() -> None:
    assert resolve_endpoint(api_key=" sk-pasted\n").api_key == "sk-pasted"


@pytest.mark.parametrize(
    ("url", "is_local", "host"),
    [
        ("http://localhost:11434/v1", True, "localhost:11434"),
        ("http://box.localhost/v1", True, "box.localhost"),
        ("http://127.4.5.6/v1", True, "127.4.5.6"),
        ("http://[::1]:8080/v1", True, "[::1]:8080"),
        ("http://192.168.1.2:8080/v1", False, "192.168.1.2:8080"),
        ("https://user:secret@models.test/v1", False, "models.test"),
    ],
)
def test_a_server_is_known_by_its_name_and_its_place(url: str, is_local: bool, host: str) -> None:
    endpoint = resolve_endpoint(url, "k")

    assert (endpoint.is_local, endpoint.host) == (is_local, host)


@pytest.mark.parametrize(
    ("url", "is_official"),
    [
        ("https://eu.api.openai.com/v1", True),
        ("https://notapi.openai.com/v1", False),
        ("https://api.openai.com.models.test/v1", False),
        ("https://models.test/api.openai.com/v1", False),
    ],
)
def test_no_other_server_passes_for_openais_own(url: str, is_official: bool) -> None:
    assert resolve_endpoint(url, "k").is_official == is_official


def test_the_key_is_not_shown() -> None:
    assert "sk-secret" not in repr(resolve_endpoint(api_key="sk-secret"))
