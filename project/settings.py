"""Django settings, all derived from `project.environment`. Values that differ per installation belong there, not here."""

from __future__ import annotations

import logging
from ipaddress import ip_network
from typing import Any

from accounts.constants import USERNAME_MIN_LENGTH
from communities.constants import SERVICE_ANSWER_BYTES
from kernel.outbound import OutboundRules
from project.addresses import database_settings, layer_host
from project.environment import BASE_DIR, environment
from project.mail.backends import anymail_settings, mail_backend
from project.observability.logs import configure_structlog, logging_settings
from project.sign_in_limits import allauth_rates
from project.social_providers import sign_in_origins, social_providers

PRODUCTION = environment.environment == "production"
TESTING = environment.environment == "test"

# --- Safety ----------------------------------------------------------------------------------------------------------
SECRET_KEY = environment.secret_key.get_secret_value()
SECRET_KEY_FALLBACKS = environment.retired_keys()
DEBUG = environment.debug
ALLOWED_HOSTS = environment.allowed_hosts
TRUSTED_PROXY_COUNT = environment.trusted_proxy_count
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_SSL_REDIRECT = environment.https_only
SECURE_HSTS_SECONDS = environment.hsts_seconds if environment.https_only else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.https_only
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = environment.https_only
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Browsers take a cookie of such a name from this host alone, over HTTPS alone: no neighbour on a subdomain can plant one.
_COOKIE_PREFIX = "__Host-" if environment.https_only else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
CSRF_TRUSTED_ORIGINS = CORS_ALLOWED_ORIGINS = TRUSTED_ORIGINS = environment.trusted_origins
CSRF_FAILURE_VIEW = "project.rest.problems.csrf_failure"
CORS_URLS_REGEX = r"^/(api|_allauth)/"
CORS_ALLOW_CREDENTIALS = True  # to the listed origins; browsers send our cookies from sites of the same domain alone
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "x-challenge-response",
    "x-csrftoken",
    "x-device-token",
    "x-email-verification-key",
    "x-password-reset-key",
    "x-request-id",
    "x-session-token",
]
CORS_EXPOSE_HEADERS = [
    "Idempotency-Replayed",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-CSRFToken",
    "X-Device-Token",
    "X-Request-ID",
]
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # being preloaded by browsers is for the owner of the domain to ask for
SITE_NAME = "Portcullis"
DATA_UPLOAD_MAX_MEMORY_SIZE = environment.request_body_bytes

# --- Apps and the HTTP stack -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "project.apps.AdminPanelConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "procrastinate.contrib.django",
    "accounts.apps.AccountsConfig",  # before allauth, whose mails it words anew
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.facebook",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.headless",
    "eventlog.apps.EventLogConfig",
    "communities.apps.CommunitiesConfig",
    "chat.apps.ChatConfig",
    "gateway.apps.GatewayConfig",
    "project.apps.ProjectConfig",
]

