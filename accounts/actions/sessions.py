"""Signing in and signing out: sessions begin and end. How they go on in between is in `accounts.actions.refresh_tokens`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.contrib.auth.hashers import make_password, verify_password
from django.db import transaction

from accounts.actions.attempts import Client, begin_password_attempt
from accounts.actions.known_devices import make_device_known
from accounts.actions.new_devices import surroundings_of, tell_of_session, was_seen_before
from accounts.actions.reactivations import unchecked_let_back_in
from accounts.actions.tokens import RefreshToken, adopt, new_refresh_token, token_pair
from accounts.constants import PROLONG_SESSION_AFTER, USER_AGENT_MAX_LENGTH
from accounts.errors import InvalidCredentials
from accounts.events import SessionRevoked, SignedIn
from accounts.models import Session, User, WebSession
from accounts.models.locks import lock_open_sessions, lock_session, lock_user
from accounts.payloads import me_payload
from accounts.policies import may_end_session
from accounts.storage.live_sessions import doubt, remember_ended
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.addresses import rough_network
from kernel.clock import now
from kernel.errors import NotFound, Unauthenticated, Unavailable
from kernel.ids import SessionId, UserId, uuid7
from kernel.jobs import enqueue


class StartedSession(msgspec.Struct, frozen=True):
    """A session that has just begun, and what its client gets."""

    id: SessionId
    signed_in: SignedIn


def prove_password(*, login: str, password: str, client: Client) -> User:
    """Return the user whose login and password these are, who may be deactivated; a hash of an outdated kind is replaced.

    Unknown logins, wrong passwords and accounts without a password cost the same time and get the same answer. Raises
    `InvalidCredentials`, also when the password was changed meanwhile, or as `begin_password_attempt` does.
    """
    attempt = begin_password_attempt(login=login, client=client)
    user = attempt.user
    proven, outdated = verify_password(password, user.password if user else make_password(None))
    if user is None or not proven:
        raise InvalidCredentials
    attempt.succeed()
    if outdated:
        _replace_hash(user, make_password(password))
    return user


@transaction.atomic
def start_session(proven: User, client: Client) -> StartedSession:
    """Start a session for a user as read when they proved who they are.

    Locks the user. Emits `session.started`; a device that was not seen before is told of by mail. Raises `InvalidCredentials` when the
    password was changed since, or as `unchecked_let_back_in`.
    """
    user = lock_user(UserId(proven.id))
    if user is None or user.password != proven.password:
        raise InvalidCredentials
    unchecked_let_back_in(user)
    return _begin(user, client)


@transaction.atomic
def unchecked_start_session(user: User, client: Client) -> SignedIn:
    """Insert a session for a user who has just proved who they are, and return its tokens.

    Emits `session.started`; a device that was not seen before is told of by mail.
    """
    return _begin(user, client).signed_in


def prolong_session(session_id: SessionId) -> bool:
    """Let a session whose proof is a cookie live on from now, as a refresh does for one with tokens; return whether it was time to.

    Writes once a day at most, in one statement, which finds no session that has ended.
    """
    moment = now()
    ends = moment + RefreshToken.lifetime
    live = Session.objects.filter(pk=session_id, revoked_at=None, expires_at__gt=moment)
    return bool(live.filter(expires_at__lt=ends - PROLONG_SESSION_AFTER).update(expires_at=ends))


@transaction.atomic
def revoke_session(actor: Actor, *, session_id: SessionId) -> None:
    """End a session of the actor, or anyone's for the system and administrators; once more changes nothing.

    Locks the session. Emits `session.revoked`. Raises `Unauthenticated`, or `NotFound` for a session that is not the actor's.
    """
    if actor.kind != "system":
        actor.require_user()
    session = lock_session(session_id)
    if session is None or not may_end_session(actor, session):
        raise NotFound
    if session.revoked_at is None:
        unchecked_revoke_sessions([session])


@transaction.atomic
def revoke_own_session(actor: Actor, *, session_id: SessionId) -> None:
    """End one of the actor's sessions, whatever else the actor may do; once more changes nothing.

    Locks the session. Emits `session.revoked`. Raises `Unauthenticated` without a session, or `NotFound`.
    """
    user_id, _ = _signed_in(actor)
    session = lock_session(session_id)
    if session is None or session.user_id != user_id:
        raise NotFound
    if session.revoked_at is None:
        unchecked_revoke_sessions([session])


@transaction.atomic
def revoke_other_sessions(actor: Actor) -> None:
    """End all of the actor's sessions but the one that asks.

    Locks them. Emits `session.revoked` for each. Raises `Unauthenticated` without a session.
    """
    user_id, session_id = _signed_in(actor)
    unchecked_revoke_sessions([session for session in lock_open_sessions(user_id) if session.id != session_id])


def unchecked_revoke_sessions(sessions: Sequence[Session]) -> None:
    """End locked sessions, with their cookies, and emit `session.revoked` for each. A constant number of statements.

    Every process refuses them from the commit on. Redis is told before the commit, which is enough if this process dies, and after it;
    when it cannot be told, a job goes on trying, and what was found before is remembered for `SESSION_CHECK_SECONDS` at most.
    """
    if not sessions:
        return
    ids = [SessionId(session.id) for session in sessions]
    Session.objects.filter(pk__in=ids).update(revoked_at=now())
    WebSession.objects.filter(session__in=ids).delete()
    if not doubt(ids):
        enqueue("accounts.tasks.remember_ended_sessions", session_ids=[str(session_id) for session_id in ids])
    transaction.on_commit(lambda: remember_ended(ids))
    append([Draft(topic_for("user", session.user_id), SessionRevoked(session=session.id)) for session in sessions])


def remember_ended_sessions(session_ids: Sequence[SessionId]) -> None:
    """Tell Redis once more which sessions have ended, for the job that does so until it is heard. Raises `Unavailable` when it is not."""
    if not remember_ended(session_ids):
        raise Unavailable


def _signed_in(actor: Actor) -> tuple[UserId, SessionId]:
    """Return who acts on which device. Keys have none: they are no devices, and end none."""
    if actor.session_id is None:
        raise Unauthenticated
    return actor.require_user(), actor.session_id


def _begin(user: User, client: Client) -> StartedSession:
    """Insert a session, for a person: a bot comes with a key, whatever it is signed in with."""
    if user.is_bot:
        raise InvalidCredentials
    session_id, user_id = SessionId(uuid7()), UserId(user.id)
    refresh = new_refresh_token(user_id=user_id, session_id=session_id)
    session = Session(
        id=session_id,
        user=user,
        user_agent=client.user_agent[:USER_AGENT_MAX_LENGTH],
        network=rough_network(client.network),
        surroundings_hash=surroundings_of(client),
    )
    adopt(refresh, session)
    seen_before = was_seen_before(session, client)
    session.save(force_insert=True)
    make_device_known(user_id)
    pair = token_pair(session, refresh)
    tell_of_session(session, new_device=not seen_before)
    signed_in = SignedIn(access=pair.access, refresh=pair.refresh, expires_in=pair.expires_in, user=me_payload(user))
    return StartedSession(session_id, signed_in)


def _replace_hash(user: User, new_hash: str) -> None:
    """Keep a newer kind of hash of the same password, unless another password has come meanwhile."""
    if not User.objects.filter(pk=user.pk, password=user.password).update(password=new_hash):
        raise InvalidCredentials
    user.password = new_hash
