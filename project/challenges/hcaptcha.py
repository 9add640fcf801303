"""Challenges by hCaptcha (https://docs.hcaptcha.com/)."""

from typing import ClassVar

from project.challenges.siteverify import SiteVerifyProvider


class HCaptcha(SiteVerifyProvider):
    """See the module's docstring."""

    name: ClassVar[str] = "hcaptcha"
    address: ClassVar[str] = "https://api.hcaptcha.com/siteverify"
    sources: ClassVar[tuple[str, ...]] = ("https://hcaptcha.com", "https://*.hcaptcha.com")
