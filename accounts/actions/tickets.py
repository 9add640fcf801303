"""Socket tickets: a secret for the address of a WebSocket, where a token must not stand, good for one use."""

from __future__ import annotations

import secrets

import msgspec
from django.conf import settings

from accounts.errors import TicketInvalid
from accounts.events import SocketTicket
from accounts.storage import put_ticket, take_ticket
from kernel.actor import Actor
from kernel.errors import Unauthenticated
from kernel.ids import SessionId, UserId
from kernel.wire import encode_json


class TicketHolder(msgspec.Struct, frozen=True):
    """Who gets in with a ticket."""

    user_id: UserId
    session_id: SessionId


def issue_ticket(actor: Actor) -> SocketTicket:
    """Return a new ticket for the actor's session. Raises `Unauthenticated` without one, `Unavailable` without Redis."""
    user_id = actor.require_user()
    if actor.session_id is None:
        raise Unauthenticated
    ticket = secrets.token_urlsafe(32)
    put_ticket(ticket, encode_json(TicketHolder(user_id, actor.session_id)))
    return SocketTicket(ticket=ticket, expires_in=settings.SOCKET_TICKET_SECONDS)


def use_up_ticket(ticket: str) -> TicketHolder:
    """Return the ticket's holder, once. Raises `TicketInvalid`, or `Unavailable` when Redis is away."""
    value = take_ticket(ticket)
    if value is None:
        raise TicketInvalid
    return msgspec.json.decode(value, type=TicketHolder)
