"""What a client says before its first frame: protocol version, wire format, origin and proof of identity. Nothing is trusted here."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import msgspec
from django.conf import settings

from accounts.processing.key_texts import address_holds_key
from gateway.errors import BadHandshake
from gateway.frames import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, WireFormat

TOKEN_PARAMETERS = frozenset({"token", "access", "access_token", "jwt", "bearer", "key", "api_key"})


class Handshake(msgspec.Struct, frozen=True):
    """What was offered: the chosen subprotocol (None: nothing that we speak), and at most one proof."""

    subprotocol: str | None
    ticket: str | None = None
    token: str | None = None
    token_in_query: bool = False

    @property
    def wire_format(self) -> WireFormat:
        """The encoding that belongs to the subprotocol."""
        return "msgpack" if self.subprotocol == MSGPACK_SUBPROTOCOL else "json"

    def check(self) -> None:
        """Raise `BadHandshake` for an unknown version, or for a token where logs and proxies would see it."""
        if self.subprotocol is None:
            raise BadHandshake(f"Offer the subprotocol {JSON_SUBPROTOCOL} or {MSGPACK_SUBPROTOCOL}.")
        if self.token_in_query:
            raise BadHandshake(
                "Never put a token into the address. Use a ticket, a subprotocol entry or an auth frame."
            )

    @property
    def has_proof(self) -> bool:
        """Whether the client said who it is before its first frame."""
        return self.ticket is not None or self.token is not None


def read_handshake(scope: dict[str, Any]) -> Handshake:
    """Return what the client offered in its upgrade request."""
    offered = scope.get("subprotocols") or []
    address = scope.get("query_string", b"").decode("latin-1")
    query = parse_qs(address)
    bearer = next((entry.removeprefix("bearer.") for entry in offered if entry.startswith("bearer.")), None)
    return Handshake(
        subprotocol=next((name for name in (MSGPACK_SUBPROTOCOL, JSON_SUBPROTOCOL) if name in offered), None),
        ticket=query.get("ticket", [None])[0],
        token=_bearer_of_header(scope) if bearer is None else bearer,
        token_in_query=not TOKEN_PARAMETERS.isdisjoint(query) or address_holds_key(address),
    )


def _bearer_of_header(scope: dict[str, Any]) -> str | None:
    """Return what a client that is no browser sent as its `Authorization: Bearer`, as it does with REST."""
    header = dict(scope.get("headers") or ()).get(b"authorization", b"").decode("latin-1")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def origin_allowed(scope: dict[str, Any]) -> bool:
    """Tell whether the page that opens the socket may: same host, a trusted origin, or no browser at all."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not origin or origin in settings.CORS_ALLOWED_ORIGINS:
        return True
    _, _, host = origin.partition("://")  # an origin has no path; what it may hold otherwise is compared, not parsed
    return bool(host == headers.get(b"host", b"").decode("latin-1"))
