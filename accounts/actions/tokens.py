"""Signed tokens: how they are made and read. Whether their session still lives is asked elsewhere."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from django.conf import settings
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import Token

from accounts.constants import TOKEN_MAX_LENGTH
from accounts.errors import TokenExpired, TokenInvalid
from accounts.events import TokenPair
from accounts.models import Session
from kernel.ids import SessionId, UserId


class AccessToken(Token):
    """Proves who calls, for a few minutes."""

    token_type = "access"  # noqa: S105  # the kind of token, not a token
    lifetime = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)


class RefreshToken(Token):
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


def new_refresh_token(*, user_id: UserId, session_id: SessionId) -> RefreshToken:
    """Return a fresh refresh token; only `hash_of_jti` of it may be stored."""
    return _for_session(RefreshToken(), user_id, session_id)


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


def _for_session(token: T, user_id: UserId, session_id: SessionId) -> T:
    token["sub"] = str(user_id)
    token["sid"] = str(session_id)
    return token


def _read(token_class: type[Token], text: str) -> Claims:
    """Check signature, algorithm, time and type, then the form of the claims: a signed token may be of an older make."""
    if len(text) > TOKEN_MAX_LENGTH:
        raise TokenInvalid
    try:
        token = token_class(text)  # type: ignore[arg-type]  # annotated wrongly in the library
        return Claims(
            user_id=UserId(UUID(token["sub"])),
            session_id=SessionId(UUID(token["sid"])),
            jti=str(token["jti"]),
            expires_at=datetime.fromtimestamp(token["exp"], UTC),
        )
    except ExpiredTokenError as error:
        raise TokenExpired from error
    except (TokenError, KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise TokenInvalid from error
