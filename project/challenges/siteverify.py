"""The question "was this challenge solved?" as hCaptcha and Turnstile both take it. What differs is in their modules."""

from __future__ import annotations

from typing import ClassVar

import httpx
import msgspec
import structlog

from kernel.challenges import ChallengeUnavailable

TIMEOUT = httpx.Timeout(3.0, connect=2.0)
"""Seconds for connecting, and for each read; the answer is a few hundred bytes."""
# What a provider says of the response that the client sent. Any other code is about us or about them, and proves nothing.
_ABOUT_THE_RESPONSE = frozenset(
    {
        "missing-input-response",
        "invalid-input-response",
        "expired-input-response",
        "already-seen-response",
        "invalid-or-already-seen-response",
        "timeout-or-duplicate",
    }
)

logger = structlog.get_logger(__name__)


class _Verdict(msgspec.Struct, rename={"error_codes": "error-codes"}):
    success: bool
    error_codes: list[str] = []


class SiteVerifyProvider:
    """`kernel.challenges.ChallengeProvider` for a provider with a `siteverify` address.

    With `open_when_away` everybody passes while the provider cannot say, which is then logged; else nobody does.
    """

    name: ClassVar[str]
    address: ClassVar[str]
    sources: ClassVar[tuple[str, ...]]
    """Where its script, frame and styles come from, for the content security policy."""

    def __init__(self, *, site_key: str, secret: str, open_when_away: bool) -> None:
        self._site_key = site_key
        self._secret = secret
        self._open_when_away = open_when_away
        self._http = httpx.Client(timeout=TIMEOUT)

    @property
    def site_key(self) -> str:
        """The public key."""
        return self._site_key

    def verify(self, response: str) -> bool:
        """Ask the provider, once. Raises `ChallengeUnavailable` on doubt unless `open_when_away`."""
        try:
            verdict = self._ask(response)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            return self._in_doubt(type(error).__name__)
        if verdict.success:
            return True
        if verdict.error_codes and _ABOUT_THE_RESPONSE.issuperset(verdict.error_codes):
            return False
        return self._in_doubt(",".join(verdict.error_codes)[:200] or "no reason given")

    def _ask(self, response: str) -> _Verdict:
        form = {"secret": self._secret, "response": response, "sitekey": self._site_key}
        answer = self._http.post(self.address, data=form)
        if answer.is_server_error:
            answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=_Verdict)

    def _in_doubt(self, reason: str) -> bool:
        logger.warning("challenge_in_doubt", provider=self.name, reason=reason, passed=self._open_when_away)
        if not self._open_when_away:
            raise ChallengeUnavailable
        return True
