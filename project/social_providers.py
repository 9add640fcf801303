"""What allauth is told of the providers that people sign in with, and where browsers are sent for it. Plain data: settings import it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr

if TYPE_CHECKING:
    from project.environment import SocialLogins

_ORIGINS = {
    "google": "https://accounts.google.com",
    "github": "https://github.com",
    "facebook": "https://www.facebook.com",
}
_NAMES = {"google": "Google", "github": "GitHub", "facebook": "Facebook"}
_SCOPES = {"google": ["openid", "profile", "email"], "github": ["user:email"], "facebook": ["public_profile", "email"]}


class OpenIdProvider(BaseModel):
    """A provider that speaks OpenID Connect; the rest is read from `server_url` + `/.well-known/openid-configuration`."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")
    name: str = Field(min_length=1, max_length=40)
    server_url: HttpUrl
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = SecretStr("")


def social_providers(logins: SocialLogins) -> dict[str, dict[str, Any]]:
    """Return `SOCIALACCOUNT_PROVIDERS`: of each provider with credentials its app, with PKCE, and no scope but name and address."""
    known = {
        provider: {"APPS": [_app(provider, _NAMES[provider], *credentials)], "SCOPE": _SCOPES[provider]}
        for provider, credentials in _credentials(logins).items()
    }
    if logins.openid_connect_providers:
        known["openid_connect"] = {"APPS": [_openid_app(provider) for provider in logins.openid_connect_providers]}
    return {provider: configured | {"OAUTH_PKCE_ENABLED": True} for provider, configured in known.items()}


def sign_in_origins(logins: SocialLogins) -> list[str]:
    """Return where a form of ours may lead a browser: without these the content security policy would stop it on the way."""
    return [_ORIGINS[provider] for provider in _credentials(logins)] + [
        f"{address.scheme}://{address.netloc}" for address in _addresses(logins.openid_connect_providers)
    ]


def _credentials(logins: SocialLogins) -> dict[str, tuple[str, str]]:
    given = {
        "google": (logins.google_client_id, logins.google_client_secret.get_secret_value()),
        "github": (logins.github_client_id, logins.github_client_secret.get_secret_value()),
        "facebook": (logins.facebook_client_id, logins.facebook_client_secret.get_secret_value()),
    }
    return {provider: credentials for provider, credentials in given.items() if credentials[0]}


def _addresses(providers: Sequence[OpenIdProvider]) -> list[Any]:
    return [urlsplit(str(provider.server_url)) for provider in providers]


def _openid_app(provider: OpenIdProvider) -> dict[str, Any]:
    app = _app(provider.id, provider.name, provider.client_id, provider.client_secret.get_secret_value())
    return app | {"settings": {"server_url": str(provider.server_url).rstrip("/")}}


def _app(provider_id: str, name: str, client_id: str, secret: str) -> dict[str, Any]:
    return {"provider_id": provider_id, "name": name, "client_id": client_id, "secret": secret}
