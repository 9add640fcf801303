"""The one error tree. Every refusal that a person may see is a `DomainError` with a stable, dotted code.

Mapped to the wire in two places only: the REST exception handler and the gateway's dispatch.
"""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a code for machines and one clear sentence for people.

    `retryable` says whether the same call may succeed later without a change by the caller;
    `retry_after` is in seconds. `data` is shown to the client: it never holds a secret and
    never tells that a thing exists which the actor may not see.
    """

    code: ClassVar[str] = "internal"
    message: ClassVar[str] = "Something went wrong on our side. Try again in a moment."
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, **data: Any) -> None:
        self.text = message or self.message
        self.retry_after = retry_after
        self.data = data
        super().__init__(self.text)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class InvalidInput(DomainError):
    """The request does not have the right form; `field` (when known) names the part to change."""

    code = "request.invalid"
    message = "The request is not valid."
    http_status = 400


class Unauthenticated(DomainError):
    """Nobody is signed in, or the proof of it has expired."""

    code = "auth.required"
    message = "Sign in to do this."
    http_status = 401


class Forbidden(DomainError):
    """The actor may know of the thing but may not do this with it."""

    code = "permission.denied"
    message = "You are not allowed to do this."
    http_status = 403


class KeyNotAccepted(Forbidden):
    """A person has to do this, signed in: no API key is good for it."""

    code = "auth.key_not_accepted"
    message = "An API key cannot be used for this. Sign in instead."


class ScopeMissing(Forbidden):
    """The API key was not given what this takes; `scope` names it."""

    code = "auth.scope_missing"
    message = "This API key does not have the scope that this takes."


class NotFound(DomainError):
    """Absent, or not visible to the actor: the two look alike on purpose."""

    code = "not_found"
    message = "There is nothing here, or you have no access to it."
    http_status = 404


class Conflict(DomainError):
    """The request contradicts what is already there."""

    code = "conflict"
    message = "This contradicts what is already there."
    http_status = 409


class TooLarge(DomainError):
    """The request is bigger than its published limit."""

    code = "request.too_large"
    message = "The request is too large."
    http_status = 413


class RateLimited(DomainError):
    """A published limit was used up; `retry_after` says when it frees."""

    code = "rate.limited"
    message = "Too many requests. Wait a moment and try again."
    http_status = 429
    retryable = True


class Unavailable(DomainError):
    """A part that the call needs (database, Redis) is away for the moment; nothing was done."""

    code = "service.unavailable"
    message = "The service is busy or restarting. Try again in a moment."
    http_status = 503
    retryable = True
