"""An authenticator in software, for tests: makes passkeys and signs with them as a phone or a security key would."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

ORIGIN = "http://localhost:8000"
FLAG = AuthenticatorData.FLAG


@dataclass
class Passkey:
    """One key pair with its counter; a `discoverable` one tells whose it is."""

    id: bytes
    private_key: ec.EllipticCurvePrivateKey
    user_handle: bytes
    discoverable: bool
    sign_count: int = 0


@dataclass
class SoftwareAuthenticator:
    """Answers `options` of the server. Attributes are what tests lie with: the page's origin, who was there, what is counted."""

    origin: str = ORIGIN
    verifies_user: bool = True
    user_is_present: bool = True
    counts: bool = True
    cross_origin: bool = False
    rp_id: str | None = None
    passkeys: list[Passkey] = field(default_factory=list)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make a passkey, as `navigator.credentials.create` would."""
        asked = options["publicKey"]
        discoverable = asked["authenticatorSelection"]["residentKey"] == "required"
        key = ec.generate_private_key(ec.SECP256R1())
        passkey = Passkey(secrets.token_bytes(32), key, websafe_decode(asked["user"]["id"]), discoverable)
        self.passkeys.append(passkey)
        public = AttestedCredentialData.create(b"\0" * 16, passkey.id, ES256.from_cryptography_key(key.public_key()))
        data = self._authenticator_data(asked["rp"]["id"], passkey, FLAG.AT, public)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", asked)),
            "attestationObject": websafe_encode(attestation),
        }
        return _answer(passkey, response, {"credProps": {"rk": discoverable}})

    def get(self, options: dict[str, Any], passkey: Passkey | None = None) -> dict[str, Any]:
        """Sign, as `navigator.credentials.get` would, with the newest passkey unless one is given."""
        asked = options["publicKey"]
        passkey = passkey or self.passkeys[-1]
        client_data = self._client_data("webauthn.get", asked)
        data = self._authenticator_data(asked["rpId"], passkey)
        signature = passkey.private_key.sign(data + sha256(client_data).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
        }
        if passkey.discoverable:
            response["userHandle"] = websafe_encode(passkey.user_handle)
        return _answer(passkey, response, {})

    def _client_data(self, kind: str, asked: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(said).encode()

    def _authenticator_data(self, rp_id: str, passkey: Passkey, more: int = 0, key: bytes = b"") -> bytes:
        flags = more | (FLAG.UP if self.user_is_present else 0) | (FLAG.UV if self.verifies_user else 0)
        passkey.sign_count += 1 if self.counts else 0
        hashed = sha256((self.rp_id or rp_id).encode()).digest()
        return bytes(AuthenticatorData.create(hashed, FLAG(flags), passkey.sign_count if self.counts else 0, key))


def _answer(passkey: Passkey, response: dict[str, str], extensions: dict[str, Any]) -> dict[str, Any]:
    named = websafe_encode(passkey.id)
    return {
        "id": named,
        "rawId": named,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "response": response,
        "clientExtensionResults": extensions,
    }
