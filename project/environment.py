"""Every setting that comes from the environment: its type, its default and what it is for. `.env.example` is generated from here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105  # refused by a system check


class Environment(BaseSettings):
    """The typed environment. Names are upper-cased, as in `DATABASE_URL`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    environment: Literal["development", "test", "production"] = Field(
        "development", description="Which safety rules apply; production refuses unsafe values."
    )
    secret_key: SecretStr = Field(SecretStr(DEVELOPMENT_SECRET), description="Signs tokens and cookies; 50 characters or more.")
    allowed_hosts: list[str] = Field(["*"], description="Host names that the site answers to, as a JSON list.")
    database_url: str = Field("postgres://portcullis@127.0.0.1:5432/portcullis", description="Address of PostgreSQL.")
    redis_url: str = Field("redis://127.0.0.1:6379/0", description="Address of Redis.")


environment = Environment()
