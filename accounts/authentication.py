"""From a proof (access token, API key or socket ticket) to an actor. Every edge signs in through here.

Nothing is written here but when a key was last used.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, cast
from uuid import UUID

import msgspec
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, CSRFCheck, get_authorization_header
from rest_framework.request import Request

from accounts.actions.api_keys import note_key_use
from accounts.actions.attempts import Client
from accounts.actions.sessions import prove_password
from accounts.actions.tickets import TicketHolder, use_up_tickets
from accounts.actions.tokens import read_access_token, read_deletion
from accounts.errors import (
    CsrfFailed,
    InvalidCredentials,
    KeyEnded,
    KeyInvalid,
    SessionEnded,
    TicketInvalid,
    TokenInvalid,
)
from accounts.models import ApiKey, Session, User
from accounts.processing.key_texts import KeyText, is_meant_as_key, read_key_text
from accounts.queries.api_keys import find_keys, find_keys_by_prefix, may_act
from accounts.queries.deletions import find_cancellable_deletion
from accounts.queries.sessions import find_live_sessions
from accounts.queries.users import unloaded_user
from accounts.storage.live_sessions import is_live
from accounts.storage.web_sessions import session_id_of
from kernel.actor import ANONYMOUS, Actor, key_actor, user_actor
from kernel.addresses import client_network
from kernel.clock import now
from kernel.errors import DomainError, Unauthenticated
from kernel.ids import ApiKeyId, SessionId, UserId
from kernel.key_access import require_route
from kernel.rate_limits import take
from kernel.scopes import KeyGrant

DEVICE_HEADER = "HTTP_X_DEVICE_TOKEN"
CHALLENGE_HEADER = "HTTP_X_CHALLENGE_RESPONSE"
_NOBODYS_HASH = "0" * 64


class AuthenticatedSession(msgspec.Struct, frozen=True):
    """Who acts, and until when that holds without a fresh proof."""

    actor: Actor
    expires_at: datetime


def actor_of_access_token(token: str) -> AuthenticatedSession:
    """Return who an access token stands for, or an API key.

    No SQL statement when the session was found alive lately, else one; one for a key. Raises `TokenExpired`, `TokenInvalid`, or
    `SessionEnded` when its session or user is gone; for a key `KeyInvalid` or `KeyEnded`.
    """
    if is_meant_as_key(token):
        return _raised(actors_of_api_keys([token])[0])
    return _authenticate(token)[1]


def unchecked_actor_of_access_token(token: str) -> AuthenticatedSession:
    """Return who a good access token was made for, without looking whether its session still lives: `live_users` does that.

    No statement. Raises `TokenExpired` or `TokenInvalid`.
    """
    claims = read_access_token(token)
    return AuthenticatedSession(user_actor(claims.user_id, claims.session_id), claims.expires_at)


def actors_of_api_keys(texts: Sequence[str]) -> list[AuthenticatedSession | DomainError]:
    """Return who each API key stands for, for as long as the key is good; or `KeyInvalid` or `KeyEnded`. Notes that they were used.

    One statement for all. For sockets, which look once more when they watch for the end of the key: see `live_users`.
    """
    return [
        key if isinstance(key, DomainError) else AuthenticatedSession(_used(key), key.expires_at)
        for key in _proven_keys(texts)
    ]


def unchecked_redeem_tickets(tickets: Sequence[str]) -> list[AuthenticatedSession | DomainError]:
    """Use up socket tickets; each holder is signed in for as long as a new access token would be good, or gets `TicketInvalid`.

    Who got the ticket by an API key is signed in for as long as that is good. One round trip to Redis for all. Whether sessions and
    keys still live is for `live_users` to say. Raises `Unavailable` when Redis is away.
    """
    expires_at = now() + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)
    return [_redeemed(holder, expires_at) if holder else TicketInvalid() for holder in use_up_tickets(tickets)]


def live_users(actors: Sequence[Actor]) -> list[User | DomainError]:
    """Return the user behind each actor, in order, or the refusal when the session or key has ended or the user is gone.

    One statement for all sessions, and one for all keys if there are any.
    """
    sessions = find_live_sessions([(actor.session_id, actor.user_id) for actor in actors])
    keys = find_keys([actor.key.id for actor in actors if actor.key is not None])
    return [
        _user_of_session(session) if actor.key is None else _user_of_key(actor.key, keys.get(actor.key.id))
        for actor, session in zip(actors, sessions, strict=True)
    ]


def actor_of(request: Request) -> Actor:
    """Return who makes a REST request; `ANONYMOUS` when it carries no token."""
    return request.auth.actor if isinstance(request.auth, AuthenticatedSession) else ANONYMOUS


def user_of(request: HttpRequest) -> User:
    """Return who is signed in, by cookie or token, where a request below `/_allauth/` comes from. Raises `Unauthenticated`."""
    user = request.user
    if not user.is_authenticated:
        raise Unauthenticated
    return user


def actor_of_user(request: HttpRequest) -> Actor:
    """Return who makes a request below `/_allauth/`. Raises `Unauthenticated`."""
    return user_actor(UserId(user_of(request).id), session_id_of(request.session))


def client_network_of(request: HttpRequest | Request) -> str:
    """Return the network that limits are counted by: an IPv4 address or the /64 of an IPv6 address."""
    meta = request.META
    return client_network(
        meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""), proxies=settings.TRUSTED_PROXY_COUNT
    )


def client_of(request: HttpRequest | Request) -> Client:
    """Return the device that a request comes from. Nothing but its network is proven."""
    meta = request.META
    return Client(
        network=client_network_of(request),
        user_agent=meta.get("HTTP_USER_AGENT", "").replace("\0", ""),
        device=meta.get(DEVICE_HEADER, "") or request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""),
        challenge=meta.get(CHALLENGE_HEADER, ""),
    )


class LimitedModelBackend(ModelBackend):
    """Passwords, for allauth: counted, at equal cost, as everywhere."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        **_: Any,
    ) -> User | None:
        """Return the user with that name and password. Raises as `prove_password`."""
        if request is None or password is None:
            return None
        try:
            return prove_password(login=email or phone or username or "", password=password, client=client_of(request))
        except InvalidCredentials:
            return None


