"""Telling users what happens with their sessions: on their other devices at once, and by mail when it may be somebody else."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Q

from accounts.actions.attempts import Client
from accounts.actions.known_devices import device_of
from accounts.actions.mail import send_mail_from_template
from accounts.constants import FIRST_SIGN_IN_HOURS
from accounts.events import SessionReplayed, SessionStarted
from accounts.models import Session
from accounts.payloads import session_payload
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.addresses import network_family
from kernel.clock import now
from kernel.ids import UserId
from kernel.user_agents import without_versions


def surroundings_of(client: Client) -> str:
    """Return what tells a device that keeps no token: what it calls itself without versions, and the wide network that it is in."""
    told = f"{without_versions(client.user_agent)}\n{network_family(client.network)}"
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()


def was_seen_before(session: Session, client: Client) -> bool:
    """Whether the user of a session that is about to begin was signed in from this device before, as far as sessions are kept.

    By the token that the device keeps, or else by its surroundings. A new account has not been anywhere, so its first device is
    not news. One statement at most.
    """
    if device_of(client.device, UserId(session.user_id)) is not None:
        return True
    alike = BoolOr(Q(surroundings_hash=session.surroundings_hash))
    seen: bool | None = Session.objects.filter(user_id=session.user_id).aggregate(alike=alike)["alike"]
    if seen is None:
        return now() - session.user.created_at < timedelta(hours=FIRST_SIGN_IN_HOURS)
    return seen


def tell_of_session(session: Session, *, new_device: bool) -> None:
    """Emit `session.started`, and mail the user about a new device. Call it last in the transaction that begins the session."""
    if new_device:
        _mail("account/mail/new_device", session)
    _append(session, SessionStarted(session=session_payload(session), new_device=new_device))


def tell_of_replay(session: Session) -> None:
    """Emit `session.replayed` and mail the user, in the transaction that ends the session."""
    _mail("account/mail/session_replayed", session)
    _append(session, SessionReplayed(session=session_payload(session)))


def _append(session: Session, event: SessionStarted | SessionReplayed) -> None:
    append([Draft(topic_for("user", session.user_id), event)])


def _mail(template: str, session: Session) -> None:
    """Mail what no stranger can have written: an address that is not confirmed yet may be anybody's."""
    known = session_payload(session)
    send_mail_from_template(
        template,
        to=session.user.email,
        context={"device": known.device, "network": known.network, "at": now()},
    )
