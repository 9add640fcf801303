"""Django settings, all derived from `project.environment`. Values that differ per installation belong there, not here."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from project.environment import environment

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = environment.secret_key.get_secret_value()
DEBUG = False
ALLOWED_HOSTS = environment.allowed_hosts

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "procrastinate.contrib.django",
    "eventlog.apps.EventLogConfig",
    "accounts.apps.AccountsConfig",
    "communities.apps.CommunitiesConfig",
    "chat.apps.ChatConfig",
    "gateway.apps.GatewayConfig",
    "project.apps.ProjectConfig",
]

_database = urlsplit(environment.database_url)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username or "",
        "PASSWORD": _database.password or "",
        "HOST": _database.hostname or "",
        "PORT": str(_database.port or ""),
        "CONN_MAX_AGE": 0,
    }
}

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
