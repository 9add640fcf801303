"""Production refuses unsafe settings with sentences that say what to change."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import checks

from project.checks import check_production, refuse_unsafe_production
from project.environment import DEVELOPMENT_SECRET
from tests.project.test_environment import run_manage

SAFE_SECRET = "k3Yp9-vQz7Wm2xL8sT4bN6cR1dF5gH0jA_uEoIyPqZtXwVnMbKr"
SAFE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": SAFE_SECRET,
    "ALLOWED_HOSTS": "chat.example.org",
    "HTTPS_ONLY": "true",
    "TRUSTED_PROXY_COUNT": "1",
    "MAIL_PROVIDER": "smtp",
    "MAIL_FROM": "Chat <chat@example.org>",
    "SMTP_HOST": "smtp.example.org",
    "SMS_PROVIDER": "none",
}


@pytest.fixture
def production(settings: Any) -> Any:
    settings.PRODUCTION = True
    settings.SECRET_KEY = SAFE_SECRET
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.TRUSTED_PROXY_COUNT = 1
    settings.MAIL_PROVIDER, settings.SMS_PROVIDER, settings.OUTBOX_PAGE = "smtp", "twilio", False
    settings.EMAIL_USE_TLS, settings.DEFAULT_FROM_EMAIL = True, "Chat <chat@example.org>"
    settings.STAFF_SECOND_FACTOR = True
    return settings


def test_safe_settings_pass(production: Any) -> None:
    assert check_production(None) == []
    refuse_unsafe_production()


@pytest.mark.parametrize(
    ("name", "value", "number", "beginning"),
    [
        ("SECRET_KEY", DEVELOPMENT_SECRET, 1, "SECRET_KEY is not set"),
        ("SECRET_KEY", "short", 2, "SECRET_KEY is too weak"),
        ("SECRET_KEY", "ab" * 40, 2, "SECRET_KEY is too weak"),
        ("DEBUG", True, 3, "DEBUG is on"),
        ("ALLOWED_HOSTS", ["*"], 4, "ALLOWED_HOSTS lets every host name pass"),
        ("ALLOWED_HOSTS", [], 4, "ALLOWED_HOSTS lets every host name pass"),
        ("SECURE_SSL_REDIRECT", False, 5, "HTTPS_ONLY is off"),
        ("SESSION_COOKIE_SECURE", False, 5, "HTTPS_ONLY is off"),
        ("SECURE_HSTS_SECONDS", 0, 6, "HSTS_SECONDS is 0"),
        ("TRUSTED_ORIGINS", ["*"], 7, "TRUSTED_ORIGINS lets every site"),
        ("STAFF_SECOND_FACTOR", False, 8, "STAFF_SECOND_FACTOR is off"),
        ("SECRET_KEY_FALLBACKS", [DEVELOPMENT_SECRET], 9, "SECRET_KEY_FALLBACKS holds a weak or published value"),
        ("SECRET_KEY_FALLBACKS", [SAFE_SECRET[::-1], "short"], 9, "SECRET_KEY_FALLBACKS holds a weak"),
        ("MAIL_PROVIDER", "outbox", 10, "MAIL_PROVIDER is outbox"),
        ("SMS_PROVIDER", "outbox", 11, "SMS_PROVIDER is outbox"),
        ("OUTBOX_PAGE", True, 12, "The page /dev/outbox is there"),
        ("EMAIL_USE_TLS", False, 13, "SMTP_SECURITY is none"),
        ("DEFAULT_FROM_EMAIL", "Portcullis <portcullis@localhost>", 14, "MAIL_FROM has no address of your site"),
        ("DEFAULT_FROM_EMAIL", "", 14, "MAIL_FROM has no address of your site"),
        ("TRUSTED_ORIGINS", ["https://a.example.org", "http://b.example.org"], 15, "TRUSTED_ORIGINS holds an origin"),
        ("BREACHED_PASSWORDS_FILE", "/nowhere", 16, "BREACHED_PASSWORDS_FILE cannot be read"),
        ("BREACHED_PASSWORDS_FILE", __file__, 16, "BREACHED_PASSWORDS_FILE cannot be read"),
        ("DISPOSABLE_MAIL_FILE", "/nowhere", 17, "DISPOSABLE_MAIL_FILE cannot be read"),
    ],
)
def test_an_unsafe_setting_is_refused(
    production: Any, capsys: pytest.CaptureFixture[str], name: str, value: object, number: int, beginning: str
) -> None:
    setattr(production, name, value)
    (error,) = check_production(None)
    assert isinstance(error, checks.Error)
    assert error.id == f"portcullis.E{number:03}"
    assert error.msg.startswith(beginning)
    with pytest.raises(SystemExit) as caught:
        refuse_unsafe_production()
    assert caught.value.code == 3
    assert capsys.readouterr().err == f"Not started: {error.msg}\n"


def test_mail_over_tls_from_the_start_and_a_site_without_sms_are_safe(production: Any) -> None:
    production.EMAIL_USE_TLS, production.EMAIL_USE_SSL, production.SMS_PROVIDER = False, True, "none"
    assert check_production(None) == []


def test_a_missing_proxy_count_is_a_warning(production: Any) -> None:
    production.TRUSTED_PROXY_COUNT = 0
    assert [message.id for message in check_production(None)] == ["portcullis.W001"]
    refuse_unsafe_production()


def test_development_may_be_unsafe(settings: Any) -> None:
    settings.SECRET_KEY = DEVELOPMENT_SECRET
    assert check_production(None) == []
    refuse_unsafe_production()


def test_the_deploy_check_refuses_an_unset_secret_and_passes_safe_settings() -> None:
    unsafe = run_manage("check", "--deploy", **SAFE | {"SECRET_KEY": DEVELOPMENT_SECRET})
    assert unsafe.returncode == 1
    assert "SECRET_KEY is not set, so tokens would be signed with a published value." in unsafe.stderr
    safe = run_manage("check", "--deploy", "--fail-level", "WARNING", **SAFE)
    assert (safe.returncode, safe.stderr) == (0, "")