def staff_second_factor_satisfied(request: HttpRequest) -> bool:
    """Whether this browser session was begun or confirmed with a second factor or a passkey, where staff need one."""
    if not settings.STAFF_SECOND_FACTOR:
        return True
    return any(
        record.get("method") == "mfa" for record in get_authentication_records(request, cast("User", request.user))
    )


def staff_sign_in_is_fresh(request: HttpRequest) -> bool:
    """Whether a proof was given in this browser session within the last `STAFF_SIGN_IN_HOURS`."""
    oldest = now().timestamp() - settings.STAFF_SIGN_IN_HOURS * 3600
    return any(
        record.get("at", 0) >= oldest for record in get_authentication_records(request, cast("User", request.user))
    )


class SessionTokenAuthentication(BaseAuthentication):
    """Sets `request.user` and `request.auth` from `Authorization: Bearer`, an access token or API key, or else from a session cookie.

    With none of them nobody is signed in. With a token or a cookie the user is an id: whatever else of it is read is loaded then, with
    a statement for each column.
    """

    def authenticate(self, request: Request) -> tuple[User, AuthenticatedSession] | None:
        """Return who calls; a token that is no good is an error, not an anonymous call, and a cookie that is no good is nothing.

        A key that was not given the scope of the route proves nothing there. Raises as `actor_of_access_token` and `require_route` do,
        or `CsrfFailed` for a request that writes and does not prove that our page sent it.
        """
        scheme, _, value = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return _authenticate_browser(getattr(request, "_request", request))
        token = value.strip().decode("latin-1")
        return _authenticate_key(token, request) if is_meant_as_key(token) else _authenticate(token)

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  # DRF calls it
        """Return the `WWW-Authenticate` challenge of a 401 answer."""
        return 'Bearer realm="api"'


