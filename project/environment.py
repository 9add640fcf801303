"""Every setting that comes from the environment: its type, its default and what it is for.

`.env.example` is generated from here (`manage.py export_env_example`). What Django makes of the values is in `project.settings`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kernel.lockouts import DelayRule
from kernel.rate_limits import RateLimit
from project.addresses import checked_redis_url, database_settings
from project.social_providers import OpenIdProvider

BASE_DIR = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105  # refused by a system check
EXIT_CODE_OF_A_WRONG_VALUE = 2


def _split_list(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _check_quota(value: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,8}/[1-9]\d{0,8}", value):
        raise ValueError("write it as number/seconds, as in 20/10")
    return value


def _check_database_url(value: SecretStr) -> SecretStr:
    database_settings(value.get_secret_value())
    return value


def _check_redis_url(value: SecretStr) -> SecretStr:
    checked_redis_url(value.get_secret_value())
    return value


def _check_networks(values: list[str]) -> list[str]:
    try:
        return [str(ip_network(value)) for value in values]
    except ValueError as error:
        raise ValueError("write networks as 10.1.2.0/24 or fd00::/8, separated by commas") from error


def _check_prefixes(values: list[str]) -> list[str]:
    for value in values:
        if not re.fullmatch(r"!?\+[1-9]\d{0,13}", value):
            raise ValueError("write prefixes as +44, or !+4470 for one that is refused")
    return values


def _read_json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise ValueError("write it as JSON") from error


def _check_provider_ids(providers: list[OpenIdProvider]) -> list[OpenIdProvider]:
    ids = [provider.id for provider in providers]
    if len(set(ids)) < len(ids) or {"google", "github", "facebook"}.intersection(ids):
        raise ValueError("give each provider an id of its own, and none google, github or facebook")
    return providers


SERVED_PREFIXES = _split_list(
    "+1,!+1900,!+1242,!+1246,!+1264,!+1268,!+1284,!+1345,!+1441,!+1473,!+1649,!+1658,!+1664,!+1721,!+1758,!+1767,!+1784,"
    "!+1809,!+1829,!+1849,!+1868,!+1869,!+1876,"
    "+30,+31,+32,+33,+34,+351,+353,+358,+36,+39,+41,+43,+44,!+4470,+45,+46,+47,+48,+49,+61,+64"
)
"""Countries with low prices, without their expensive ranges: North America but the Caribbean, most of Europe, Australia, New Zealand."""


def _check_android_apps(apps: list[str]) -> list[str]:
    if any(not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+=[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}", app) for app in apps):
        raise ValueError(
            "name Android apps as org.example.app=AB:CD:..., with the SHA-256 of the certificate in 32 pairs"
        )
    return apps


def _check_apple_apps(apps: list[str]) -> list[str]:
    if any(not re.fullmatch(r"[A-Z0-9]{10}(\.[A-Za-z0-9-]+){2,}", app) for app in apps):
        raise ValueError("name Apple apps as ABCDE12345.org.example.app, with the team in ten capitals and digits")
    return apps


CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_split_list)]
Networks = Annotated[CommaSeparated, AfterValidator(_check_networks)]
Quota = Annotated[str, AfterValidator(_check_quota)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_database_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_check_redis_url)]


WithoutRedis = Literal["passes", "counted in each process", "refused"]
NETWORK = "address (IPv6 by /64)"
_ALLAUTH = "/_allauth/{client}/v1"
_MESSAGES = "POST /api/v1/rooms/{room}/messages"
_SMS: dict[str, Any] = {"at": ["every SMS"], "without_redis": "refused"}


class Safety(BaseSettings):
    """Safety"""

    environment: Literal["development", "test", "production"] = Field(
        "development", description="Which safety rules apply; production refuses to start with unsafe values."
    )
    secret_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        description="Signs tokens and cookies; 50 random characters or more in production.",
    )
    secret_key_fallbacks: SecretStr = Field(
        SecretStr(""),
        description="Earlier values of SECRET_KEY, separated by commas: what they signed is accepted until it expires.",
    )
    debug: bool = Field(False, description="Shows Django's error pages to everyone; never in production.")
    allowed_hosts: CommaSeparated = Field(
        ["*"], description="Host names that the site answers to, separated by commas."
    )
    https_only: bool = Field(
        False, description="Redirect to HTTPS and send cookies over HTTPS alone; production refuses false."
    )
    hsts_seconds: NonNegativeInt = Field(
        31_536_000, description="How long browsers remember that the site is HTTPS only; sent when HTTPS_ONLY is true."
    )
    trusted_proxy_count: NonNegativeInt = Field(
        0,
        description="Reverse proxies in front of the server whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    trusted_origins: CommaSeparated = Field(
        [],
        description="Web clients on other origins, as in https://app.example.org; allowed by CORS and by the socket.",
    )
    build_commit: str = Field("", description="Shown by /version; set by the image build.")


class Services(BaseSettings):
    """PostgreSQL and Redis"""

    database_url: DatabaseUrl = Field(
        SecretStr("postgres://portcullis@127.0.0.1:5432/portcullis"),
        description="Address of PostgreSQL; ?host=/folder reaches a unix socket, ?sslmode=require demands TLS.",
    )
    redis_url: RedisUrl = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="Address of Redis: redis://, rediss:// (TLS) or unix://."
    )
    database_pool_min_size: PositiveInt = Field(
        2, description="Connections to PostgreSQL that each process keeps open."
    )
    database_pool_max_size: PositiveInt = Field(20, description="Connections to PostgreSQL that each process may open.")
    database_pool_timeout: PositiveFloat = Field(
        5.0, description="Seconds that a call waits for a free connection before it answers service.unavailable."
    )
    database_behind_pgbouncer: bool = Field(
        False, description="PostgreSQL is reached through a pooler in transaction mode: no server-side cursors."
    )
    redis_timeout: PositiveFloat = Field(
        1.0, description="Seconds that a call waits for Redis (rate limits, tickets, caches; not the channel layer)."
    )


class Logs(BaseSettings):
    """Logs"""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least level that is written."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto is json in production and console (readable) elsewhere."
    )


class Metrics(BaseSettings):
    """Metrics"""

    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="What a scraper of /metrics sends as a bearer token; without one, /metrics does not exist in production.",
    )
    worker_metrics_port: NonNegativeInt = Field(
        0, description="Where the worker answers /metrics by itself; 0 where it shares a folder with gateways."
    )


class Rest(BaseSettings):
    """REST"""

    request_body_bytes: PositiveInt = Field(262_144, description="Largest request body; more is answered with 413.")
    idempotency_kept_hours: PositiveInt = Field(24, description="How long the answer to an Idempotency-Key is kept.")
    compression_min_bytes: PositiveInt = Field(500, description="Shorter answers are not compressed.")


def limit_row(quota: str, counts: str, *, per: str, at: Sequence[str], without_redis: WithoutRedis = "passes") -> Any:
    """Return a row of the table of limits: `quota` units of what it `counts`, per what, and where they are taken.

    Where: a route as in "POST /api/v1/auth/login", a command as in "message.send", or a sentence for what is wider than one.
    """
    row: dict[str, Any] = {"counts": counts, "per": per, "at": list(at), "without_redis": without_redis}
    return Field(quota, description=f"{counts}, per {per}.", json_schema_extra=row)


class RateQuotas(BaseSettings):
    """Rate limits, as number/seconds"""

    rate_rest_read: Quota = limit_row("600/60", "REST requests that read", per="user", at=["every read below /api/"])
    rate_rest_write: Quota = limit_row("120/60", "REST requests that write", per="user", at=["every write below /api/"])
    rate_rest_anonymous: Quota = limit_row(
        "120/60", "REST requests without a session", per=NETWORK, at=["every request below /api/"]
    )
    rate_panel_write: Quota = limit_row(
        "120/60", "Requests of the admin panel that write", per=NETWORK, at=["every write below /admin/"]
    )
    rate_key_read: Quota = limit_row(
        "600/60", "REST requests that read, not counted per user", per="API key", at=["every read below /api/"]
    )
    rate_key_write: Quota = limit_row(
        "120/60", "REST requests that write, not counted per user", per="API key", at=["every write below /api/"]
    )
    rate_key_guess_address: Quota = limit_row(
        "20/60",
        "Requests with a wrong API key",
        per=NETWORK,
        at=["every request below /api/"],
        without_redis="counted in each process",
    )
    rate_key_create_user: Quota = limit_row(
        "20/3600",
        "API keys made or rotated",
        per="person",
        at=[
            "POST /api/v1/me/keys",
            "POST /api/v1/me/keys/{key}/rotate",
            "POST /api/v1/me/bots/{bot}/keys",
        ],
    )
    rate_bot_create_user: Quota = limit_row("10/3600", "Bots made", per="person", at=["POST /api/v1/me/bots"])
    rate_message_create: Quota = limit_row("20/10", "Messages", per="user and room", at=["message.send", _MESSAGES])
    rate_application_submit_user: Quota = limit_row(
        "10/86400", "Applications", per="user", at=["POST /api/v1/communities/{community}/applications"]
    )
    rate_invite_create_user: Quota = limit_row(
        "60/3600", "Invites made", per="user", at=["POST /api/v1/communities/{community}/invites"]
    )
    rate_invite_accept_user: Quota = limit_row(
        "30/3600", "Invite codes tried", per="user", at=["POST /api/v1/invites/accept"]
    )
    rate_invite_preview_address: Quota = limit_row(
        "300/3600", "Invites looked at", per=NETWORK, at=["POST /api/v1/invites/preview"]
    )
    rate_gate_simulate_user: Quota = limit_row(
        "30/300",
        "Versions of gates tried out, and looks at the one in the shadow",
        per="user",
        at=[
            "POST /api/v1/communities/{community}/gate/simulate",
            "POST /api/v1/rooms/{room}/gate/simulate",
            "GET /api/v1/communities/{community}/gate/shadow",
            "GET /api/v1/rooms/{room}/gate/shadow",
        ],
    )
    rate_external_refresh_user: Quota = limit_row(
        "10/3600",
        "Times that external services are asked again about somebody at their own wish",
        per="user",
        at=["POST /api/v1/communities/{community}/external-answers/refresh"],
    )
    rate_presence_set: Quota = limit_row("20/60", "Changes of status", per="user", at=["presence.set"])
    rate_login_address: Quota = limit_row(
        "20/3600",
        "Login attempts from unknown devices",
        per=NETWORK,
        at=[
            "POST /api/v1/auth/login",
            f"POST {_ALLAUTH}/auth/login",
            f"POST {_ALLAUTH}/auth/webauthn/login",
            f"POST {_ALLAUTH}/auth/provider/token",
            "POST /admin/login/",
        ],
        without_redis="counted in each process",
    )
    rate_sign_up_address: Quota = limit_row(
        "20/3600",
        "Sign-ups",
        per=NETWORK,
        at=[
            "POST /api/v1/auth/sign-up",
            f"POST {_ALLAUTH}/auth/signup",
            f"POST {_ALLAUTH}/auth/provider/signup",
        ],
        without_redis="counted in each process",
    )
    rate_auth_step_address: Quota = limit_row(
        "120/60",
        "Steps of signing in and up",
        per=NETWORK,
        at=["every request below /_allauth/"],
        without_redis="counted in each process",
    )
    rate_second_factor_day: Quota = limit_row(
        "50/86400",
        "Codes of a second factor tried",
        per="account, after its password",
        at=[
            f"POST {_ALLAUTH}/auth/2fa/authenticate",
            f"POST {_ALLAUTH}/auth/2fa/reauthenticate",
            f"POST {_ALLAUTH}/account/authenticators/totp",
        ],
        without_redis="counted in each process",
    )
    rate_password_reset_address: Quota = limit_row(
        "20/3600",
        "Password resets asked or finished",
        per=NETWORK,
        at=[
            f"POST {_ALLAUTH}/auth/password/request",
            f"POST {_ALLAUTH}/auth/password/reset",
        ],
        without_redis="counted in each process",
    )
    rate_password_reset_account: Quota = limit_row(
        "5/3600",
        "Password resets asked",
        per="e-mail address or phone number",
        at=[f"POST {_ALLAUTH}/auth/password/request"],
        without_redis="refused",
    )
    rate_password_change_user: Quota = limit_row(
        "10/3600",
        "Changes of password",
        per="user",
        at=[f"POST {_ALLAUTH}/account/password/change"],
        without_redis="refused",
    )
    rate_email_change_user: Quota = limit_row(
        "10/3600",
        "Changes of e-mail addresses",
        per="user",
        at=[f"POST {_ALLAUTH}/account/email"],
        without_redis="refused",
    )
    rate_email_verification_account: Quota = limit_row(
        "5/3600",
        "Verification mails",
        per="e-mail address",
        at=[f"POST {_ALLAUTH}/auth/email/verify/resend", f"PUT {_ALLAUTH}/account/email"],
        without_redis="refused",
    )
    rate_phone_change_user: Quota = limit_row(
        "5/3600",
        "Changes of phone number",
        per="user",
        at=[f"POST {_ALLAUTH}/account/phone"],
        without_redis="refused",
    )
    rate_phone_verification_number: Quota = limit_row(
        "3/3600",
        "Verification codes by SMS",
        per="phone number",
        at=[f"POST {_ALLAUTH}/auth/phone/verify/resend", f"POST {_ALLAUTH}/account/phone"],
        without_redis="refused",
    )
    rate_sms_number_hour: Quota = limit_row("3/3600", "SMS in any hour", per="phone number", **_SMS)
    rate_sms_number_day: Quota = limit_row("10/86400", "SMS in any day", per="phone number", **_SMS)
    rate_sms_network_hour: Quota = limit_row("10/3600", "SMS in any hour", per=f"asking {NETWORK}", **_SMS)
    rate_sms_network_day: Quota = limit_row("30/86400", "SMS in any day", per=f"asking {NETWORK}", **_SMS)
    rate_sms_prefix_hour: Quota = limit_row(
        "10/3600", "SMS in any hour", per="ten thousand neighbouring numbers (all but the last four digits)", **_SMS
    )
    rate_sms_prefix_day: Quota = limit_row(
        "30/86400", "SMS in any day", per="ten thousand neighbouring numbers", **_SMS
    )
    rate_sms_country_day: Quota = limit_row("500/86400", "SMS in any day", per="country code", **_SMS)
    rate_sms_total_day: Quota = limit_row(
        "1000/86400", "SMS in any day", per="installation: what you want to pay", **_SMS
    )
    rate_socket_frame: Quota = limit_row(
        "120/60", "Frames", per="socket", at=["every command"], without_redis="counted in each process"
    )
    rate_socket_problem: Quota = limit_row(
        "10/60",
        "Bad frames before the socket is closed",
        per="socket",
        at=["every frame that is refused"],
        without_redis="counted in each process",
    )


class Identity(BaseSettings):
    """Accounts"""

    access_token_seconds: PositiveInt = Field(300, description="Lifetime of an access token; at most 300.", le=300)
    refresh_token_days: PositiveInt = Field(30, description="Lifetime of a session that is not refreshed.")
    refresh_grace_seconds: NonNegativeInt = Field(
        10,
        description="How long a client that lost the answer to a refresh may ask for it again; 0 never.",
        le=60,
    )
    sessions_kept_days: PositiveInt = Field(
        30, description="How long ended sessions are kept: a device that was away for longer is a new one."
    )
    token_issuer: str = Field(
        "portcullis",
        min_length=1,
        description="The name of this installation in its tokens; those of another name are refused.",
    )
    token_leeway_seconds: NonNegativeInt = Field(
        5, description="How far the clocks of servers may be apart before they refuse each other's tokens.", le=30
    )
    session_check_seconds: PositiveInt = Field(
        30,
        description="How long it is remembered that a session lives; a revocation undoes it, and without Redis waits for it at most.",
        le=60,
    )
    site_name: str = Field("Portcullis", description="What mails and authenticator apps call this installation.")
    sign_up_mode: Literal["open", "invite", "application"] = Field(
        "open", description="Who may make an account: everybody, who was invited, or whose application was accepted."
    )
    password_reset: Literal["code", "link"] = Field(
        "code", description="Whether a forgotten password is reset by a code from a mail or by a link in it."
    )
    email_verification: Literal["optional", "mandatory"] = Field(
        "optional", description="Whether an e-mail address must be verified before its user can sign in."
    )
    socket_ticket_seconds: PositiveInt = Field(30, description="Lifetime of a single-use socket ticket.")
    recent_sign_in_minutes: PositiveInt = Field(
        15,
        description="How old a sign-in may be that is good for deleting the account, making an API key and the like.",
    )
    deletion_grace_days: PositiveInt = Field(
        30, description="How long after it was asked for an account is deleted; until then it can be kept."
    )
    username_reserved_days: NonNegativeInt = Field(
        180, description="How long nobody else can take the username of a deleted account."
    )
    api_keys_max: PositiveInt = Field(10, description="Living API keys that a person or a bot has.")
    api_key_max_days: PositiveInt = Field(365, description="Longest lifetime of an API key.")
    api_key_overlap_max_hours: NonNegativeInt = Field(168, description="How long a rotated API key may live on.")
    api_key_use_noted_minutes: PositiveInt = Field(
        10, description="How exactly is known when an API key was last used."
    )
    api_keys_kept_days: PositiveInt = Field(90, description="How long ended API keys are kept.")
    bots_max: PositiveInt = Field(10, description="Bots that a person owns.")
    staff_second_factor: Literal["auto", "required", "off"] = Field(
        "auto", description="Whether the admin panel opens only after a second factor; auto is required in production."
    )
    staff_sign_in_hours: PositiveInt = Field(
        8, description="How long after a proof of who they are staff may use the admin panel."
    )


class SecondFactors(BaseSettings):
    """Second factors"""

    encryption_key: SecretStr = Field(
        SecretStr(""),
        description="Seals secrets of second factors in the database: 50 random characters or more. Empty: SECRET_KEY does.",
    )
    encryption_key_fallbacks: SecretStr = Field(
        SecretStr(""),
        description="Earlier values of ENCRYPTION_KEY, separated by commas, until `manage.py reseal_secrets` was run.",
    )
    webauthn_rp_id: str = Field(
        "localhost",
        min_length=1,
        description="The domain that passkeys belong to, as example.org, also for its subdomains. Passkeys do not survive a change.",
    )
    webauthn_origins: CommaSeparated = Field(
        [],
        description="Where passkeys may be used, as https://app.example.org,android:apk-key-hash:...; empty: https on WEBAUTHN_RP_ID.",
    )
    trusted_device_days: PositiveInt = Field(
        30, description="How long a trusted device is not asked for a second factor.", le=365
    )
    android_apps: Annotated[CommaSeparated, AfterValidator(_check_android_apps)] = Field(
        [],
        description="Our Android apps, as org.example.app=AB:CD:... (SHA-256 of the certificate): they get passkeys and links of the site.",
    )
    apple_apps: Annotated[CommaSeparated, AfterValidator(_check_apple_apps)] = Field(
        [], description="Our Apple apps, as ABCDE12345.org.example.app: they get passkeys and links of the site."
    )


class Lockout(BaseSettings):
    """Lock-out of those who guess: failures are counted per account and known device, else per account and network"""

    lockout_free_failures: PositiveInt = Field(5, description="Failed logins in a row that cost no time.")
    lockout_first_seconds: PositiveInt = Field(
        30, description="Wait after the last free failure; doubled after each further one."
    )
    lockout_longest_seconds: PositiveInt = Field(900, description="The longest wait.")
    lockout_kept_seconds: PositiveInt = Field(86_400, description="Failures are forgotten so long after the last one.")
    lockout_strangers_max: PositiveInt = Field(
        100,
        description="Attempts of all unknown devices on one account in that time; more, and each network has one free failure.",
    )
    known_device_days: PositiveInt = Field(180, description="How long a device on which a user signed in is known.")


class Choices(BaseSettings):
    """Passwords and addresses that cannot be chosen"""

    breached_passwords_file: str = Field(
        "",
        description="A list of stolen passwords made by manage.py build_breached_passwords; none is refused without one.",
    )
    refuse_disposable_mail: bool = Field(
        False, description="Refuse e-mail addresses that are thrown away: of a few well-known domains, and of the file."
    )
    disposable_mail_file: str = Field("", description="More such domains, one in a line; # begins a comment.")


class SocialLogins(BaseSettings):
    """Signing in with an account somewhere else: each provider is offered once it has credentials"""

    google_client_id: str = Field("", description="OAuth client of Google; callback /accounts/google/login/callback/.")
    google_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    github_client_id: str = Field("", description="OAuth app of GitHub; callback /accounts/github/login/callback/.")
    github_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    facebook_client_id: str = Field("", description="App of Facebook; callback /accounts/facebook/login/callback/.")
    facebook_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    openid_connect_providers: Annotated[
        list[OpenIdProvider], NoDecode, BeforeValidator(_read_json), AfterValidator(_check_provider_ids)
    ] = Field(
        [],
        description="Any others as JSON: a list of objects with id, name, server_url, client_id and client_secret; "
        "callback /accounts/oidc/<id>/login/callback/.",
    )

    def what_sign_in_lacks(self) -> list[str]:
        """Return the names of the settings that are missing beside others that are given."""
        pairs = {
            "GOOGLE_CLIENT": (self.google_client_id, self.google_client_secret),
            "GITHUB_CLIENT": (self.github_client_id, self.github_client_secret),
            "FACEBOOK_CLIENT": (self.facebook_client_id, self.facebook_client_secret),
        }
        return [
            f"{name}_{'SECRET' if public else 'ID'}"
            for name, (public, secret) in pairs.items()
            if bool(public) != bool(secret.get_secret_value())
        ]


class Challenges(BaseSettings):
    """Challenges that show that a human is there: at sign-up, at a password reset, and after some failed logins"""

    challenge_provider: Literal["none", "hcaptcha", "turnstile"] = Field(
        "none", description="Who makes and verifies the challenges; none is none at all."
    )
    challenge_site_key: str = Field("", description="The provider's public key; bind it to your host names there.")
    challenge_secret: SecretStr = Field(SecretStr(""), description="The provider's secret key.")
    challenge_after_failures: PositiveInt = Field(
        3, description="Failed logins from one place after which a challenge is asked."
    )
    challenge_open_when_away: bool = Field(
        False, description="Let everybody pass while the provider gives no answer, instead of nobody."
    )


class MailSettings(BaseSettings):
    """Mail"""

    mail_provider: Literal["outbox", "smtp", "ses", "sendgrid"] = Field(
        "outbox",
        description="Who sends mail; outbox is nobody: mails are read at /dev/outbox, and production refuses it.",
    )
    mail_from: str = Field("Portcullis <portcullis@localhost>", description="From whom mails are.")
    mail_timeout: PositiveFloat = Field(
        10.0, le=20.0, description="Seconds that each step of handing a mail over may take."
    )
    smtp_host: str = Field("", description="Host name of the SMTP server.")
    smtp_port: PositiveInt = Field(587, le=65_535, description="Port of the SMTP server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls (usually port 587), tls from the start (465), or none, which production refuses.",
    )
    smtp_username: str = Field("", description="Name for the SMTP server, if it asks for one.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password for the SMTP server.")
    ses_region: str = Field("", description="AWS region of SES, as in eu-central-1.")
    ses_access_key_id: str = Field("", description="AWS access key; empty where the machine has a role of its own.")
    ses_secret_access_key: SecretStr = Field(SecretStr(""), description="Secret of the AWS access key.")
    sendgrid_api_key: SecretStr = Field(SecretStr(""), description="API key of SendGrid with the right to send mail.")

    def what_mail_lacks(self) -> list[str]:
        """Return the names of settings that the provider needs and that are empty."""
        needed: dict[str, dict[str, str]] = {
            "smtp": {"SMTP_HOST": self.smtp_host},
            "ses": {"SES_REGION": self.ses_region},
            "sendgrid": {"SENDGRID_API_KEY": self.sendgrid_api_key.get_secret_value()},
        }
        pairs = [
            {"SMTP_USERNAME": self.smtp_username, "SMTP_PASSWORD": self.smtp_password.get_secret_value()},
            {
                "SES_ACCESS_KEY_ID": self.ses_access_key_id,
                "SES_SECRET_ACCESS_KEY": self.ses_secret_access_key.get_secret_value(),
            },
        ]
        half_given = {name: value for pair in pairs if any(pair.values()) for name, value in pair.items()}
        return [name for name, value in (needed.get(self.mail_provider, {}) | half_given).items() if not value]


class SmsSettings(BaseSettings):
    """SMS"""

    sms_provider: Literal["outbox", "twilio", "none"] = Field(
        "outbox",
        description="Who sends SMS; none is for a site without, outbox shows them at /dev/outbox, and production refuses it.",
    )
    sms_timeout: PositiveFloat = Field(
        10.0, le=20.0, description="Seconds that an SMS provider may take to let us connect, and to answer."
    )
    twilio_account_sid: str = Field("", description="Account at Twilio (AC...).")
    twilio_api_key: str = Field(
        "", description="API key of that account (SK...); empty to use the account's auth token."
    )
    twilio_secret: SecretStr = Field(SecretStr(""), description="Secret of the API key, or the auth token.")
    twilio_from: str = Field(
        "", description="Whom SMS are from: a number (+...), a sender id or a messaging service (MG...)."
    )
    sms_prefixes: Annotated[CommaSeparated, AfterValidator(_check_prefixes)] = Field(
        SERVED_PREFIXES,
        description="Numbers that SMS are sent to, by prefix; the longest that fits counts, and ! in front refuses, as in +1,!+1900.",
    )

    def what_sms_lack(self) -> list[str]:
        """Return the names of settings that the provider needs and that are empty."""
        needed = {
            "TWILIO_ACCOUNT_SID": self.twilio_account_sid,
            "TWILIO_SECRET": self.twilio_secret.get_secret_value(),
            "TWILIO_FROM": self.twilio_from,
        }
        return [name for name, value in needed.items() if not value] if self.sms_provider == "twilio" else []


class Communities(BaseSettings):
    """Communities"""

    member_timeout_max_days: PositiveInt = Field(28, description="Longest time-out of a member.")
    invite_hours: PositiveInt = Field(168, description="How long an invite is good unless its maker says otherwise.")
    invite_hours_max: PositiveInt = Field(8_760, description="Longest time for which an invite is good.")
    invite_uses: PositiveInt = Field(100, description="Uses of an invite unless its maker says otherwise.")
    invite_uses_max: PositiveInt = Field(10_000, description="Most uses of an invite.")
    application_claim_minutes: PositiveInt = Field(
        60, description="How long an application is kept for the reviewer who has taken it on."
    )
    invites_max: PositiveInt = Field(200, description="Open invites of a community.")
    community_roles_max: PositiveInt = Field(
        100, le=1_000, description="Roles of a community, the default one included."
    )
    external_services_max: PositiveInt = Field(
        10, le=100, description="External services that the gates of a community may ask."
    )
    external_service_seconds: PositiveFloat = Field(
        5.0, le=60.0, description="Time that an external service has for an answer, the look-up of its name included."
    )
    external_services_at_once: PositiveInt = Field(
        2,
        description="About how many external services are asked at the same moment, by all workers: these have other jobs, too.",
    )
    external_service_batch: PositiveInt = Field(
        8, le=100, description="Questions that one external service is asked at once."
    )
    external_answer_seconds_min: PositiveInt = Field(
        60, ge=10, description="Shortest time that an answer of an external service counts, whatever it says."
    )
    external_answer_seconds_max: PositiveInt = Field(
        2_592_000, description="Longest time that an answer of an external service counts, whatever it says."
    )
    external_service_networks: Networks = Field(
        [], description="Networks beside the public internet where external services may be, as in 10.1.2.0/24."
    )
    external_service_ca_file: str = Field(
        "", description="Certificates that are trusted for external services beside the usual ones: a file in PEM."
    )
    shadow_differences_kept_days: PositiveInt = Field(
        30, description="How long it is kept for whom a gate's version in the shadow decided differently."
    )
    access_changes_at_once: PositiveInt = Field(
        500, le=5_000, description="Members whose access changes in one transaction; the rest waits for a job."
    )
    member_roles_max: PositiveInt = Field(20, description="Roles that a member has beside the default one.")

    @model_validator(mode="after")
    def check_lifetimes(self) -> Communities:
        """Refuse bounds that leave nothing between them."""
        if self.external_answer_seconds_min > self.external_answer_seconds_max:
            raise ValueError("EXTERNAL_ANSWER_SECONDS_MIN is larger than EXTERNAL_ANSWER_SECONDS_MAX")
        return self


class Chat(BaseSettings):
    """Chat"""

    message_max_characters: PositiveInt = Field(4_000, description="Longest message.", le=40_000)
    message_edit_window_hours: PositiveInt = Field(24, description="How long authors may edit a message.")
    nonce_max_characters: PositiveInt = Field(64, description="Longest nonce of a message.", le=64)


class Events(BaseSettings):
    """Event log"""

    events_kept_days: PositiveInt = Field(
        7, description="How long events can be replayed; then clients take a snapshot."
    )
    replay_page_size: PositiveInt = Field(300, description="Events read in one step of a replay.")


class Gateway(BaseSettings):
    """Gateway"""

    heartbeat_seconds: PositiveInt = Field(30, description="How often a client pings (the server adds jitter).")
    heartbeat_dead_seconds: PositiveInt = Field(75, description="A socket that was silent for so long is closed.")
    socket_auth_seconds: PositiveInt = Field(5, description="Time for the first auth frame of a socket.")
    socket_frame_bytes: PositiveInt = Field(16_384, description="Largest frame of a client.")
    socket_backlog_bytes: PositiveInt = Field(
        1_048_576, description="Bytes that wait for a slow socket before it is closed."
    )
    socket_compression: bool = Field(
        True, description="Compress busy rooms' bursts, once for all sockets that offer permessage-deflate (uvicorn)."
    )
    socket_topics_max: PositiveInt = Field(1_000, description="Topics that one socket may follow.")
    socket_connections_max: PositiveInt = Field(20_000, description="Sockets that one gateway process admits.")
    socket_admission_rate: PositiveInt = Field(
        1_000, description="New sockets that one gateway process lets in per second; others get 503 and Retry-After."
    )
    socket_admission_burst: PositiveInt = Field(
        2_000, description="New sockets that one gateway process lets in at once after a quiet time."
    )
    gateway_thread_pool_size: PositiveInt = Field(8, description="Threads that run commands of sockets, per process.")
    gateway_sweep_seconds: PositiveFloat = Field(
        3.0, description="How often followed topics are compared with the log."
    )
    gateway_drain_seconds: NonNegativeInt = Field(
        10, description="Time over which clients are asked to reconnect at shut-down."
    )


class Presence(BaseSettings):
    """Presence"""

    presence_idle_seconds: PositiveFloat = Field(
        300.0, description="A device that was not used for so long is shown as idle."
    )
    presence_offline_seconds: PositiveFloat = Field(
        30.0,
        description="How long a user is shown as before when the last socket is gone; who is back by then never went.",
    )
    presence_lease_seconds: PositiveFloat = Field(
        30.0,
        description="How long the users of a gateway process that was killed are still shown; it reports three times in it.",
    )
    presence_refresh_seconds: PositiveFloat = Field(
        60.0,
        description="How often everybody who is looked at is compared with Redis: a lost announcement is made good.",
    )
    presence_window_members: PositiveInt = Field(
        100, description="Members of a community that a socket looks at, at once."
    )


class Environment(
    Safety,
    Services,
    Logs,
    Metrics,
    Rest,
    RateQuotas,
    Identity,
    SecondFactors,
    Lockout,
    Choices,
    SocialLogins,
    Challenges,
    MailSettings,
    SmsSettings,
    Communities,
    Chat,
    Events,
    Gateway,
    Presence,
):
    """The typed environment. Names are upper-cased, as in `DATABASE_URL`; unknown names and empty values are ignored."""

    model_config = SettingsConfigDict(extra="ignore", validate_default=True, env_ignore_empty=True)

    @model_validator(mode="after")
    def check_pairs(self) -> Environment:
        """Refuse values that contradict each other."""
        if self.database_pool_min_size > self.database_pool_max_size:
            raise ValueError("DATABASE_POOL_MIN_SIZE is larger than DATABASE_POOL_MAX_SIZE")
        if self.heartbeat_seconds >= self.heartbeat_dead_seconds:
            raise ValueError("HEARTBEAT_DEAD_SECONDS is not longer than HEARTBEAT_SECONDS")
        if not self.lockout_first_seconds <= self.lockout_longest_seconds < self.lockout_kept_seconds:
            raise ValueError(
                "LOCKOUT_FIRST_SECONDS, LOCKOUT_LONGEST_SECONDS and LOCKOUT_KEPT_SECONDS do not follow in size"
            )
        if self.challenge_provider != "none" and not (
            self.challenge_site_key and self.challenge_secret.get_secret_value()
        ):
            raise ValueError("CHALLENGE_PROVIDER needs CHALLENGE_SITE_KEY and CHALLENGE_SECRET")
        if self.what_sign_in_lacks():
            raise ValueError(f"signing in elsewhere needs {' and '.join(self.what_sign_in_lacks())}")
        if self.what_mail_lacks():
            raise ValueError(f"MAIL_PROVIDER {self.mail_provider} needs {' and '.join(self.what_mail_lacks())}")
        if self.what_sms_lack():
            raise ValueError(f"SMS_PROVIDER {self.sms_provider} needs {' and '.join(self.what_sms_lack())}")
        return self

    def encryption_keys(self) -> list[str]:
        """Return what opens secrets at rest; the first one seals them. SECRET_KEY opens what was sealed before there was another key."""
        keys = [self.encryption_key.get_secret_value(), *_split_list(self.encryption_key_fallbacks.get_secret_value())]
        return list(filter(None, [*keys, self.secret_key.get_secret_value(), *self.retired_keys()]))

    def retired_keys(self) -> list[str]:
        """Return the earlier values of SECRET_KEY."""
        return list(filter(None, map(str.strip, self.secret_key_fallbacks.get_secret_value().split(","))))

    def has_outbox(self) -> bool:
        """Tell whether there is an outbox to look at: never in production."""
        return self.environment != "production" and "outbox" in (self.mail_provider, self.sms_provider)

    def rate_limits(self) -> dict[str, RateLimit]:
        """Return the limits by the name that clients see: `RATE_MESSAGE_CREATE` is `message.create`."""
        names = {field: ".".join(field.removeprefix("rate_").rsplit("_", 1)) for field in RateQuotas.model_fields}
        return {name: self._rate_limit(field, name) for field, name in names.items()}

    def _rate_limit(self, field: str, name: str) -> RateLimit:
        quota, seconds = map(int, getattr(self, field).split("/"))
        row: Any = RateQuotas.model_fields[field].json_schema_extra or {}
        return RateLimit(name, quota, seconds, guards=row.get("without_redis") == "counted in each process")

    def staff_need_second_factor(self) -> bool:
        """Tell whether the admin panel asks for a second factor."""
        if self.staff_second_factor == "auto":
            return self.environment == "production"
        return self.staff_second_factor == "required"

    def lockout(self) -> DelayRule:
        """Return the rule by which failed logins delay the next one."""
        return DelayRule(
            free=self.lockout_free_failures,
            first=self.lockout_first_seconds,
            longest=self.lockout_longest_seconds,
            kept=self.lockout_kept_seconds,
            crowd_max=self.lockout_strangers_max,
        )

    def logs_are_json(self) -> bool:
        """Tell whether machines read the log."""
        return self.log_format == "json" or (self.log_format == "auto" and self.environment == "production")


def load_environment() -> Environment:
    """Return the environment, or end the process with one sentence about the first wrong value.

    Values come from the process's environment, then from the file `.env` beside manage.py. Tests ignore the file.
    """
    try:
        return read_environment(None if os.environ.get("ENVIRONMENT") == "test" else BASE_DIR / ".env")
    except ValidationError as error:
        print(sentence_for(error), file=sys.stderr)  # noqa: T201  # logging is not configured yet
        raise SystemExit(EXIT_CODE_OF_A_WRONG_VALUE) from None


def read_environment(env_file: Path | None) -> Environment:
    """Return the environment, with values from the file where the process has none. Raises `ValidationError`."""
    return Environment(_env_file=env_file)  # type: ignore[call-arg]  # every value has a default


def sentence_for(error: ValidationError) -> str:
    """Return one sentence that names the variable and what is wrong, and never the value (it may be a secret)."""
    first = error.errors()[0]
    reason = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"The settings contradict each other: {reason}."
    return f"The setting {str(first['loc'][0]).upper()} has a wrong value: {reason}."


def example_file() -> str:
    """Return `.env.example`: one commented line per setting with its default, under the heading of its group."""
    lines = [
        "# Every setting with its default. Copy to .env and uncomment what you change; the environment wins over the file."
    ]
    for group in (base for base in Environment.__bases__ if issubclass(base, BaseSettings)):
        lines += ["", f"# --- {group.__doc__} ---"]
        for name, field in group.model_fields.items():
            lines += [f"# {field.description}", f"#{name.upper()}={_written(field.default)}"]
    return "\n".join(lines) + "\n"


def _written(default: Any) -> str:
    """Return a default as it is written in the environment."""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, list):
        return ",".join(default)
    return str(default).lower() if isinstance(default, bool) else str(default)


environment = load_environment()
