"""The two ceremonies of WebAuthn: a passkey is made, a passkey signs. Whose they are and where they are kept is not known here.

What is checked follows W3C Web Authentication, sections 7.1 and 7.2; the cryptography is python-fido2's. A ceremony has a
`state`, which the server keeps between its two halves and uses once.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from fido2 import cbor
from fido2.cose import UnsupportedKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.constants import PASSKEY_CEREMONY_SECONDS, PASSKEY_ID_MAX_BYTES

_EXTENSIONS = {"credProps": True}
_BEGUN_AT = "begun_at"
_LOCAL_HOST = "localhost"
_BINARY = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")
# What the parsers of the formats inside a credential raise when it was not made by an authenticator.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, struct.error)


class PasskeyRefused(Exception):
    """The ceremony failed; the reason is for logs, not for whoever tried."""


class RelyingParty(msgspec.Struct, frozen=True):
    """Who we are to an authenticator: a passkey belongs to the domain `id`, and signs for pages and apps of these origins."""

    id: str
    name: str
    origins: frozenset[str]

    def accepts(self, origin: str) -> bool:
        """Whether a page or app there may use our passkeys. Without TLS, browsers trust nothing but `http://localhost`, on any port."""
        if self.id == _LOCAL_HOST and urlsplit(origin).scheme == "http" and urlsplit(origin).hostname == _LOCAL_HOST:
            return True
        return origin in self.origins


class NewPasskey(msgspec.Struct, frozen=True):
    """A passkey that was just made: what to keep of it, its signature counter, and whether it knows its user by itself."""

    credential: dict[str, Any]
    sign_count: int
    is_discoverable: bool


class Signed(msgspec.Struct, frozen=True):
    """A good signature: by which passkey, and its counter afterwards."""

    credential_id: bytes
    sign_count: int


class Holder(msgspec.Struct, frozen=True):
    """For whom a passkey is made: what it hands back to name its user, and what people read when they choose one."""

    handle: bytes
    name: str
    display_name: str


def relying_party() -> RelyingParty:
    """Return who this installation is, by its settings; without origins its own page alone is trusted."""
    origins = settings.WEBAUTHN_ORIGINS or [f"https://{settings.WEBAUTHN_RP_ID}"]
    return RelyingParty(settings.WEBAUTHN_RP_ID, settings.SITE_NAME, frozenset(origins))


def begin_registration(
    party: RelyingParty, holder: Holder, *, known: Sequence[AttestedCredentialData], passwordless: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a browser's `navigator.credentials.create` takes, and the state.

    A device that holds one of the `known` passkeys makes no second one. `passwordless` asks for a passkey that is found
    without a name and unlocked by its user.
    """
    options, state = _server(party).register_begin(
        PublicKeyCredentialUserEntity(id=holder.handle, name=holder.name, display_name=holder.display_name),
        credentials=known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED
        if passwordless
        else ResidentKeyRequirement.DISCOURAGED,
        user_verification=_verification(required=passwordless),
        extensions=_EXTENSIONS,
    )
    return dict(options), _begun(state)


def complete_registration(
    party: RelyingParty, state: Mapping[str, Any] | None, credential: Mapping[str, Any]
) -> NewPasskey:
    """Return the passkey that `credential` tells of. Raises `PasskeyRefused`."""
    try:
        _refuse_numbers_for_bytes(credential)
        response = RegistrationResponse.from_dict(credential)
        made = _server(party).register_complete(_living(state), response)
        _check(response.response.client_data, made)
        _check_key(response, made.credential_data)
        return NewPasskey(
            credential=dict(response),
            sign_count=made.counter,
            is_discoverable=_is_discoverable(response) and made.is_user_verified(),
        )
    except _MALFORMED as error:
        raise PasskeyRefused(str(error)) from error


