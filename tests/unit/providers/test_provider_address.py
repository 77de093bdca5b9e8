from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.models.endpoint import resolve_endpoint
from chatelaine.errors import ProviderUnreachable
from chatelaine.providers.address import base_url_from, has_path, is_openai, same_server


@pytest.mark.parametrize(
    ("entered", "meant"),
    [
        ("", "https://api.openai.com/v1"),
        ("   ", "https://api.openai.com/v1"),
        ("api.openai.com", "https://api.openai.com/v1"),
        ("https://api.openai.com/", "https://api.openai.com/v1"),
        ("eu.api.openai.com", "https://eu.api.openai.com/v1"),
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/responses?x=1#y", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/models/", "https://api.openai.com/v1"),
        (" <https://example.org/v1> ", "https://example.org/v1"),
        ('"https://example.org/v1",', "https://example.org/v1"),
        ("HTTPS://Example.ORG/V1", "https://example.org/V1"),
        ("example.org/api/v1//", "https://example.org/api/v1"),
        ("example.org", "https://example.org"),
        ("example.org:8443/v1", "https://example.org:8443/v1"),
        ("localhost:11434", "http://localhost:11434"),
        ("localhost:11434/v1", "http://localhost:11434/v1"),
        ("box.localhost/v1", "http://box.localhost/v1"),
        ("127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("127.9.9.9", "http://127.9.9.9"),
        ("0.0.0.0:8000", "http://0.0.0.0:8000"),
        ("[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://localhost/v1", "https://localhost/v1"),
        ("192.168.1.5:1234/v1", "https://192.168.1.5:1234/v1"),
        ("http://192.168.1.5:1234/v1", "http://192.168.1.5:1234/v1"),
        ("https://example.org/models/v1", "https://example.org/models/v1"),
        (
            "https://gateway.example/openai/deployments/x",
            "https://gateway.example/openai/deployments/x",
        ),
    ],
)
def test_what_people_enter_becomes_a_base_url(entered, meant):
    assert base_url_from(entered) == meant
    assert base_url_from(meant) == meant


@pytest.mark.parametrize(
    "entered",
    [
        "://",
        "https://",
        "ftp://example.org",
        "http://:80",
        "example.org:notaport",
        "a b",
        "file:///x",
        "example.org:0",
        "http://[::1",
        "http://h/v 1",
        "http://h/v\u00a01",
        "http://h/v\x001",
        "/v1",
        "?",
    ],
)
def test_what_is_no_address_is_said_to_be_none(entered):
    with pytest.raises(ProviderUnreachable) as caught:
        base_url_from(entered)
    assert caught.value.title == "This is not the address of a server"


def test_a_password_does_not_belong_into_an_address():
    with pytest.raises(ProviderUnreachable) as caught:
        base_url_from("https://me:hunter2@example.org/v1")
    assert "hunter2" not in str(caught.value) + caught.value.title


@given(st.text() | st.text().map("https://example.org/{}".format))
def test_anything_is_either_an_address_that_can_be_asked_or_refused(entered):
    try:
        made = base_url_from(entered)
    except ProviderUnreachable:
        return
    assert made.startswith(("https://", "http://"))
    assert not made.endswith("/")
    assert base_url_from(made) == made
    assert resolve_endpoint(made, "k").base_url == made


def test_a_base_url_may_name_a_server_only():
    assert not has_path("https://example.org")
    assert has_path("https://example.org/v1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://example.org/v1", "https://example.org/v2", True),
        ("https://example.org/v1", "http://example.org/v1", False),
        ("https://example.org/v1", "https://example.org:8443/v1", False),
        ("https://example.org/v1", "https://example.org.evil.example/v1", False),
    ],
)
def test_servers_are_told_apart_by_scheme_name_and_port(one, other, same):
    assert same_server(one, other) is same


@pytest.mark.parametrize(
    ("base_url", "is_theirs"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://notapi.openai.com/v1", False),
        ("https://api.openai.com.evil.example/v1", False),
    ],
)
def test_no_other_server_passes_for_openai(base_url, is_theirs):
    assert is_openai(base_url) is is_theirs