MIDDLEWARE = [
    "project.health.HealthMiddleware",
    "project.observability.metrics.MetricsMiddleware",
    "project.observability.requests.RequestIdMiddleware",
    "project.observability.requests.AccessLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "project.rest.security_headers.SecurityHeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "project.rest.compression.CompressionMiddleware",
    "project.static_files.StaticFilesMiddleware",
    "project.rest.guards.ProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "project.rest.csrf_header.CsrfHeaderMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "project.known_devices.KnownDeviceMiddleware",
    "project.rest.rate_limit_headers.RateLimitHeadersMiddleware",
    "project.rest.sign_in_limits.SignInLimitsMiddleware",
    "project.rest.challenges.ChallengeMiddleware",
    "project.rest.idempotency.IdempotencyMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

STATIC_URL = "/static/"
WHITENOISE_ROOT = BASE_DIR / "web"
WHITENOISE_INDEX_FILE = True
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = not PRODUCTION
WHITENOISE_MAX_AGE = 60 if PRODUCTION else 0
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- Logs and metrics ------------------------------------------------------------------------------------------------
WORKER_METRICS_PORT = environment.worker_metrics_port
METRICS_TOKEN = environment.metrics_token.get_secret_value()
LOGGING = logging_settings(level=environment.log_level, as_json=environment.logs_are_json())
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # checked before by RequestIdMiddleware
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # believes any X-Forwarded-For
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
configure_structlog()

# --- PostgreSQL and Redis --------------------------------------------------------------------------------------------
_database = database_settings(environment.database_url.get_secret_value())
_database["ENGINE"] = "project.postgresql"
_database["CONN_MAX_AGE"] = 0
_database["DISABLE_SERVER_SIDE_CURSORS"] = environment.database_behind_pgbouncer
_database["OPTIONS"] = {"connect_timeout": 3, "keepalives_idle": 30, "tcp_user_timeout": 10_000} | _database["OPTIONS"]
if not environment.database_behind_pgbouncer:
    # Hot statements (eventlog/statements.py) are prepared at their second use in a session and planned once: a partitioned
    # table takes longer to plan than to ask. The ORM's are never prepared, and so are planned for their values.
    _database["OPTIONS"] = {
        "prepare_threshold": 1,
        "options": "-c plan_cache_mode=force_generic_plan",
    } | _database["OPTIONS"]
if not TESTING:  # a test run needs one connection per process, and one that the runner can close
    _database["OPTIONS"]["pool"] = {
        "min_size": environment.database_pool_min_size,
        "max_size": environment.database_pool_max_size,
        "timeout": environment.database_pool_timeout,
        "reconnect_timeout": 2.0,  # then the next call tries at once; psycopg's own pauses grow as long as the outage was
    }
DATABASES = {"default": _database}

REDIS_URL = environment.redis_url.get_secret_value()
REDIS_TIMEOUT = environment.redis_timeout
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "gateway.channel_layer.GatheringChannelLayer",
        "CONFIG": {"hosts": [layer_host(REDIS_URL)]},
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": REDIS_TIMEOUT, "socket_connect_timeout": REDIS_TIMEOUT},
    }
}

# --- Accounts --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.authentication.LimitedModelBackend"]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["django.contrib.auth.hashers.Argon2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
] + [{"NAME": "accounts.processing.breached_passwords.BreachedPasswordValidator"}]
BREACHED_PASSWORDS_FILE = environment.breached_passwords_file
REFUSE_DISPOSABLE_MAIL = environment.refuse_disposable_mail
DISPOSABLE_MAIL_FILE = environment.disposable_mail_file
SESSION_ENGINE = "accounts.storage.web_sessions"
SESSION_COOKIE_AGE = environment.refresh_token_days * 86_400
SIMPLE_JWT = {"USER_ID_CLAIM": "sub", "UPDATE_LAST_LOGIN": False}  # keys, issuer and lifetimes: accounts.actions.tokens
ACCESS_TOKEN_SECONDS = environment.access_token_seconds
REFRESH_TOKEN_DAYS = environment.refresh_token_days
REFRESH_GRACE_SECONDS = environment.refresh_grace_seconds
SESSIONS_KEPT_DAYS = environment.sessions_kept_days
TOKEN_ISSUER = environment.token_issuer
TOKEN_AUDIENCE = f"{TOKEN_ISSUER}.api"
TOKEN_LEEWAY_SECONDS = environment.token_leeway_seconds
SESSION_CHECK_SECONDS = environment.session_check_seconds
SOCKET_TICKET_SECONDS = environment.socket_ticket_seconds
RECENT_SIGN_IN_MINUTES = environment.recent_sign_in_minutes
DELETION_GRACE_DAYS = environment.deletion_grace_days
USERNAME_RESERVED_DAYS = environment.username_reserved_days
API_KEYS_MAX = environment.api_keys_max
API_KEY_MAX_DAYS = environment.api_key_max_days
API_KEY_OVERLAP_MAX_HOURS = environment.api_key_overlap_max_hours
API_KEY_USE_NOTED_MINUTES = environment.api_key_use_noted_minutes
API_KEYS_KEPT_DAYS = environment.api_keys_kept_days
BOTS_MAX = environment.bots_max
STAFF_SECOND_FACTOR = environment.staff_need_second_factor()
STAFF_SIGN_IN_HOURS = environment.staff_sign_in_hours
LOCKOUT = environment.lockout()
KNOWN_DEVICE_DAYS = environment.known_device_days
DEVICE_COOKIE_NAME = f"{_COOKIE_PREFIX}device"
CHALLENGE_PROVIDER = environment.challenge_provider
CHALLENGE_SITE_KEY = environment.challenge_site_key
CHALLENGE_SECRET = environment.challenge_secret.get_secret_value()
CHALLENGE_OPEN_WHEN_AWAY = environment.challenge_open_when_away
CHALLENGE_AFTER_FAILURES = environment.challenge_after_failures

