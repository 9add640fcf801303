"""The routes of second factors below `/_allauth/`, at the addresses that allauth documents; they come before its own."""

from __future__ import annotations

from allauth.headless.constants import Client
from django.urls import URLPattern, URLResolver, include, path

from accounts.flows.second_factors import managing, signing_in

app_name = "headless"

_VIEWS = {
    "auth/2fa/authenticate": (signing_in.CodeView, "authenticate"),
    "auth/2fa/reauthenticate": (signing_in.CodeAgainView, "reauthenticate"),
    "auth/webauthn/authenticate": (signing_in.PasskeyView, "authenticate_webauthn"),
    "auth/webauthn/reauthenticate": (signing_in.PasskeyAgainView, "reauthenticate_webauthn"),
    "auth/webauthn/login": (signing_in.PasskeyLoginView, "login_webauthn"),
    "account/authenticators": (managing.FactorsView, "authenticators"),
    "account/authenticators/totp": (managing.TotpView, "manage_totp"),
    "account/authenticators/recovery-codes": (managing.RecoveryCodesView, "manage_recovery_codes"),
    "account/authenticators/webauthn": (managing.PasskeysView, "manage_webauthn"),
}


def _patterns(client: Client) -> list[URLPattern]:
    return [path(route, view.as_api_view(client=client), name=name) for route, (view, name) in _VIEWS.items()]


urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{client.value}/v1/", include((_patterns(client), "headless"), namespace=client.value))
    for client in (Client.BROWSER, Client.APP)
]
