"""What gates can know of a user in a community: one `Fact` per kind, and the facts of one user at one moment. Not where they are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

T = TypeVar("T")


class Fact(Generic[T]):
    """A kind of fact, and the value that stands for "it is known that there is none". Compared by identity."""

    __slots__ = ("absent", "name")

    def __init__(self, name: str, *, absent: T) -> None:
        self.name = name
        self.absent = absent

    def __repr__(self) -> str:
        return f"Fact({self.name})"


class Span(NamedTuple):
    """From when to when (excluded) something holds; without an end it holds for good."""

    starts_at: datetime
    ends_at: datetime | None


class Answer(NamedTuple):
    """What a service outside said of the user, and until when that counts."""

    passed: bool
    expires_at: datetime


VERIFIED_EMAIL = Fact[bool]("verified_email", absent=False)
VERIFIED_PHONE = Fact[bool]("verified_phone", absent=False)
SECOND_FACTOR = Fact[bool]("second_factor", absent=False)
BIRTH_DATE = Fact[date | None]("birth_date", absent=None)
ACCOUNT_CREATED_AT = Fact[datetime | None]("account_created_at", absent=None)
MEMBER_SINCE = Fact[datetime | None]("member_since", absent=None)
ROLES = Fact[Collection[UUID]]("roles", absent=())
CAME_BY_INVITE = Fact[bool]("came_by_invite", absent=False)
APPROVED_APPLICATION = Fact[bool]("approved_application", absent=False)
ENTITLEMENTS = Fact[Mapping[str, tuple[Span, ...]]]("entitlements", absent={})
LEVEL = Fact[int | None]("level", absent=None)
EXTERNAL_ANSWERS = Fact[Mapping[str, Answer]]("external_answers", absent={})


class GateFacts:
    """What is known of one user in one community at one moment. A fact that is not in `known` is unknown."""

    __slots__ = ("at", "known")

    def __init__(self, at: datetime, known: Mapping[Fact[Any], Any]) -> None:
        self.at = at
        self.known = known

    def read(self, fact: Fact[T]) -> T | UnsetType:
        """Return the fact's value, or `UNSET` when it is unknown."""
        value: T | UnsetType = self.known.get(fact, UNSET)
        return value