# --- Mail and SMS ----------------------------------------------------------------------------------------------------
MAIL_PROVIDER = environment.mail_provider
EMAIL_BACKEND = mail_backend(MAIL_PROVIDER)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.mail_from
EMAIL_TIMEOUT = environment.mail_timeout
EMAIL_HOST = environment.smtp_host
EMAIL_PORT = environment.smtp_port
EMAIL_HOST_USER = environment.smtp_username
EMAIL_HOST_PASSWORD = environment.smtp_password.get_secret_value()
EMAIL_USE_TLS = environment.smtp_security == "starttls"
EMAIL_USE_SSL = environment.smtp_security == "tls"
ANYMAIL = anymail_settings(environment)
SMS_PROVIDER = environment.sms_provider
SMS_PREFIXES = [] if SMS_PROVIDER == "none" else environment.sms_prefixes
OUTBOX_PAGE = environment.has_outbox()

# --- Signing in and up: allauth, under /_allauth/app/v1 for tokens and /_allauth/browser/v1 for cookies ------------------
SITE_NAME = environment.site_name
SIGN_UP_MODE = environment.sign_up_mode
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app", "browser")
HEADLESS_TOKEN_STRATEGY = "accounts.flows.tokens.TokenStrategy"  # noqa: S105  # a class, not a token
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": "/#/verify-email/{key}",
    "account_reset_password": "/#/reset-password",
    "account_reset_password_from_key": "/#/reset-password/{key}",
    "account_signup": "/#/sign-up",
    "socialaccount_login_error": "/#/sign-in/failed",
}
ACCOUNT_ADAPTER = "accounts.flows.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.flows.sign_up.SignUpForm"
ACCOUNT_EMAIL_VERIFICATION = environment.email_verification
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = ACCOUNT_EMAIL_VERIFICATION == "mandatory"
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 3  # of a login; beside the limit of mails to an address
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = environment.password_reset == "code"  # noqa: S105
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.flows.reset_tokens.ResetTokenGenerator"  # noqa: S105  # a path
ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_USER_DISPLAY = "accounts.flows.adapter.display_name_of"
ACCOUNT_USERNAME_MIN_LENGTH = USERNAME_MIN_LENGTH
SOCIALACCOUNT_ADAPTER = "accounts.flows.social.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = social_providers(environment)
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SIGN_IN_ORIGINS = sign_in_origins(environment)
MFA_ADAPTER = "accounts.flows.second_factors.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TRUST_ENABLED = False  # a cookie alone, which nobody could list or revoke: accounts.flows.second_factors.trust
MFA_TOTP_ISSUER = SITE_NAME
MFA_RECOVERY_CODE_DIGITS = 10  # like the number of codes: another value would make other codes of what is stored
MFA_RECOVERY_CODES_SHOW_ONCE = True
ENCRYPTION_KEYS = environment.encryption_keys()
WEBAUTHN_RP_ID = environment.webauthn_rp_id
WEBAUTHN_ORIGINS = environment.webauthn_origins
ANDROID_APPS = environment.android_apps
APPLE_APPS = environment.apple_apps
TRUSTED_DEVICE_DAYS = environment.trusted_device_days

