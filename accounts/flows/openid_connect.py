"""allauth's provider for OpenID Connect, with ID tokens read as the standard has them. Being away is told in the web client."""

from __future__ import annotations

from typing import Any

import jwt
import structlog
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal.jwtkit import verify_jti
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse
from requests import RequestException

from accounts.flows.callbacks import refuse_in_web_client
from kernel.errors import Unavailable

logger = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key pair; `none`, and those by a shared secret, which is not only the provider's, are no proof."""
LEEWAY_SECONDS = 5
REQUIRED_CLAIMS = ["iss", "sub", "aud", "exp", "iat"]  # OpenID Connect Core 1.0, section 2


class OpenIdConnect(OpenIDConnectProvider):
    """allauth fails on a token that names no key, which is right where the provider has only one (OpenID Connect Core, section 10.1).

    It fails as well when somebody comes for the first time and two providers have given us the same client id.
    """

    def redirect(self, request: HttpRequest, process: str, next_url: str | None = None, **rest: Any) -> HttpResponse:
        """Send a browser to the provider, or back with an error when the provider does not say where."""
        try:
            response: HttpResponse = super().redirect(request, process, next_url=next_url, **rest)
        except (RequestException, ValueError, KeyError) as error:
            logger.warning("social_login.provider_away", provider=self.app.provider_id, error=type(error).__name__)
            return refuse_in_web_client(request, Unavailable())
        return response

    def serialize(self) -> dict[str, Any]:
        """Return what finds this provider again while somebody signs up: its own id, for two may know us as the same client."""
        return super().serialize() | {"id": self.sub_id}

    def verify_token(self, request: HttpRequest, token: dict[str, Any]) -> SocialLogin:
        """Return whom an ID token, made for our client by this provider, stands for. Raises `ValidationError`."""
        try:
            claims = self._claims_of(request, token["id_token"])
        except (jwt.PyJWTError, OAuth2Error, RequestException, ValueError, KeyError, TypeError) as error:
            logger.info("social_login.token_refused", provider=self.app.provider_id, error=type(error).__name__)
            raise get_adapter().validation_error("invalid_token") from error
        login: SocialLogin = self.sociallogin_from_response(request, {"id_token": claims})
        return login

    def _claims_of(self, request: HttpRequest, id_token: str) -> dict[str, Any]:
        configuration = self.get_oauth2_adapter(request).openid_config
        claims: dict[str, Any] = jwt.decode(
            id_token,
            _key_for(id_token, configuration["jwks_uri"]),
            algorithms=ALGORITHMS,
            audience=self.app.client_id,
            issuer=configuration["issuer"],
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED_CLAIMS},
        )
        verify_jti(claims)
        return claims


def _key_for(id_token: str, keys_url: str) -> jwt.PyJWK:
    """Return the provider's key that a token names, or its only one. Raises `KeyError` or `ValueError`."""
    with get_adapter().get_requests_session() as session:
        response = session.get(keys_url)
        response.raise_for_status()
    keys = jwt.PyJWKSet.from_dict(response.json()).keys
    named = jwt.get_unverified_header(id_token).get("kid")
    if named is None:
        [only] = keys
        return only
    return {key.key_id: key for key in keys}[named]
