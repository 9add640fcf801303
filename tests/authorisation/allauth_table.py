"""The rows of allauth's routes, for mobile apps (`app`) and browsers (`browser`): what comes back when an empty body is sent.

All of it is about the caller alone, so it is asked who is signed in, and no more. 400 lets the caller in and refuses the empty body,
401 is "sign in first" (allauth says so too for a session that is over: `DELETE /auth/session` answers it when it has signed out,
passkeys when no login is under way, and whatever changes second factors without a fresh proof), 409 "no such step is pending", 404
"nothing of the kind is set up".
"""

from __future__ import annotations

Statuses = tuple[int, int]
"""What who is not signed in gets, and what everybody else gets."""

OF_BOTH: dict[str, Statuses] = {
    "GET /account/authenticators": (401, 200),
    "GET /account/authenticators/recovery-codes": (401, 401),
    "POST /account/authenticators/recovery-codes": (401, 401),
    "DELETE /account/authenticators/totp": (401, 401),
    "GET /account/authenticators/totp": (401, 404),
    "POST /account/authenticators/totp": (401, 400),
    "DELETE /account/authenticators/webauthn": (401, 401),
    "GET /account/authenticators/webauthn": (401, 401),
    "POST /account/authenticators/webauthn": (401, 401),
    "PUT /account/authenticators/webauthn": (401, 401),
    "DELETE /account/email": (401, 400),
    "GET /account/email": (401, 200),
    "PATCH /account/email": (401, 400),
    "POST /account/email": (409, 400),
    "PUT /account/email": (401, 400),
    "POST /account/password/change": (401, 400),
    "GET /account/phone": (401, 200),
    "POST /account/phone": (409, 400),
    "DELETE /account/providers": (401, 400),
    "GET /account/providers": (401, 200),
    "POST /auth/2fa/authenticate": (401, 401),
    "POST /auth/2fa/reauthenticate": (401, 400),
    "POST /auth/code/confirm": (409, 409),
    "GET /auth/email/verify": (400, 400),
    "POST /auth/email/verify": (400, 400),
    "POST /auth/email/verify/resend": (409, 409),
    "POST /auth/login": (400, 400),
    "POST /auth/password/request": (400, 400),
    "GET /auth/password/reset": (409, 409),
    "POST /auth/password/reset": (409, 409),
    "POST /auth/phone/verify": (409, 409),
    "POST /auth/phone/verify/resend": (409, 409),
    "POST /auth/provider/redirect": (302, 302),
    "GET /auth/provider/signup": (409, 409),
    "POST /auth/provider/signup": (409, 409),
    "POST /auth/provider/token": (400, 400),
    "POST /auth/reauthenticate": (401, 400),
    "DELETE /auth/session": (401, 401),
    "GET /auth/session": (401, 200),
    "POST /auth/signup": (400, 400),
    "GET /auth/webauthn/authenticate": (401, 401),
    "POST /auth/webauthn/authenticate": (401, 401),
    "GET /auth/webauthn/login": (200, 200),
    "POST /auth/webauthn/login": (400, 400),
    "GET /auth/webauthn/reauthenticate": (401, 200),
    "POST /auth/webauthn/reauthenticate": (401, 400),
    "GET /config": (200, 200),
}
OF_APPS: dict[str, Statuses] = {"POST /tokens/refresh": (400, 400)}

CALLBACKS: dict[str, Statuses] = {
    f"GET /accounts/{provider}/login/callback/": (302, 302)  # to the web client, which shows what is wrong
    for provider in ("google", "github", "facebook", "oidc/<str:provider_id>")
}

ALLAUTH: dict[str, Statuses] = CALLBACKS | {
    f"{method} /_allauth/{client}/v1{path}": statuses
    for client, rows in (("app", OF_BOTH | OF_APPS), ("browser", OF_BOTH))
    for (method, _, path), statuses in ((row.partition(" "), statuses) for row, statuses in rows.items())
}
