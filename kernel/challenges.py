"""Asking whether a human is there: the provider's interface, and the refusal that asks. Providers are plugged in by project."""

from __future__ import annotations

from typing import ClassVar, Protocol

from kernel.errors import DomainError

CHALLENGE_RESPONSE_MAX_LENGTH = 8192
"""Longest response that is passed on to a provider, in characters; theirs are below 2,048 today."""


class ChallengeProvider(Protocol):
    """Makes challenges in the client and verifies what comes of them. Safe to call from many threads at once."""

    name: ClassVar[str]
    """As clients know it: it tells them which script to load."""

    @property
    def site_key(self) -> str:
        """What the client's script needs; public."""

    def verify(self, response: str) -> bool:
        """Tell whether `response` comes of a challenge that was solved just now. Raises `ChallengeUnavailable` when nobody can say."""


class ChallengeRequired(DomainError):
    """Solve a challenge and send the call again with its response; `provider` and `site_key` tell which one."""

    code = "challenge.required"
    message = "Show that you are human, then try again."
    http_status = 403


class ChallengeUnavailable(DomainError):
    """The provider of challenges gave no answer that can be relied on; nothing was done."""

    code = "challenge.unavailable"
    message = "We cannot check at the moment that you are human. Try again in a minute."
    http_status = 503
    retryable = True


_provider: ChallengeProvider | None = None


def use_challenges(provider: ChallengeProvider | None) -> None:
    """Plug in the process's provider, or none: then nobody is ever challenged. Called once at start-up."""
    global _provider
    _provider = provider


def challenge_offered() -> bool:
    """Tell whether there is a provider."""
    return _provider is not None


def require_challenge(response: str) -> None:
    """Return when the challenge is solved, or when there is no provider. One call over the network, with the provider's time-out.

    Raises `ChallengeRequired` for an absent, wrong, used or expired response, and `ChallengeUnavailable`.
    """
    if _provider is None:
        return
    proper = 0 < len(response) <= CHALLENGE_RESPONSE_MAX_LENGTH
    if not proper or not _provider.verify(response):
        raise ChallengeRequired(provider=_provider.name, site_key=_provider.site_key)
