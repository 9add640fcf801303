"""The project's settings with ENVIRONMENT=test: cheap password hashing, no connection pool, no `.env` file."""

import os

os.environ["ENVIRONMENT"] = "test"

from project.settings import *  # noqa: F403
