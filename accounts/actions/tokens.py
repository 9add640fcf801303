"""Signed tokens: how they are made and read, and with which keys. Whether their session still lives is asked elsewhere."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.core import signing
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    ExpiredTokenError,
    TokenBackendError,
    TokenBackendExpiredToken,
    TokenError,
)
from rest_framework_simplejwt.tokens import Token

from accounts.constants import DELETION_CANCELLATION_SECONDS, TOKEN_MAX_LENGTH
from accounts.errors import TokenExpired, TokenInvalid
from accounts.events import TokenPair
from accounts.models import Session
from kernel.clock import now
from kernel.ids import SessionId, UserId

ALGORITHM: Final = "HS256"
"""What a token's header says is not asked: no key of ours is public, and none is ever used with another algorithm."""
_DELETION_SALT = "accounts.deletion"


class KeyRing(TokenBackend):
    """Signs with the first key, and reads what was signed with any: after a change of `SECRET_KEY` nobody has to sign in again.

    One algorithm, whatever a token's header says; our issuer and our audience only.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(
            algorithm=ALGORITHM,
            signing_key=keys[0],
            issuer=settings.TOKEN_ISSUER,
            audience=settings.TOKEN_AUDIENCE,
            leeway=settings.TOKEN_LEEWAY_SECONDS,
        )
        self._older = KeyRing(keys[1:]) if len(keys) > 1 else None

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """Return the claims. Raises `TokenBackendExpiredToken`, or `TokenBackendError` when no key made it for us."""
        try:
            return super().decode(token, verify)
        except TokenBackendExpiredToken:
            raise
        except TokenBackendError:
            if self._older is None:
                raise
            return self._older.decode(token, verify)


class OurToken(Token):
    """What access and refresh tokens have in common: the keys."""

    def get_token_backend(self) -> TokenBackend:
        """Return the keys of the settings."""
        return _key_ring(_keys())


class AccessToken(OurToken):
    """Proves who calls, for a few minutes."""

    token_type = "access"  # noqa: S105  # the kind of token, not a token
    lifetime = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)


class RefreshToken(OurToken):
    """Gets the next pair of tokens, once."""

    token_type = "refresh"  # noqa: S105  # the kind of token, not a token
    lifetime = timedelta(days=settings.REFRESH_TOKEN_DAYS)


class Claims(msgspec.Struct, frozen=True):
    """What a verified token says: whose it is, for which session, which one it is, and until when it is good."""

    user_id: UserId
    session_id: SessionId
    jti: str
    expires_at: datetime


T = TypeVar("T", bound=Token)


def new_refresh_token(*, user_id: UserId, session_id: SessionId, jti: str | None = None) -> RefreshToken:
    """Return a fresh refresh token, with that id when one is given; only `hash_of_jti` of it may be stored."""
    refresh = _for_session(RefreshToken(), user_id, session_id)
    if jti is not None:
        refresh["jti"] = jti
    return refresh


def adopt(refresh: RefreshToken, session: Session) -> None:
    """Make `refresh` the session's newest token, unsaved: keep its hash, and move the session's end to the token's own."""
    session.refresh_jti_hash = hash_of_jti(refresh["jti"])
    session.last_used_at = now()
    session.expires_at = session.last_used_at + RefreshToken.lifetime
    date_token(refresh, begins=session.last_used_at, ends=session.expires_at)


def date_token(token: Token, *, begins: datetime, ends: datetime) -> None:
    """Give a token other times than those at which it is made."""
    token.set_iat(at_time=begins)
    token.set_exp(from_time=ends, lifetime=timedelta(0))


def successors_of_jti(jti: str) -> list[str]:
    """Return the id of the refresh token that follows one: as the newest key makes it, then as the older keys made it.

    It can be made again from its predecessor, so it need not be stored to be repeated; without a key nobody can guess it.
    """
    return [hmac.new(key.encode(), f"refresh:{jti}".encode(), hashlib.sha256).hexdigest() for key in _keys()]


def token_pair(session: Session, refresh: RefreshToken) -> TokenPair:
    """Return the session's refresh token and a new access token, signed."""
    access = _for_session(AccessToken(), UserId(session.user_id), SessionId(session.id))
    return TokenPair(access=str(access), refresh=str(refresh), expires_in=settings.ACCESS_TOKEN_SECONDS)


def read_access_token(text: str) -> Claims:
    """Return the claims of an access token. Raises `TokenExpired` or `TokenInvalid`."""
    return _read(AccessToken, text)


def read_refresh_token(text: str) -> Claims:
    """Return the claims of a refresh token. Raises `TokenExpired` or `TokenInvalid`."""
    return _read(RefreshToken, text)


def hash_of_jti(jti: str) -> str:
    """Return what is stored of a refresh token: 64 hexadecimal digits that do not lead back to it."""
    return hashlib.sha256(jti.encode()).hexdigest()


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _key_ring(keys: tuple[str, ...]) -> KeyRing:
    return KeyRing(keys)


def sign_deletion(deletion_id: UUID) -> str:
    """Return a token that cancels this deletion, good for `DELETION_CANCELLATION_SECONDS`; it is no JWT and signs nobody in."""
    return signing.TimestampSigner(salt=_DELETION_SALT).sign(deletion_id.hex)


def read_deletion(text: str) -> UUID:
    """Return the deletion that a token cancels. Raises `TokenExpired` or `TokenInvalid`."""
    try:
        signer = signing.TimestampSigner(salt=_DELETION_SALT)
        return UUID(signer.unsign(text, max_age=DELETION_CANCELLATION_SECONDS))
    except signing.SignatureExpired as error:
        raise TokenExpired from error
    except (signing.BadSignature, ValueError) as error:
        raise TokenInvalid from error


def _for_session(token: T, user_id: UserId, session_id: SessionId) -> T:
    token["sub"] = str(user_id)
    token["sid"] = str(session_id)
    return token


def _read(token_class: type[Token], text: str) -> Claims:
    """Check signature, algorithm, issuer, time and type, then the form of the claims: a signed token may be of an older make.

    A token may begin `TOKEN_LEEWAY_SECONDS` from now, by the clock of another server; its end is its end.
    """
    if len(text) > TOKEN_MAX_LENGTH:
        raise TokenInvalid
    try:
        claims = _claims_of(token_class(text))  # type: ignore[arg-type]  # annotated wrongly in the library
    except ExpiredTokenError as error:
        raise TokenExpired from error
    except (TokenError, KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise TokenInvalid from error
    if claims.expires_at <= now():
        raise TokenExpired
    return claims


def _claims_of(token: Token) -> Claims:
    return Claims(
        user_id=UserId(UUID(token["sub"])),
        session_id=SessionId(UUID(token["sid"])),
        jti=str(token["jti"]),
        expires_at=datetime.fromtimestamp(token["exp"], UTC),
    )
