"""A recovery key is read whatever way it was typed, and a slip in it is found."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatelaine.errors import RecoveryKeyMistyped
from chatelaine.vault import recovery_key

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SECRETS = st.binary(min_size=16, max_size=16)
FORM = re.compile(r"([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}")
SUGGESTION = re.compile(
    r"Groups? (\d)(?: and (\d))?: did you mean ([0-9A-Z]{4}(?:-[0-9A-Z]{4})?)\?"
)


def told(text: str) -> str:
    with pytest.raises(RecoveryKeyMistyped) as error:
        recovery_key.from_text(text)
    return error.value.message


def suggested(text: str) -> tuple[list[int], list[str]]:
    match = SUGGESTION.fullmatch(told(text))
    assert match, told(text)
    return [int(n) for n in match.group(1, 2) if n], match[3].split("-")


def test_a_known_key_is_written_and_read_the_same_for_ever():
    text = "0410-6105-0R3G-G28A-1C60-T3GF-22WE-QKQW"
    assert recovery_key.to_text(bytes(range(1, 17))) == text
    assert recovery_key.from_text(text) == bytes(range(1, 17))


@given(secret=SECRETS)
def test_every_secret_comes_back(secret: bytes):
    text = recovery_key.to_text(secret)
    assert FORM.fullmatch(text)
    assert recovery_key.from_text(text) == secret


@given(secret=SECRETS, data=st.data())
def test_case_separators_and_look_alikes_do_not_matter(secret: bytes, data: st.DataObject):
    separators = st.sampled_from(["", " ", "-", "\n", ".", "_", "\u200b", "\u00a0", "\u2013"])
    alike = {"0": "0Oo\uff10", "1": "1IiLl\uff11"}
    typed = []
    for character in recovery_key.to_text(secret).replace("-", ""):
        variants = alike.get(character, character + character.lower())
        typed += [data.draw(st.sampled_from(variants)), data.draw(separators)]
    assert recovery_key.from_text("".join(typed)) == secret


@pytest.mark.timeout(120)
@settings(max_examples=2000)
@given(secret=SECRETS, place=st.integers(0, 31), wrong=st.sampled_from(ALPHABET + "U€*=|"))
def test_2000_wrong_characters_are_all_located_and_none_is_accepted(
    secret: bytes, place: int, wrong: str
):
    text = recovery_key.to_text(secret)
    characters = text.replace("-", "")
    assume(characters[place] != wrong)
    typed = characters[:place] + wrong + characters[place + 1 :]
    assert suggested(typed) == ([place // 4 + 1], [text.split("-")[place // 4]])


@settings(max_examples=300)
@given(secret=SECRETS, place=st.integers(0, 31))
def test_a_missing_character_is_located(secret: bytes, place: int):
    characters = recovery_key.to_text(secret).replace("-", "")
    (number,), (group,) = suggested(characters[:place] + characters[place + 1 :])
    assert group == characters[4 * number - 4 : 4 * number]
    assert number >= place // 4 + 1


@settings(max_examples=300)
@given(secret=SECRETS, place=st.integers(0, 32), wrong=st.sampled_from(ALPHABET))
def test_a_superfluous_character_is_located(secret: bytes, place: int, wrong: str):
    characters = recovery_key.to_text(secret).replace("-", "")
    (number,), (group,) = suggested(characters[:place] + wrong + characters[place:])
    assert group == characters[4 * number - 4 : 4 * number]


@settings(max_examples=300)
@given(secret=SECRETS, place=st.integers(0, 30))
def test_two_swapped_characters_are_located(secret: bytes, place: int):
    characters = recovery_key.to_text(secret).replace("-", "")
    first, second = characters[place], characters[place + 1]
    assume(first != second)
    numbers, groups = suggested(characters[:place] + second + first + characters[place + 2 :])
    assert numbers == sorted({place // 4 + 1, (place + 1) // 4 + 1})
    assert groups == [characters[4 * n - 4 : 4 * n] for n in numbers]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "32 letters and digits; 0 were typed"),
        ("8QH7-P6K7", "8 were typed"),
        ("U" * 32, "look at group 1, 2, 3"),
        ("0" * 20 + "U" + "0" * 7 + "U" + "000", "look at group 6, 8"),
        ("0" * 30 + "12", "More than one character"),
        ("ß" * 31, "31 were typed"),
    ],
)
def test_what_cannot_be_located_is_told_in_other_words(typed: str, words: str):
    assert words in told(typed)


@given(text=st.text())
def test_nothing_that_is_no_key_is_accepted(text: str):
    with pytest.raises(RecoveryKeyMistyped):
        recovery_key.from_text(text)


def test_new_secrets_differ():
    secrets = {recovery_key.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {16}


def test_a_secret_of_another_length_is_refused():
    with pytest.raises(ValueError, match="16 bytes"):
        recovery_key.to_text(bytes(15))
