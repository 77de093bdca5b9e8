"""A passphrase gives the same key again; its parameters cannot be turned against the machine."""

from __future__ import annotations

from base64 import b64encode

import pytest

from chatelaine.vault.passphrase import PassphraseCost, derive, new_parameters, read_parameters

CHEAP = PassphraseCost(time=1, memory_kib=8, lanes=1)


def test_what_is_used_costs_64_mib_and_three_passes():
    assert PassphraseCost() == PassphraseCost(time=3, memory_kib=65536, lanes=4)


def test_the_same_passphrase_gives_the_same_key_and_another_one_does_not():
    parameters = new_parameters(CHEAP)
    assert derive("correct horse", parameters) == derive("correct horse", parameters)
    assert derive("correct horse", parameters) != derive("correct horse ", parameters)
    assert len(derive("correct horse", parameters)) == 32


def test_every_passphrase_has_a_salt_of_its_own():
    first, second = new_parameters(CHEAP), new_parameters(CHEAP)
    assert derive("correct horse", first) != derive("correct horse", second)


def test_two_ways_to_type_the_same_letters_are_one_passphrase():
    parameters = new_parameters(CHEAP)
    assert derive("caf\u00e9", parameters) == derive("cafe\u0301", parameters)


def test_any_text_can_be_a_passphrase():
    assert derive("\ud800 \0 密码", new_parameters(CHEAP))


def test_the_cost_is_written_down_and_read_back():
    cost, salt = read_parameters(new_parameters(CHEAP))
    assert cost == CHEAP
    assert len(salt) == 16


@pytest.mark.parametrize(
    "change",
    [
        {"kdf": "scrypt"},
        {"kdf": None},
        {"time": 0},
        {"time": 65},
        {"time": "3"},
        {"time": True},
        {"time": None},
        {"memory_kib": 7},
        {"memory_kib": (4 << 20) + 1},
        {"lanes": 0},
        {"lanes": 65},
        {"lanes": 2},
        {"salt": None},
        {"salt": "not base64!"},
        {"salt": b64encode(bytes(15)).decode()},
    ],
)
def test_parameters_that_make_no_sense_are_refused_before_any_work(change: dict[str, object]):
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ
        read_parameters(new_parameters(CHEAP) | change)