# --- REST ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SessionTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["project.rest.renderers.WireRenderer"],
    "DEFAULT_PARSER_CLASSES": ["project.rest.parsers.StrictJsonParser"],
    "DEFAULT_THROTTLE_CLASSES": ["project.rest.rate_limit_headers.DefaultThrottle"],
    "DEFAULT_SCHEMA_CLASS": "project.rest.openapi.WireSchema",
    "EXCEPTION_HANDLER": "project.rest.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Portcullis",
    "DESCRIPTION": "The REST edge of a gated real-time community. Live events come over the socket at /ws/v1.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "filter": True},
    "POSTPROCESSING_HOOKS": ["project.rest.openapi.add_what_all_operations_share"],
    "AUTHENTICATION_WHITELIST": ["accounts.authentication.SessionTokenAuthentication"],
}
IDEMPOTENCY_KEPT_HOURS = environment.idempotency_kept_hours
COMPRESSION_MIN_BYTES = environment.compression_min_bytes
RATE_LIMITS = environment.rate_limits()
ACCOUNT_RATE_LIMITS = allauth_rates(RATE_LIMITS)
MFA_RATE_LIMITS = {"webauthn_login": None}  # counted by route, like every other login

# --- Communities, chat and event log ---------------------------------------------------------------------------------
MEMBER_TIMEOUT_MAX_DAYS = environment.member_timeout_max_days
APPLICATION_CLAIM_MINUTES = environment.application_claim_minutes
INVITE_HOURS = environment.invite_hours
INVITE_HOURS_MAX = environment.invite_hours_max
INVITE_USES = environment.invite_uses
INVITE_USES_MAX = environment.invite_uses_max
INVITES_MAX = environment.invites_max
COMMUNITY_ROLES_MAX = environment.community_roles_max
SHADOW_DIFFERENCES_KEPT_DAYS = environment.shadow_differences_kept_days
EXTERNAL_SERVICES_MAX = environment.external_services_max
EXTERNAL_SERVICE_RULES = OutboundRules(
    seconds=environment.external_service_seconds,
    answer_bytes=SERVICE_ANSWER_BYTES,
    allowed=tuple(map(ip_network, environment.external_service_networks)),
    ca_file=environment.external_service_ca_file,
)
EXTERNAL_SERVICES_AT_ONCE = environment.external_services_at_once
EXTERNAL_SERVICE_BATCH = environment.external_service_batch
EXTERNAL_ANSWER_SECONDS_MIN = environment.external_answer_seconds_min
EXTERNAL_ANSWER_SECONDS_MAX = environment.external_answer_seconds_max
ACCESS_CHANGES_AT_ONCE = environment.access_changes_at_once
MEMBER_ROLES_MAX = environment.member_roles_max
MESSAGE_MAX_CHARACTERS = environment.message_max_characters
MESSAGE_EDIT_WINDOW_HOURS = environment.message_edit_window_hours
NONCE_MAX_CHARACTERS = environment.nonce_max_characters
EVENTS_KEPT_DAYS = environment.events_kept_days
REPLAY_PAGE_SIZE = environment.replay_page_size

# --- Gateway ---------------------------------------------------------------------------------------------------------
HEARTBEAT_SECONDS = environment.heartbeat_seconds
HEARTBEAT_DEAD_SECONDS = environment.heartbeat_dead_seconds
SOCKET_AUTH_SECONDS = environment.socket_auth_seconds
SOCKET_FRAME_BYTES = environment.socket_frame_bytes
SOCKET_BACKLOG_BYTES = environment.socket_backlog_bytes
SOCKET_COMPRESSION = environment.socket_compression
SOCKET_TOPICS_MAX = environment.socket_topics_max
SOCKET_CONNECTIONS_MAX = environment.socket_connections_max
SOCKET_ADMISSION_RATE = environment.socket_admission_rate
SOCKET_ADMISSION_BURST = environment.socket_admission_burst
GATEWAY_THREAD_POOL_SIZE = environment.gateway_thread_pool_size
GATEWAY_SWEEP_SECONDS = environment.gateway_sweep_seconds
GATEWAY_DRAIN_SECONDS = environment.gateway_drain_seconds
PRESENCE_IDLE_SECONDS = environment.presence_idle_seconds
PRESENCE_OFFLINE_SECONDS = environment.presence_offline_seconds
PRESENCE_LEASE_SECONDS = environment.presence_lease_seconds
PRESENCE_REFRESH_SECONDS = environment.presence_refresh_seconds
PRESENCE_WINDOW_MEMBERS = environment.presence_window_members
