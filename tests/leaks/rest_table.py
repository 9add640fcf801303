"""The rows of the REST API: what each route is about, and what it shows to who may know that. A route without a row fails."""

from __future__ import annotations

from dataclasses import dataclass

from tests.leaks.knowledge import APPLICATIONS, BELONGING, CARD, ENTITLEMENTS, INNER, INVITES, SERVICES

ROOM = "room"
"""Stands for each kind of room in turn."""


@dataclass(frozen=True)
class Row:
    """The kind of thing that a route is about, the kind that its answer shows (none for acts), and other forms of the question."""

    about: str
    shows: str = ""
    queries: tuple[str, ...] = ("",)


_LISTS = ("", "?limit=1", "?limit=1&sort=-{}", "?search=qz")


def _lists(sort: str) -> tuple[str, ...]:
    return tuple(query.format(sort) for query in _LISTS)


_COMMUNITY = "/api/v1/communities/<uuid:community_id>"
_MEMBER = f"{_COMMUNITY}/members/<uuid:user_id>"
_APPLICATION = f"{_COMMUNITY}/applications/<uuid:application_id>"
_ROOM = "/api/v1/rooms/<uuid:room_id>"
_MESSAGE = "/api/v1/messages/<uuid:message_id>"


def _gate_rows(thing: str, managed: str, entered: str) -> dict[str, Row]:
    """The rows of the gate of a thing: of what its managers see and do, and of the explanation to who comes to it."""
    gate = f"{thing}/gate"
    acts = ("GET {}", "PUT {}", "GET {}/versions", "POST {}/roll-back", "POST {}/simulate", "GET {}/shadow")
    rows = {act.format(gate): Row(managed) for act in acts}
    return rows | {f"GET {gate}/explanation": Row(entered)}


