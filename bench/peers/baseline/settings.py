"""The baseline's settings. LAYER chooses the channel layer: `core` or `pubsub`."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "a-benchmark-on-loopback-signs-with-this"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "bench.peers.baseline.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "bench.peers.baseline.chat",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.strip("/"),
        "USER": _database.username,
        "PASSWORD": _database.password,
        "HOST": _database.hostname,
        "PORT": _database.port,
    }
}
_BACKENDS = {
    "core": "channels_redis.core.RedisChannelLayer",
    "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}
_LAYER = os.environ.get("LAYER", "core")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": _BACKENDS[_LAYER],
        "CONFIG": {
            "hosts": [os.environ["REDIS_URL"]],
            # With the default of 100 the core layer throws messages away as soon as a room of 500 is busy.
            **({"capacity": 1_000_000, "expiry": 600} if _LAYER == "core" else {}),
        },
    }
}
