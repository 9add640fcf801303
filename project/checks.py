"""Refuses settings that are unsafe in production, in words that say what to change. Development and tests are left alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from email.utils import parseaddr
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from accounts.processing.breached_passwords import configured_filter
from accounts.storage.disposable_mail import disposable_domains
from project.environment import DEVELOPMENT_SECRET

SECRET_KEY_MIN_LENGTH = 50
SECRET_KEY_MIN_DISTINCT = 10
EXIT_CODE_OF_UNSAFE_SETTINGS = 3


@checks.register(checks.Tags.security)
def check_production(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:  # noqa: ARG001  # Django's signature
    """Return what is unsafe about the settings; nothing unless ENVIRONMENT is production."""
    if not settings.PRODUCTION:
        return []
    return [*_unsafe_settings(), *_doubtful_settings()]


def refuse_unsafe_production() -> None:
    """End the process with one line per unsafe setting on standard error. Servers and the worker call it as they start."""
    unsafe = list(_unsafe_settings()) if settings.PRODUCTION else []
    if not unsafe:
        return
    for error in unsafe:
        print(f"Not started: {error.msg}", file=sys.stderr)  # noqa: T201  # for the person at the terminal
    raise SystemExit(EXIT_CODE_OF_UNSAFE_SETTINGS)


def _unsafe_settings() -> Iterator[checks.Error]:
    for number, (unsafe, sentence) in enumerate(_rules(), start=1):
        if unsafe:
            yield checks.Error(sentence, id=f"portcullis.E{number:03}")


def _rules() -> Iterable[tuple[bool, str]]:
    secret = settings.SECRET_KEY
    insecure_cookies = not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE)
    return (
        (
            secret == DEVELOPMENT_SECRET,
            "SECRET_KEY is not set, so tokens would be signed with a published value. Set it to 50 random characters.",
        ),
        (
            secret != DEVELOPMENT_SECRET and _is_weak(secret),
            f"SECRET_KEY is too weak: use {SECRET_KEY_MIN_LENGTH} random characters or more.",
        ),
        (settings.DEBUG, "DEBUG is on, so error pages would show settings and source code. Set DEBUG=false."),
        (
            not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS lets every host name pass. List the names of your site, as in chat.example.org.",
        ),
        (
            insecure_cookies or not settings.SECURE_SSL_REDIRECT,
            "HTTPS_ONLY is off, so passwords and cookies could cross the network in clear. Set HTTPS_ONLY=true.",
        ),
        (
            settings.SECURE_SSL_REDIRECT and not settings.SECURE_HSTS_SECONDS,
            "HSTS_SECONDS is 0, so a browser's first request could go over HTTP each time. Set it to 31536000.",
        ),
        (
            "*" in settings.TRUSTED_ORIGINS,
            "TRUSTED_ORIGINS lets every site use the API from a browser. List the origins of your web clients.",
        ),
        (
            not settings.STAFF_SECOND_FACTOR,
            "STAFF_SECOND_FACTOR is off, so a stolen password would open the admin panel. Leave it at auto.",
        ),
        (
            any(_is_weak(key) for key in settings.SECRET_KEY_FALLBACKS),
            "SECRET_KEY_FALLBACKS holds a weak or published value, with which anybody could sign tokens. Take it out.",
        ),
        *_rules_of_messages(),
        (
            any(not origin.startswith("https://") for origin in settings.TRUSTED_ORIGINS if origin != "*"),
            "TRUSTED_ORIGINS holds an origin without HTTPS, whose pages anybody on the way could change. Use https://.",
        ),
        (
            _fails(configured_filter),
            "BREACHED_PASSWORDS_FILE cannot be read, so nobody could sign up. Make it with build_breached_passwords.",
        ),
        (
            _fails(disposable_domains),
            "DISPOSABLE_MAIL_FILE cannot be read, so nobody could sign up. Name a file of domains, one in a line.",
        ),
    )


def _fails(read: Callable[[], object]) -> bool:
    try:
        read()
    except (OSError, ValueError):
        return True
    return False


def _rules_of_messages() -> Iterable[tuple[bool, str]]:
    in_clear = settings.MAIL_PROVIDER == "smtp" and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL)
    host_of_sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return (
        (
            settings.MAIL_PROVIDER == "outbox",
            "MAIL_PROVIDER is outbox, so mails would reach nobody. Set it to smtp, ses or sendgrid.",
        ),
        (
            settings.SMS_PROVIDER == "outbox",
            "SMS_PROVIDER is outbox, so codes would reach nobody. Set it to twilio, or to none for a site without SMS.",
        ),
        (settings.OUTBOX_PAGE, "The page /dev/outbox is there, and shows everybody's codes. It is for development."),
        (in_clear, "SMTP_SECURITY is none, so mails with codes would cross the network in clear. Set it to starttls."),
        (
            "." not in host_of_sender,
            "MAIL_FROM has no address of your site, so mails would be refused. Set it, as in Chat <chat@example.org>.",
        ),
    )


def _is_weak(key: str) -> bool:
    return key == DEVELOPMENT_SECRET or len(key) < SECRET_KEY_MIN_LENGTH or len(set(key)) < SECRET_KEY_MIN_DISTINCT


def _doubtful_settings() -> Iterator[checks.Warning]:
    if not settings.TRUSTED_PROXY_COUNT:
        yield checks.Warning(
            "TRUSTED_PROXY_COUNT is 0: behind a reverse proxy all clients would share one rate limit,"
            " and HTTPS_ONLY would redirect them for ever.",
            hint="Set it to the number of proxies in front of the server, unless the server ends TLS by itself.",
            id="portcullis.W001",
        )
