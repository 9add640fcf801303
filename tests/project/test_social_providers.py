"""What becomes of the credentials of providers that people may sign in with."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from project.environment import Environment
from project.social_providers import sign_in_origins, social_providers

CLUB = {"id": "club", "name": "The Club", "server_url": "https://id.club.example:8443/realm/", "client_id": "c"}


def environment(**values: object) -> Environment:
    return Environment(_env_file=None, **values)  # type: ignore[arg-type]


def test_without_credentials_no_provider_is_offered():
    assert social_providers(environment()) == {}
    assert sign_in_origins(environment()) == []


def test_a_provider_with_credentials_is_offered_with_pkce_and_no_scope_but_name_and_address():
    given = environment(google_client_id="id", google_client_secret="secret")
    assert social_providers(given) == {
        "google": {
            "APPS": [{"provider_id": "google", "name": "Google", "client_id": "id", "secret": "secret"}],
            "SCOPE": ["openid", "profile", "email"],
            "OAUTH_PKCE_ENABLED": True,
        }
    }
    assert sign_in_origins(given) == ["https://accounts.google.com"]


def test_an_openid_provider_is_known_by_its_address():
    given = environment(openid_connect_providers=[CLUB])
    [app] = social_providers(given)["openid_connect"]["APPS"]
    assert app == {
        "provider_id": "club",
        "name": "The Club",
        "client_id": "c",
        "secret": "",
        "settings": {"server_url": "https://id.club.example:8443/realm"},
    }
    assert sign_in_origins(given) == ["https://id.club.example:8443"]


def test_half_of_the_credentials_is_named():
    with pytest.raises(ValidationError, match="signing in elsewhere needs GITHUB_CLIENT_SECRET and FACEBOOK_CLIENT_ID"):
        environment(github_client_id="id", facebook_client_secret="secret")