THINGS = {
    f"GET {_COMMUNITY}": Row(CARD, CARD),
    f"PATCH {_COMMUNITY}": Row(INNER),
    f"POST {_COMMUNITY}/join": Row(CARD),
    f"POST {_COMMUNITY}/leave": Row(BELONGING),
    f"GET {_COMMUNITY}/members": Row(INNER, INNER, _lists("joined_at")),
    f"POST {_COMMUNITY}/members": Row(INNER),
    f"PUT {_MEMBER}/roles/<uuid:role_id>": Row(INNER),
    f"DELETE {_MEMBER}/roles/<uuid:role_id>": Row(INNER),
    f"PUT {_COMMUNITY}/owner": Row(INNER),
    f"GET {_COMMUNITY}/roles": Row(INNER, INNER),
    f"POST {_COMMUNITY}/roles": Row(INNER),
    f"PUT {_COMMUNITY}/roles/order": Row(INNER),
    f"PATCH {_COMMUNITY}/roles/<uuid:role_id>": Row(INNER),
    f"DELETE {_COMMUNITY}/roles/<uuid:role_id>": Row(INNER),
    f"GET {_COMMUNITY}/onboarding": Row(INNER, INNER),
    f"PUT {_COMMUNITY}/onboarding/answers": Row(INNER),
    f"GET {_COMMUNITY}/onboarding/questions": Row(INNER),
    f"PUT {_COMMUNITY}/onboarding/questions": Row(INNER),
    f"GET {_COMMUNITY}/rules": Row(CARD, CARD),
    f"PUT {_COMMUNITY}/rules": Row(INNER),
    f"POST {_COMMUNITY}/rules/accept": Row(BELONGING),
    f"GET {_COMMUNITY}/rules/versions": Row(INNER, CARD),
    f"GET {_COMMUNITY}/rules/acceptances": Row(INNER),
    f"GET {_COMMUNITY}/categories": Row(INNER, INNER),
    f"POST {_COMMUNITY}/categories": Row(INNER),
    f"PATCH {_COMMUNITY}/categories/<uuid:category_id>": Row(INNER),
    f"DELETE {_COMMUNITY}/categories/<uuid:category_id>": Row(INNER),
    f"DELETE {_MEMBER}": Row(INNER),
    f"GET {_MEMBER}/level": Row(INNER),
    f"PUT {_MEMBER}/level": Row(INNER),
    f"POST {_MEMBER}/ban": Row(INNER),
    f"DELETE {_MEMBER}/ban": Row(INNER),
    f"PUT {_MEMBER}/guest": Row(INNER),
    f"DELETE {_MEMBER}/guest": Row(INNER),
    f"POST {_MEMBER}/timeout": Row(INNER),
    f"DELETE {_MEMBER}/timeout": Row(INNER),
    f"GET {_COMMUNITY}/invites": Row(INVITES, INVITES),
    f"POST {_COMMUNITY}/invites": Row(INVITES),
    f"DELETE {_COMMUNITY}/invites/<uuid:invite_id>": Row(INVITES),
    f"GET {_COMMUNITY}/invites/<uuid:invite_id>/uses": Row(INVITES),
    f"GET {_COMMUNITY}/application-form": Row(CARD, CARD),
    f"PUT {_COMMUNITY}/application-form": Row(INNER),
    f"DELETE {_COMMUNITY}/application-form": Row(INNER),
    f"GET {_COMMUNITY}/application-forms": Row(APPLICATIONS, CARD),
    f"GET {_COMMUNITY}/applications": Row(APPLICATIONS, APPLICATIONS),
    f"POST {_COMMUNITY}/applications": Row(CARD),
    f"POST {_COMMUNITY}/applications/decisions": Row(APPLICATIONS),
    f"GET {_APPLICATION}": Row(APPLICATIONS, APPLICATIONS),
    f"POST {_APPLICATION}/claim": Row(APPLICATIONS),
    f"DELETE {_APPLICATION}/claim": Row(APPLICATIONS),
    f"PUT {_APPLICATION}/vote": Row(APPLICATIONS),
    f"POST {_APPLICATION}/decision": Row(APPLICATIONS),
    f"GET {_COMMUNITY}/entitlements": Row(ENTITLEMENTS, ENTITLEMENTS),
    f"POST {_COMMUNITY}/entitlements": Row(ENTITLEMENTS),
    f"DELETE {_COMMUNITY}/entitlements/<uuid:entitlement_id>": Row(ENTITLEMENTS),
    f"GET {_COMMUNITY}/external-services": Row(SERVICES, SERVICES),
    f"POST {_COMMUNITY}/external-services": Row(SERVICES),
    f"PATCH {_COMMUNITY}/external-services/<uuid:service_id>": Row(SERVICES),
    f"DELETE {_COMMUNITY}/external-services/<uuid:service_id>": Row(SERVICES),
    f"POST {_COMMUNITY}/external-services/<uuid:service_id>/rotate-secret": Row(SERVICES),
    f"POST {_COMMUNITY}/external-answers/refresh": Row(BELONGING),
    f"GET {_COMMUNITY}/trials": Row(CARD, CARD),
    f"PUT {_COMMUNITY}/trials": Row(ENTITLEMENTS),
    f"DELETE {_COMMUNITY}/trials/<uuid:offer_id>": Row(ENTITLEMENTS),
    f"POST {_COMMUNITY}/trials/<uuid:offer_id>/start": Row(CARD),
    f"GET {_COMMUNITY}/rooms": Row(BELONGING, "", (*_lists("created_at"), "?limit=1&sort=name", "?limit=2&sort=-name")),
    f"POST {_COMMUNITY}/rooms": Row(INNER),
    f"POST {_COMMUNITY}/direct-rooms": Row(INNER),
    f"GET {_ROOM}": Row(ROOM, ROOM),
    f"PATCH {_ROOM}": Row(ROOM),
    f"PUT {_ROOM}/place": Row(ROOM),
    f"POST {_ROOM}/archive": Row(ROOM),
    f"POST {_ROOM}/leave": Row(ROOM),
    f"GET {_ROOM}/members": Row(ROOM, "", _lists("username")),
    f"POST {_ROOM}/members": Row(ROOM),
    f"DELETE {_ROOM}/members/<uuid:user_id>": Row(ROOM),
    f"POST {_ROOM}/guests": Row(ROOM),
    f"GET {_ROOM}/overwrites": Row(ROOM),
    f"PUT {_ROOM}/overwrites/roles/<uuid:role_id>": Row(ROOM),
    f"DELETE {_ROOM}/overwrites/roles/<uuid:role_id>": Row(ROOM),
    f"PUT {_ROOM}/overwrites/members/<uuid:user_id>": Row(ROOM),
    f"DELETE {_ROOM}/overwrites/members/<uuid:user_id>": Row(ROOM),
    f"GET {_ROOM}/messages": Row(ROOM, ROOM, ("", "?limit=1", "?after=1")),
    f"POST {_ROOM}/messages": Row(ROOM),
    f"PUT {_ROOM}/read": Row(ROOM),
    f"GET {_MESSAGE}": Row(ROOM, ROOM),
    f"PATCH {_MESSAGE}": Row(ROOM),
    **_gate_rows(_COMMUNITY, INNER, CARD),
    **_gate_rows(_ROOM, ROOM, ROOM),
    f"DELETE {_MESSAGE}": Row(ROOM),
}
"""What is about a community or something in it."""

