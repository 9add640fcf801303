"""Which provider of challenges this installation uses. How each one is asked is in its own module."""

from __future__ import annotations

from django.conf import settings

from project.challenges.hcaptcha import HCaptcha
from project.challenges.siteverify import SiteVerifyProvider
from project.challenges.turnstile import Turnstile

PROVIDERS: dict[str, type[SiteVerifyProvider]] = {provider.name: provider for provider in (HCaptcha, Turnstile)}


def provider_from_settings() -> SiteVerifyProvider | None:
    """Return the provider that the settings name; its connections are made at the first call and shared by all threads."""
    provider = PROVIDERS.get(settings.CHALLENGE_PROVIDER)
    if provider is None:
        return None
    return provider(
        site_key=settings.CHALLENGE_SITE_KEY,
        secret=settings.CHALLENGE_SECRET,
        open_when_away=settings.CHALLENGE_OPEN_WHEN_AWAY,
    )
