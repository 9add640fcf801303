"""The ceremonies of WebAuthn with an authenticator in software: what passes, and every lie that does not."""

from __future__ import annotations

import gc
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from fido2 import cbor
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import given
from hypothesis import strategies as st

from accounts.processing.passkeys import (
    Holder,
    PasskeyRefused,
    RelyingParty,
    begin_registration,
    begin_signing,
    complete_registration,
    complete_signing,
    holder_handle_of,
    key_of,
)
from tests.passkeys import SoftwareAuthenticator

PARTY = RelyingParty("example.org", "Portcullis", frozenset({"https://example.org", "android:apk-key-hash:abc"}))
HOLDER = Holder(b"user-1", "ada", "Ada L.")


def authenticator(**lies):
    return SoftwareAuthenticator(**{"origin": "https://example.org"} | lies)


def registered(device, *, passwordless=True):
    options, state = begin_registration(PARTY, HOLDER, known=[], passwordless=passwordless)
    return complete_registration(PARTY, state, device.create(options))


def sign(device, made, *, passwordless=True):
    known = [key_of(made.credential)]
    options, state = begin_signing(PARTY, known=known, passwordless=passwordless)
    return complete_signing(PARTY, state, device.get(options), known=known)


def test_a_passkey_is_made_and_signs():
    device = authenticator()
    made = registered(device)
    assert (made.sign_count, made.is_discoverable) == (1, True)
    assert sign(device, made).credential_id == device.passkeys[0].id


def test_what_the_browser_gets_is_json_and_names_us_and_the_holder():
    options, state = begin_registration(PARTY, HOLDER, known=[], passwordless=True)
    asked = json.loads(json.dumps(options))["publicKey"]
    assert asked["rp"] == {"id": "example.org", "name": "Portcullis"}
    assert asked["user"] == {"id": websafe_encode(b"user-1"), "name": "ada", "displayName": "Ada L."}
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    json.dumps(state)


def test_a_device_is_told_which_passkeys_it_need_not_make_again():
    made = registered(authenticator())
    options, _ = begin_registration(PARTY, HOLDER, known=[key_of(made.credential)], passwordless=False)
    assert [entry["id"] for entry in options["publicKey"]["excludeCredentials"]] == [made.credential["id"]]


def test_what_is_kept_of_a_passkey_is_json_and_leads_to_its_key():
    made = registered(authenticator())
    kept = json.loads(json.dumps(made.credential))
    assert key_of(kept) == key_of(made.credential)


def test_a_security_key_that_verifies_nobody_is_a_second_factor_but_no_passwordless_one():
    device = authenticator(verifies_user=False)
    made = registered(device, passwordless=False)
    assert not made.is_discoverable
    assert sign(device, made, passwordless=False).credential_id == device.passkeys[0].id
    with pytest.raises(PasskeyRefused):
        sign(device, made, passwordless=True)
    with pytest.raises(PasskeyRefused):
        registered(device, passwordless=True)


LIES = [
    {"origin": "https://evil.example"},
    {"origin": "https://example.org.evil.example"},
    {"origin": "https://sub.example.org"},
    {"origin": "http://example.org"},
    {"origin": "http://localhost"},
    {"origin": "null"},
    {"rp_id": "evil.example"},
    {"user_is_present": False},
    {"cross_origin": True},
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_no_passkey_is_made_by_whoever_lies(lie):
    with pytest.raises(PasskeyRefused):
        registered(authenticator(**lie))


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_no_signature_counts_of_whoever_lies(lie):
    device = authenticator()
    made = registered(device)
    for name, value in lie.items():
        setattr(device, name, value)
    with pytest.raises(PasskeyRefused):
        sign(device, made)


def test_an_app_is_accepted_by_the_hash_of_its_signing_key():
    device = authenticator(origin="android:apk-key-hash:abc")
    assert sign(device, registered(device)).credential_id == device.passkeys[0].id


def test_on_localhost_every_port_is_ours_and_tls_is_not_needed():
    party = RelyingParty("localhost", "Portcullis", frozenset())
    assert party.accepts("http://localhost:8123")
    assert not party.accepts("http://127.0.0.1:8123")
    assert not party.accepts("http://localhost.evil.example")
    assert not party.accepts("https://example.org")


def test_an_answer_to_another_question_is_refused():
    device = authenticator()
    made = registered(device)
    known = [key_of(made.credential)]
    old_options, _ = begin_signing(PARTY, known=known, passwordless=True)
    _, state = begin_signing(PARTY, known=known, passwordless=True)
    with pytest.raises(PasskeyRefused):
        complete_signing(PARTY, state, device.get(old_options), known=known)
    with pytest.raises(PasskeyRefused):
        complete_signing(PARTY, None, device.get(old_options), known=known)


def test_an_answer_that_takes_longer_than_five_minutes_is_refused():
    device = authenticator()
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as clock:
        options, state = begin_registration(PARTY, HOLDER, known=[], passwordless=True)
        answer = device.create(options)
        clock.shift(timedelta(seconds=301))
        with pytest.raises(PasskeyRefused):
            complete_registration(PARTY, state, answer)


def test_a_passkey_of_somebody_else_is_refused():
    known = [key_of(registered(authenticator()).credential)]
    stranger = authenticator()
    registered(stranger)
    options, state = begin_signing(PARTY, known=known, passwordless=True)
    with pytest.raises(PasskeyRefused):
        complete_signing(PARTY, state, stranger.get(options), known=known)


def test_a_signature_of_another_key_under_a_known_id_is_refused():
    device, thief = authenticator(), authenticator()
    known = [key_of(registered(device).credential)]
    registered(thief)
    thief.passkeys[0].id = device.passkeys[0].id
    options, state = begin_signing(PARTY, known=known, passwordless=True)
    with pytest.raises(PasskeyRefused):
        complete_signing(PARTY, state, thief.get(options), known=known)


def test_a_passkey_says_whose_it_is_only_when_it_is_discoverable():
    device = authenticator()
    registered(device)
    options, _ = begin_signing(PARTY, known=[], passwordless=True)
    assert holder_handle_of(device.get(options)) == b"user-1"
    device.passkeys[0].discoverable = False
    with pytest.raises(PasskeyRefused):
        holder_handle_of(device.get(options))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["id", "rawId", "type", "response", "clientExtensionResults"]), json_values))
