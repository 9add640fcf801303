"""The settings of server processes that tests start: those of development, but for a password hash that costs nothing."""

from project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
