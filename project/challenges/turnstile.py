"""Challenges by Cloudflare Turnstile (https://developers.cloudflare.com/turnstile/)."""

from typing import ClassVar

from project.challenges.siteverify import SiteVerifyProvider


class Turnstile(SiteVerifyProvider):
    """See the module's docstring."""

    name: ClassVar[str] = "turnstile"
    address: ClassVar[str] = "https://challenges.cloudflare.com/turnstile/v0/siteverify"
    sources: ClassVar[tuple[str, ...]] = ("https://challenges.cloudflare.com",)