def test_whatever_json_is_sent_is_refused_and_breaks_nothing(credential):
    _, state = begin_registration(PARTY, HOLDER, known=[], passwordless=True)
    for attempt in (
        lambda: complete_registration(PARTY, state, credential),
        lambda: complete_signing(PARTY, state, credential, known=[]),
        lambda: holder_handle_of(credential),
    ):
        with pytest.raises(PasskeyRefused):
            attempt()


TOO_MANY = 1 << 40  # bytes: nobody has so much memory


def numbered_id(answer):
    answer |= {"id": TOO_MANY, "rawId": TOO_MANY}


def numbered(name):
    def spoil(answer):
        answer["response"][name] = TOO_MANY

    return spoil


def numbered_challenge(answer):
    said = json.loads(websafe_decode(answer["response"]["clientDataJSON"]))
    answer["response"]["clientDataJSON"] = websafe_encode(json.dumps(said | {"challenge": TOO_MANY}).encode())


def numbered_authenticator_data(answer):
    told = cbor.decode(websafe_decode(answer["response"]["attestationObject"]))
    answer["response"]["attestationObject"] = websafe_encode(cbor.encode({**told, "authData": TOO_MANY}))


@pytest.mark.parametrize(
    "spoil",
    [
        numbered_id,
        numbered("clientDataJSON"),
        numbered("attestationObject"),
        numbered_challenge,
        numbered_authenticator_data,
    ],
)
def test_a_registration_with_a_number_for_bytes_is_refused_before_so_many_bytes_are_made(spoil):
    device = authenticator()
    options, state = begin_registration(PARTY, HOLDER, known=[], passwordless=True)
    answer = device.create(options)
    spoil(answer)
    with pytest.raises(PasskeyRefused):
        complete_registration(PARTY, state, answer)


@pytest.mark.parametrize(
    "spoil",
    [
        numbered_id,
        *map(numbered, ["clientDataJSON", "authenticatorData", "signature", "userHandle"]),
        numbered_challenge,
    ],
)
def test_a_signature_with_a_number_for_bytes_is_refused_before_so_many_bytes_are_made(spoil):
    """Whoever has no account may send one: it is asked whose it is before anything is known."""
    device = authenticator()
    known = [key_of(registered(device).credential)]
    options, state = begin_signing(PARTY, known=known, passwordless=True)
    answer = device.get(options)
    spoil(answer)
    with pytest.raises(PasskeyRefused):
        holder_handle_of(answer)
    with pytest.raises(PasskeyRefused):
        complete_signing(PARTY, state, answer, known=known)


@given(st.sampled_from(["attestationObject", "clientDataJSON"]), st.data())
def test_a_registration_with_broken_bytes_is_refused_and_breaks_nothing(part, data):
    device = authenticator()
    options, state = begin_registration(PARTY, HOLDER, known=[], passwordless=True)
    answer = device.create(options)
    whole = websafe_decode(answer["response"][part])
    broken = data.draw(st.binary(max_size=64) | st.integers(0, len(whole) - 1).map(lambda end: whole[:end]))
    answer["response"][part] = websafe_encode(broken)
    with pytest.raises(PasskeyRefused):
        complete_registration(PARTY, state, answer)


@pytest.fixture
def no_collector():
    """Let the garbage collector rest: what measures it, of Hypothesis, would fail as deep in the stack as that and be reported."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("depth", [1_000, 50_000])
def test_bytes_that_are_nested_without_end_are_refused(depth, no_collector):
    device = authenticator()
    options, state = begin_registration(PARTY, HOLDER, known=[], passwordless=True)
    answer = device.create(options)
    answer["response"]["attestationObject"] = websafe_encode(b"\x81" * depth)
    with pytest.raises(PasskeyRefused):
        complete_registration(PARTY, state, answer)