class DeletionTokenAuthentication(SessionTokenAuthentication):
    """Signs in with the token that a sign-in during the grace of a deletion was answered with, for the routes that may keep the account."""

    def authenticate(self, request: Request) -> tuple[User, AuthenticatedSession] | None:
        """Return the user whose deletion the token cancels; their actor has no session."""
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        deletion = find_cancellable_deletion(read_deletion(token.strip().decode("latin-1")))
        if deletion is None:
            raise TokenInvalid
        user_id = UserId(deletion.user_id)
        return unloaded_user(user_id), AuthenticatedSession(user_actor(user_id), deletion.due_at)


def _authenticate(token: str) -> tuple[User, AuthenticatedSession]:
    claims = read_access_token(token)
    return _signed_in(claims.user_id, claims.session_id, claims.expires_at)


def _authenticate_browser(request: HttpRequest) -> tuple[User, AuthenticatedSession] | None:
    """Return who the cookie stands for. It costs a statement, which finds no cookie whose session has ended."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    session_id = session_id_of(request.session)
    if session_id is None:  # still signing in, or in the admin panel alone
        return None
    _require_csrf_token(request)
    user_id = UserId(UUID(request.session[SESSION_KEY]))
    return _signed_in(user_id, session_id, now() + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS))


def _require_csrf_token(request: HttpRequest) -> None:
    """Return when the request only reads or carries the token. Django's own check leaves REST out, since tokens need none."""
    answer = HttpResponse()
    check = CSRFCheck(lambda _: answer)
    check.process_request(request)
    if check.process_view(request, lambda: answer, (), {}):
        raise CsrfFailed


def _signed_in(user_id: UserId, session_id: SessionId, until: datetime) -> tuple[User, AuthenticatedSession]:
    if not is_live(session_id, user_id):
        raise SessionEnded
    return unloaded_user(user_id), AuthenticatedSession(user_actor(user_id, session_id), until)


def _authenticate_key(text: str, request: Request) -> tuple[User, AuthenticatedSession]:
    (key,) = _proven_keys([text])
    if isinstance(key, DomainError):
        take(settings.RATE_LIMITS["key_guess.address"], client_network_of(request))
        raise key
    actor = _used(key)
    match = request.resolver_match
    require_route(actor, match.view_name if match else "", request.method or "")
    return key.user, AuthenticatedSession(actor, key.expires_at)


def _proven_keys(texts: Sequence[str]) -> list[ApiKey | DomainError]:
    """Look keys up by their prefix and compare the rest. One statement for all, none for what is malformed."""
    parts = [read_key_text(text) for text in texts]
    prefixes = [part.prefix for part in parts if part is not None]
    found = find_keys_by_prefix(prefixes) if prefixes else {}
    return [KeyInvalid() if part is None else _proven(part, found.get(part.prefix)) for part in parts]


def _proven(shown: KeyText, key: ApiKey | None) -> ApiKey | DomainError:
    """Compare in constant time, also where there is nothing to compare with."""
    is_right = compare_digest(shown.hash, key.secret_hash if key else _NOBODYS_HASH)
    if key is None or not is_right:
        return KeyInvalid()
    return key if may_act(key) else KeyEnded()


def _used(key: ApiKey) -> Actor:
    note_key_use(key)
    grant = KeyGrant(ApiKeyId(key.id), frozenset(key.granted_scopes), key.expires_at)
    return key_actor(UserId(key.user_id), grant, is_bot=key.user.is_bot)


def _user_of_key(grant: KeyGrant, key: ApiKey | None) -> User | DomainError:
    """Return the key's user, unless it has ended or its end was moved since it was shown: then the socket would outlive it."""
    return key.user if key is not None and may_act(key) and key.expires_at == grant.expires_at else KeyEnded()


def _user_of_session(session: Session | None) -> User | DomainError:
    return SessionEnded() if session is None else session.user


def _redeemed(holder: TicketHolder, expires_at: datetime) -> AuthenticatedSession:
    if holder.key is not None:
        return AuthenticatedSession(key_actor(holder.user_id, holder.key, is_bot=holder.is_bot), holder.key.expires_at)
    return AuthenticatedSession(user_actor(holder.user_id, holder.session_id), expires_at)


def _raised(outcome: AuthenticatedSession | DomainError) -> AuthenticatedSession:
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome
