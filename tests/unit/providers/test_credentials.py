from __future__ import annotations

import pytest

from chatelaine.errors import CredentialsRefused
from chatelaine.providers.credentials import check_api_key

SERVER = "https://example.org/v1"


@pytest.mark.parametrize("key", ["sk abc", "ключ", "sk-a\nb", "sk-“abc”"])
def test_what_can_be_no_key_is_said_to_be_none_and_not_repeated(key):
    with pytest.raises(CredentialsRefused) as caught:
        check_api_key(SERVER, key)
    assert caught.value.title == "This is not an API key"
    assert key not in caught.value.message


@pytest.mark.parametrize("key", ["sk-abc", "gsk_A.b-9/+=~", "lm-studio"])
def test_what_may_be_a_key_passes(key):
    check_api_key(SERVER, key)
