"""Codes of authenticator apps (RFC 6238): which ones are taken, and that each is taken once. The arithmetic is allauth's."""

from __future__ import annotations

import time
from hmac import compare_digest

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from accounts.constants import TOTP_TOLERANCE_STEPS


def matching_step(secret: str, code: str, *, after: int = 0) -> int | None:
    """Return the time step that the code is of, or None when it is of none that is taken.

    Taken are the present step and `TOTP_TOLERANCE_STEPS` beside it, and of these only what is later than `after`, the step of
    the last code that was taken: a code that somebody has read over a shoulder is worth nothing. Costs the same for every code.
    """
    given = normalize_user_code(code)
    present = int(time.time()) // app_settings.TOTP_PERIOD
    steps = range(present - TOTP_TOLERANCE_STEPS, present + TOTP_TOLERANCE_STEPS + 1)
    matching = [step for step in steps if _is_code_of(secret, step, given) and step > after]
    return max(matching, default=None)


def _is_code_of(secret: str, step: int, given: str) -> bool:
    return compare_digest(format_hotp_value(hotp_value(secret, step)).encode(), given.encode(errors="surrogatepass"))
