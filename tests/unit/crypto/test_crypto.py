"""The primitives against published vectors, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine import crypto

KEY = bytes(range(32))
NONCE = bytes(12)


def test_sha256_is_that_of_fips_180_4():
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert crypto.sha256(b"abc").hex() == expected


def test_hmac_is_that_of_rfc_4231_case_2():
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert crypto.hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex() == expected


def test_hkdf_is_that_of_rfc_5869_case_1():
    derived = crypto.hkdf_sha256(
        bytes.fromhex("0b" * 22),
        bytes.fromhex("000102030405060708090a0b0c"),
        bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"),
        42,
    )
    expected = (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    assert derived.hex() == expected


def test_aes_gcm_is_that_of_its_specification_case_16():
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    plaintext = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = crypto.seal_aes_gcm(key, nonce, plaintext, aad)
    assert sealed[:8].hex() == "522dc1f099567d07"
    assert sealed[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"
    assert crypto.open_aes_gcm(key, nonce, sealed, aad) == plaintext


def test_argon2id_is_that_of_its_reference_implementation():
    derived = crypto.argon2id(
        b"password", b"somesalt", time=2, memory_kib=1 << 16, lanes=1, length=32
    )
    expected = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
    assert derived.hex() == expected


@given(plaintext=st.binary(max_size=64), aad=st.binary(max_size=64), data=st.data())
def test_whatever_was_changed_does_not_open(plaintext: bytes, aad: bytes, data: st.DataObject):
    sealed = crypto.seal_aes_gcm(KEY, NONCE, plaintext, aad)
    parts = {"key": KEY, "nonce": NONCE, "ciphertext": sealed, "aad": aad}
    name = data.draw(st.sampled_from([name for name, value in parts.items() if value]))
    value = bytearray(parts[name])
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(crypto.AuthenticationFailed):
        crypto.open_aes_gcm(**(parts | {name: bytes(value)}))


@pytest.mark.parametrize("length", [0, 15])
def test_a_text_shorter_than_its_seal_does_not_open(length: int):
    with pytest.raises(crypto.AuthenticationFailed):
        crypto.open_aes_gcm(KEY, NONCE, bytes(length), b"")


@pytest.mark.parametrize(("key", "nonce"), [(16, 12), (24, 12), (33, 12), (32, 8), (32, 16)])
def test_a_key_or_nonce_of_another_length_is_refused(key: int, nonce: int):
    with pytest.raises(crypto.CryptoError):
        crypto.seal_aes_gcm(bytes(key), bytes(nonce), b"", b"")
    with pytest.raises(crypto.CryptoError):
        crypto.open_aes_gcm(bytes(key), bytes(nonce), bytes(16), b"")


def test_more_key_than_hkdf_can_give_is_refused():
    with pytest.raises(crypto.CryptoError):
        crypto.hkdf_sha256(KEY, b"", b"", 255 * 32 + 1)


@pytest.mark.parametrize(
    "change", [{"time": 0}, {"lanes": 0}, {"memory_kib": 7}, {"length": 0}, {"salt": b"short"}]
)
def test_impossible_parameters_of_argon2id_are_refused(change: dict[str, Any]):
    parameters: dict[str, Any] = {
        "salt": bytes(16),
        "time": 1,
        "memory_kib": 8,
        "lanes": 1,
        "length": 32,
    }
    with pytest.raises(crypto.CryptoError):
        crypto.argon2id(b"passphrase", **(parameters | change))


def test_random_bytes_are_as_many_as_asked_for_and_never_the_same():
    drawn = {crypto.random_bytes(16) for _ in range(100)}
    assert {len(value) for value in drawn} == {16}
    assert len(drawn) == 100


def test_scrypt_is_that_of_rfc_7914():
    derived = crypto.scrypt(b"password", b"NaCl", cost=1024, block=8, lanes=16, length=64)
    expected = (
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    )
    assert derived.hex() == expected


@pytest.mark.parametrize(
    ("cost", "block", "lanes", "length"),
    [
        (1000, 8, 1, 32),
        (16, 0, 1, 32),
        (16, 8, 0, 32),
        (16, 8, 1, 0),
        (-16, 8, 1, 32),
        (1 << 40, 8, 1, 32),
    ],
)
def test_scrypt_that_is_not_possible_is_an_error(cost: int, block: int, lanes: int, length: int):
    with pytest.raises(crypto.CryptoError):
        crypto.scrypt(b"password", b"NaCl", cost=cost, block=block, lanes=lanes, length=length)


def test_a_key_that_is_kept_ready_does_what_it_does_alone():
    cipher = crypto.AesGcm(KEY)
    sealed = cipher.seal(NONCE, b"text", b"header")
    assert sealed == crypto.seal_aes_gcm(KEY, NONCE, b"text", b"header")
    assert cipher.open(NONCE, sealed, b"header") == b"text"
    assert cipher.open_all([NONCE] * 2, [sealed] * 2, [b"header"] * 2) == [b"text"] * 2
    with pytest.raises(crypto.AuthenticationFailed):
        cipher.open(NONCE, sealed, b"another")
    with pytest.raises(crypto.AuthenticationFailed):
        cipher.open_all([NONCE] * 2, [sealed] * 2, [b"header", b"another"])


def test_a_key_that_is_kept_ready_refuses_wrong_lengths():
    with pytest.raises(crypto.CryptoError):
        crypto.AesGcm(KEY[1:])
    cipher = crypto.AesGcm(KEY)
    for work in (
        lambda: cipher.seal(NONCE[1:], b"text", b""),
        lambda: cipher.open(NONCE[1:], b"text" * 5, b""),
        lambda: cipher.open_all([NONCE, NONCE[1:]], [b"text" * 5] * 2, [b""] * 2),
    ):
        with pytest.raises(crypto.CryptoError, match="nonce"):
            work()