def begin_signing(
    party: RelyingParty, *, known: Sequence[AttestedCredentialData], passwordless: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a browser's `navigator.credentials.get` takes, and the state. Without a password its user must unlock the passkey."""
    options, state = _server(party).authenticate_begin(
        credentials=known, user_verification=_verification(required=passwordless)
    )
    return dict(options), _begun(state)


def complete_signing(
    party: RelyingParty,
    state: Mapping[str, Any] | None,
    credential: Mapping[str, Any],
    *,
    known: Sequence[AttestedCredentialData],
) -> Signed:
    """Return which of the `known` passkeys has signed. Raises `PasskeyRefused`. Counters are for the caller to compare."""
    try:
        _refuse_numbers_for_bytes(credential)
        response = AuthenticationResponse.from_dict(credential)
        _check(response.response.client_data, response.response.authenticator_data)
        signed = _server(party).authenticate_complete(_living(state), known, response)
        return Signed(bytes(signed.credential_id), response.response.authenticator_data.counter)
    except _MALFORMED as error:
        raise PasskeyRefused(str(error)) from error


def holder_handle_of(credential: Mapping[str, Any]) -> bytes:
    """Return whose passkey it says that it is; nothing is proven by that. Raises `PasskeyRefused`."""
    try:
        _refuse_numbers_for_bytes(credential)
        handle = AuthenticationResponse.from_dict(credential).response.user_handle
    except _MALFORMED as error:
        raise PasskeyRefused(str(error)) from error
    if not handle:
        raise PasskeyRefused("it does not say whose it is")
    return handle


def keys_of(credentials: Iterable[Mapping[str, Any]]) -> list[AttestedCredentialData]:
    """Return the id and public key of each passkey that was kept, in order."""
    return [key_of(credential) for credential in credentials]


def key_of(credential: Mapping[str, Any]) -> AttestedCredentialData:
    """Return the id and public key of a passkey that was kept as `NewPasskey.credential`."""
    key = RegistrationResponse.from_dict(credential).response.attestation_object.auth_data.credential_data
    if key is None:
        raise ValueError("what was kept holds no key")
    return key


def _server(party: RelyingParty) -> Fido2Server:
    return Fido2Server(PublicKeyCredentialRpEntity(id=party.id, name=party.name), verify_origin=party.accepts)


def _verification(*, required: bool) -> UserVerificationRequirement:
    return UserVerificationRequirement.REQUIRED if required else UserVerificationRequirement.PREFERRED


def _begun(state: Mapping[str, Any]) -> dict[str, Any]:
    return {**state, _BEGUN_AT: time.time()}


def _living(state: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if state is None or time.time() - state[_BEGUN_AT] > PASSKEY_CEREMONY_SECONDS:
        raise ValueError("no such ceremony has begun, or it took too long")
    return state


def _refuse_numbers_for_bytes(credential: Mapping[str, Any]) -> None:
    """Refuse a number where bytes belong: python-fido2 makes that many bytes of it, so ten digits of anybody take all memory."""
    response = credential["response"]
    given = [credential["rawId"], *(response[name] for name in _BINARY if response.get(name) is not None)]
    if not all(isinstance(text, str) for text in given):
        raise TypeError("bytes are given as text")
    if not isinstance(json.loads(websafe_decode(response["clientDataJSON"]))["challenge"], str):
        raise TypeError("a challenge is text")
    attestation = response.get("attestationObject")
    told: Any = cbor.decode(websafe_decode(attestation)) if attestation is not None else {"authData": b""}
    if not isinstance(told["authData"], bytes):
        raise TypeError("what an authenticator says is bytes")


def _check(client: CollectedClientData, authenticator: AuthenticatorData) -> None:
    """Refuse what python-fido2 lets pass: a frame of ours in a foreign page, and backup flags that contradict each other."""
    if client.cross_origin:
        raise ValueError("signed inside a page of another origin")
    flags = authenticator.flags
    if flags & AuthenticatorData.FLAG.BS and not flags & AuthenticatorData.FLAG.BE:
        raise ValueError("backed up, but not able to be")


def _check_key(response: RegistrationResponse, key: AttestedCredentialData | None) -> None:
    if key is None or key.credential_id != response.raw_id or len(key.credential_id) > PASSKEY_ID_MAX_BYTES:
        raise ValueError("the id of the key is not that of the answer, or too long")
    if isinstance(key.public_key, UnsupportedKey):
        raise TypeError("a key of an algorithm that was not offered")
    with suppress(InvalidSignature):
        key.public_key.verify(
            b"", b""
        )  # a key that is none, as a point beside the curve, says so here and not at the first login


def _is_discoverable(response: RegistrationResponse) -> bool:
    properties = response.client_extension_results.get("credProps")
    return isinstance(properties, Mapping) and properties.get("rk") is True