REMEMBERING = {f"POST {_ROOM}/messages"}
"""They remember by epoch what gates read of a member, so the first question of a member costs a statement that later ones do not."""

MINE = {
    "GET /api/v1/communities",
    "GET /api/v1/communities/discover",
    "GET /api/v1/gates/requirements",
    "GET /api/v1/me",
    "GET /api/v1/me/applications",
    "GET /api/v1/me/birth-date",
    "GET /api/v1/me/bots",
    "GET /api/v1/me/bots/<uuid:bot_id>",
    "GET /api/v1/me/bots/<uuid:bot_id>/keys",
    "GET /api/v1/me/deletion",
    "GET /api/v1/me/entitlements",
    "GET /api/v1/me/keys",
    "GET /api/v1/me/sessions",
    "GET /api/v1/me/trusted-devices",
    "GET /api/v1/permissions",
}
"""Lists of one's own and of what anybody may find: they are asked without naming anything, and tell nothing that one may not know."""

BY_CODE = {"POST /api/v1/invites/preview", "POST /api/v1/invites/accept"}
"""Whoever has the code of an invite may know the card."""

OF_THE_CALLER = {
    "DELETE /api/v1/me/bots/<uuid:bot_id>",
    "DELETE /api/v1/me/deletion",
    "DELETE /api/v1/me/keys/<uuid:key_id>",
    "DELETE /api/v1/me/phone",
    "DELETE /api/v1/me/sessions/<uuid:session_id>",
    "DELETE /api/v1/me/trusted-devices",
    "DELETE /api/v1/me/trusted-devices/<uuid:device_id>",
    "PATCH /api/v1/me",
    "PATCH /api/v1/me/bots/<uuid:bot_id>",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/logout",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/sign-up",
    "POST /api/v1/communities",
    "POST /api/v1/gateway/ticket",
    "POST /api/v1/me/applications/<uuid:application_id>/withdraw",
    "POST /api/v1/me/bots",
    "POST /api/v1/me/bots/<uuid:bot_id>/keys",
    "POST /api/v1/me/deactivate",
    "POST /api/v1/me/deletion",
    "POST /api/v1/me/keys",
    "POST /api/v1/me/keys/<uuid:key_id>/rotate",
    "POST /api/v1/me/sessions/revoke-others",
    "PUT /api/v1/me/birth-date",
}
"""Acts of somebody on what is theirs: the authorisation table says who may, and their answers show what the caller sent."""

PAGES = {
    "GET /api/",
    "GET /api/schema/",
    "GET /^api/",
    "GET /.well-known/assetlinks.json",
    "GET /.well-known/apple-app-site-association",
    "GET /dev/outbox",
    "GET /dev/outbox.json",
}
"""The same for everybody; the outbox, with everybody's mail, is there in development alone."""
