"""The project's settings with ENVIRONMENT=test: cheap password hashing, no connection pool, no `.env` file.

The default limits of REST are out of the way: all tests come from one address. Tests of limits set their own.
"""

import os

os.environ["ENVIRONMENT"] = "test"
for name in ("RATE_REST_READ", "RATE_REST_WRITE", "RATE_REST_ANONYMOUS", "RATE_PANEL_WRITE"):
    os.environ[name] = "1000000/60"

from project.settings import *  # noqa: E402, F403  # what is above must come first

INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]  # noqa: F405  # for `make check`
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # test processes share one Redis
