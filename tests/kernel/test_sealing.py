"""Sealing: what was sealed comes back to who has the secret and the purpose, and to nobody else."""

from __future__ import annotations

import pytest

from kernel.sealing import CannotUnseal, seal, unseal


def test_what_was_sealed_comes_back():
    sealed = seal(b"246810", secret="s", purpose="p")
    assert b"246810" not in sealed
    assert unseal(sealed, secrets=["s"], purpose="p") == b"246810"


def test_the_same_value_is_sealed_differently_each_time():
    assert seal(b"246810", secret="s", purpose="p") != seal(b"246810", secret="s", purpose="p")


def test_what_was_sealed_under_an_earlier_secret_comes_back_while_that_one_is_known():
    assert unseal(seal(b"246810", secret="old", purpose="p"), secrets=["new", "old"], purpose="p") == b"246810"


@pytest.mark.parametrize(("secret", "purpose"), [("other", "p"), ("s", "other")])
def test_another_secret_or_purpose_does_not_open_it(secret, purpose):
    with pytest.raises(CannotUnseal):
        unseal(seal(b"246810", secret="s", purpose="p"), secrets=[secret], purpose=purpose)


@pytest.mark.parametrize("sealed", [b"", b"x", b"\x00" * 100])
def test_what_was_never_sealed_is_not_opened(sealed):
    with pytest.raises(CannotUnseal):
        unseal(sealed, secrets=["s"], purpose="p")


def test_a_changed_byte_is_noticed():
    sealed = bytearray(seal(b"246810", secret="s", purpose="p"))
    sealed[40] ^= 1
    with pytest.raises(CannotUnseal):
        unseal(bytes(sealed), secrets=["s"], purpose="p")
