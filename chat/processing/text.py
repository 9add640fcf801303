"""What people may write: bodies of messages, nonces, names of rooms. Returned as they are stored, or refused with the field named."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.models.users import validate_printable
from kernel.errors import InvalidInput
from kernel.metrics import limit_hit


def checked_body(body: str) -> str:
    """Return the body of a message without outer white space. Raises `InvalidInput` when nothing of it can be seen, or it is too long."""
    _refuse_unstorable(body, "body")
    stripped = body.strip()
    if not any(character.isprintable() and not character.isspace() for character in stripped):
        raise InvalidInput("Write something first.", field="body")
    if len(stripped) > settings.MESSAGE_MAX_CHARACTERS:
        limit_hit("message.characters")
        raise InvalidInput(f"Use at most {settings.MESSAGE_MAX_CHARACTERS} characters.", field="body")
    return stripped


def checked_nonce(nonce: str) -> str:
    """Return the nonce as it is. Raises `InvalidInput` unless it has 1 to 64 characters."""
    _refuse_unstorable(nonce, "nonce")
    if not 1 <= len(nonce) <= settings.NONCE_MAX_CHARACTERS:
        limit_hit("nonce.characters")
        raise InvalidInput(f"Use 1 to {settings.NONCE_MAX_CHARACTERS} characters.", field="nonce")
    return nonce


def checked_line(text: str, *, field: str, longest: int, may_be_empty: bool) -> str:
    """Return a name or one-line text without outer white space. Raises `InvalidInput` for control characters and lengths."""
    _refuse_unstorable(text, field)
    stripped = text.strip()
    try:
        validate_printable(stripped)
    except ValidationError as error:
        raise InvalidInput("Write it in one line, without control characters.", field=field) from error
    if len(stripped) > longest or not (stripped or may_be_empty):
        raise InvalidInput(f"Use {0 if may_be_empty else 1} to {longest} characters.", field=field)
    return stripped


def _refuse_unstorable(text: str, field: str) -> None:
    """Refuse what PostgreSQL cannot hold: NUL, and halves of surrogate pairs, which have no UTF-8."""
    if "\0" in text:
        raise InvalidInput("NUL characters are not allowed.", field=field)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("The text is not valid Unicode.", field=field) from error
