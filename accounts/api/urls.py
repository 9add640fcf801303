"""The routes of accounts, below the prefix of the API version."""

from __future__ import annotations

from django.urls import URLPattern, path

from accounts.api.key_views import (
    BotKeysView,
    MyBotsView,
    MyBotView,
    MyKeysView,
    MyKeyView,
    RotationView,
)
from accounts.api.views import (
    BirthDateView,
    DeactivationView,
    DeletionView,
    LoginView,
    LogoutView,
    MeView,
    PhoneNumberView,
    RefreshView,
    RevokeOthersView,
    SessionsView,
    SessionView,
    SignUpView,
    TicketView,
    TrustedDevicesView,
    TrustedDeviceView,
)

urlpatterns: list[URLPattern] = [
    path("auth/sign-up", SignUpView.as_view(), name="sign-up"),
    path("auth/login", LoginView.as_view(), name="login"),
    path("auth/refresh", RefreshView.as_view(), name="refresh"),
    path("auth/logout", LogoutView.as_view(), name="logout"),
    path("me", MeView.as_view(), name="me"),
    path("me/birth-date", BirthDateView.as_view(), name="birth-date"),
    path("me/phone", PhoneNumberView.as_view(), name="phone-number"),
    path("me/deactivate", DeactivationView.as_view(), name="deactivate-account"),
    path("me/deletion", DeletionView.as_view(), name="account-deletion"),
    path("me/sessions", SessionsView.as_view(), name="sessions"),
    path("me/sessions/revoke-others", RevokeOthersView.as_view(), name="revoke-other-sessions"),
    path("me/sessions/<uuid:session_id>", SessionView.as_view(), name="session"),
    path("me/trusted-devices", TrustedDevicesView.as_view(), name="trusted-devices"),
    path("me/trusted-devices/<uuid:device_id>", TrustedDeviceView.as_view(), name="trusted-device"),
    path("me/keys", MyKeysView.as_view(), name="my-keys"),
    path("me/keys/<uuid:key_id>", MyKeyView.as_view(), name="my-key"),
    path("me/keys/<uuid:key_id>/rotate", RotationView.as_view(), name="rotate-my-key"),
    path("me/bots", MyBotsView.as_view(), name="my-bots"),
    path("me/bots/<uuid:bot_id>", MyBotView.as_view(), name="my-bot"),
    path("me/bots/<uuid:bot_id>/keys", BotKeysView.as_view(), name="bot-keys"),
    path("gateway/ticket", TicketView.as_view(), name="socket-ticket"),
]
