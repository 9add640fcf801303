"""Socket tickets: a secret for the address of a WebSocket, where a token must not stand, good for one use."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec
from django.conf import settings

from accounts.events import SocketTicket
from accounts.storage.tickets import put_ticket, take_tickets
from kernel.actor import Actor
from kernel.errors import Unauthenticated
from kernel.ids import SessionId, UserId
from kernel.scopes import KeyGrant
from kernel.wire import encode_json


class TicketHolder(msgspec.Struct, frozen=True):
    """Who gets in with a ticket: by a session, or by a key of a person or a bot."""

    user_id: UserId
    session_id: SessionId | None = None
    key: KeyGrant | None = None
    is_bot: bool = False


def issue_ticket(actor: Actor) -> SocketTicket:
    """Return a new ticket for the actor's session or key. Raises `Unauthenticated` without either, `Unavailable` without Redis."""
    user_id = actor.require_user()
    if actor.session_id is None and actor.key is None:
        raise Unauthenticated
    ticket = secrets.token_urlsafe(32)
    put_ticket(ticket, encode_json(TicketHolder(user_id, actor.session_id, actor.key, actor.kind == "bot")))
    return SocketTicket(ticket=ticket, expires_in=settings.SOCKET_TICKET_SECONDS)


def use_up_tickets(tickets: Sequence[str]) -> list[TicketHolder | None]:
    """Return each ticket's holder, once; None for one that is no good. One round trip for all; `Unavailable` when Redis is away."""
    values = take_tickets(tickets)
    return [None if value is None else msgspec.json.decode(value, type=TicketHolder) for value in values]
