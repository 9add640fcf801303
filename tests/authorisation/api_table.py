"""The rows of the REST API, of the pages around it, and of what middleware answers: a body to send, and who gets which status.

In the API staff are people like any other: their roles count in the admin panel alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.authorisation.people import ANONYMOUS, BOT, CALLERS, CODE, KEY, MEMBER, OWNER, STAFF, STRANGER, World
from tests.factories.accounts import PASSWORD

Body = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """What each caller gets, and the body that goes with the request."""

    statuses: dict[str, int]
    body: Body | None = None


def everybody(status: int, body: Body | None = None) -> Row:
    """The same for all: it does not matter who calls."""
    return Row(dict.fromkeys(CALLERS, status), body)


def signed_in(status: int, body: Body | None = None, **others: int) -> Row:
    """For whoever is signed in; it is about nobody but the caller."""
    return Row(dict.fromkeys(CALLERS, status) | {ANONYMOUS: 401} | others, body)


def inside(owner: int, member: int, body: Body | None = None) -> Row:
    """For members of the community, by key and as bots too; to everybody else it is not there."""
    absent = dict.fromkeys((STRANGER, *STAFF), 404)
    return Row({ANONYMOUS: 401, OWNER: owner, MEMBER: member, KEY: member, BOT: member} | absent, body)


def persons(status: int, body: Body | None = None, **others: int) -> Row:
    """For who is signed in as a person; no key is good for it."""
    return signed_in(status, body, **{KEY: 403, BOT: 403}, **others)


def only(caller: str, status: int, body: Body | None = None) -> Row:
    """For one person; to all others it is not there, and no key is good for it."""
    return Row(dict.fromkeys(CALLERS, 404) | {ANONYMOUS: 401, KEY: 403, BOT: 403, caller: status}, body)


def _no_staff(status: int) -> dict[str, int]:
    return dict.fromkeys(STAFF, status)


API = {
    "POST /api/v1/auth/sign-up": everybody(
        201, lambda _: {"email": "new@example.org", "username": "newcomer", "password": PASSWORD}
    ),
    "POST /api/v1/auth/login": everybody(200, lambda _: {"login": MEMBER, "password": PASSWORD}),
    "POST /api/v1/auth/refresh": everybody(200, lambda world: {"refresh": world.callers[MEMBER].signed_in.refresh}),
    "POST /api/v1/auth/logout": persons(204),
    "GET /api/v1/me": signed_in(200),
    "PATCH /api/v1/me": signed_in(200, lambda _: {"display_name": "New"}),
    "GET /api/v1/me/birth-date": persons(200),
    "PUT /api/v1/me/birth-date": persons(200, lambda _: {"birth_date": "1990-01-31"}),
    "DELETE /api/v1/me/phone": only(MEMBER, 204),
    "POST /api/v1/me/deactivate": persons(204, **_no_staff(409)),
    "GET /api/v1/me/deletion": everybody(401),
    "POST /api/v1/me/deletion": persons(200, owner=409, **_no_staff(409)),
    "DELETE /api/v1/me/deletion": everybody(401),
    "POST /api/v1/gateway/ticket": signed_in(200),
    "GET /api/v1/me/trusted-devices": persons(200),
    "DELETE /api/v1/me/trusted-devices": persons(204),
    "DELETE /api/v1/me/trusted-devices/<uuid:device_id>": only(MEMBER, 204),
    "GET /api/v1/me/sessions": persons(200),
    "DELETE /api/v1/me/sessions/<uuid:session_id>": only(MEMBER, 204),
    "GET /api/v1/me/keys": persons(200),
    "POST /api/v1/me/keys": persons(201, lambda _: {"name": "script", "scopes": ["chat:read"], "days": 1}),
    "DELETE /api/v1/me/keys/<uuid:key_id>": only(MEMBER, 204),
    "POST /api/v1/me/keys/<uuid:key_id>/rotate": only(MEMBER, 201, lambda _: {"overlap_hours": 0}),
    "GET /api/v1/me/bots": persons(200),
    "POST /api/v1/me/bots": persons(201, lambda _: {"username": "gadget"}),
    "GET /api/v1/me/bots/<uuid:bot_id>": only(OWNER, 200),
    "PATCH /api/v1/me/bots/<uuid:bot_id>": only(OWNER, 200, lambda _: {"display_name": "New"}),
    "DELETE /api/v1/me/bots/<uuid:bot_id>": only(OWNER, 204),
    "GET /api/v1/me/bots/<uuid:bot_id>/keys": only(OWNER, 200),
    "POST /api/v1/me/bots/<uuid:bot_id>/keys": only(
        OWNER, 201, lambda _: {"name": "script", "scopes": ["chat:read"], "days": 1}
    ),
    "POST /api/v1/me/sessions/revoke-others": persons(204),
    "GET /api/v1/communities": signed_in(200),
    "POST /api/v1/communities": signed_in(201, lambda _: {"name": "Pier", "slug": "pier"}),
    "GET /api/v1/communities/discover": signed_in(200),
    "GET /api/v1/permissions": signed_in(200),
    "GET /api/v1/communities/<uuid:community_id>": inside(200, 200),
    "PATCH /api/v1/communities/<uuid:community_id>": inside(200, 403, lambda _: {"name": "Pier"}),
    "POST /api/v1/communities/<uuid:community_id>/join": inside(200, 200),
    "POST /api/v1/communities/<uuid:community_id>/leave": inside(409, 204),
    "GET /api/v1/communities/<uuid:community_id>/members": inside(200, 200),
    "POST /api/v1/communities/<uuid:community_id>/members": inside(200, 403, lambda _: {"username": "outsider"}),
    "DELETE /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>": inside(204, 403),
    "PUT /api/v1/communities/<uuid:community_id>/owner": Row(
        inside(200, 403).statuses | {KEY: 403, BOT: 403, STRANGER: 404}, lambda world: {"user_id": world.ids["user_id"]}
    ),
    "GET /api/v1/gates/requirements": signed_in(200),
    "GET /api/v1/communities/<uuid:community_id>/gate": inside(200, 403),
    "PUT /api/v1/communities/<uuid:community_id>/gate": inside(200, 403, lambda _: {"tree": None}),
    "GET /api/v1/communities/<uuid:community_id>/gate/versions": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/gate/roll-back": inside(404, 403, lambda _: {"number": 1}),
    "POST /api/v1/communities/<uuid:community_id>/gate/simulate": inside(200, 403, lambda _: {"tree": None}),
    "GET /api/v1/communities/<uuid:community_id>/gate/shadow": inside(404, 403),
    "GET /api/v1/communities/<uuid:community_id>/gate/explanation": inside(200, 200),
    "GET /api/v1/communities/<uuid:community_id>/roles": inside(200, 200),
    "POST /api/v1/communities/<uuid:community_id>/roles": inside(201, 403, lambda _: {"name": "Pilots"}),
    "PUT /api/v1/communities/<uuid:community_id>/roles/order": inside(
        200, 403, lambda world: {"roles": [world.ids["role_id"]]}
    ),
    "PATCH /api/v1/communities/<uuid:community_id>/roles/<uuid:role_id>": inside(
        200, 403, lambda _: {"name": "Pilots"}
    ),
    "DELETE /api/v1/communities/<uuid:community_id>/roles/<uuid:role_id>": inside(204, 403),
    "PUT /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/roles/<uuid:role_id>": inside(200, 403),
    "DELETE /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/roles/<uuid:role_id>": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/ban": inside(204, 403),
    "DELETE /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/ban": inside(204, 403),
    "PUT /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/guest": inside(200, 403),
    "DELETE /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/guest": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/timeout": inside(
        200, 403, lambda _: {"seconds": 60}
    ),
    "DELETE /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/timeout": inside(200, 403),
    "GET /api/v1/communities/<uuid:community_id>/invites": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/invites": inside(201, 403, lambda _: {}),
    "DELETE /api/v1/communities/<uuid:community_id>/invites/<uuid:invite_id>": inside(204, 403),
    "GET /api/v1/communities/<uuid:community_id>/invites/<uuid:invite_id>/uses": inside(200, 403),
    "POST /api/v1/invites/preview": everybody(200, lambda _: {"code": CODE}),
    "POST /api/v1/invites/accept": signed_in(200, lambda _: {"code": CODE}),
    "GET /api/v1/communities/<uuid:community_id>/application-form": inside(200, 200),
    "PUT /api/v1/communities/<uuid:community_id>/application-form": inside(
        200, 403, lambda _: {"questions": [{"kind": "text", "label": "Why?"}]}
    ),
    "DELETE /api/v1/communities/<uuid:community_id>/application-form": inside(200, 403),
    "GET /api/v1/communities/<uuid:community_id>/application-forms": inside(200, 403),
    "GET /api/v1/communities/<uuid:community_id>/applications": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/applications": inside(409, 409, lambda _: {"form": 1, "answers": {}}),
    "POST /api/v1/communities/<uuid:community_id>/applications/decisions": inside(
        200, 403, lambda world: {"applications": [world.ids["application_id"]], "verdict": "approve"}
    ),
    "GET /api/v1/communities/<uuid:community_id>/applications/<uuid:application_id>": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/applications/<uuid:application_id>/claim": inside(200, 403),
    "DELETE /api/v1/communities/<uuid:community_id>/applications/<uuid:application_id>/claim": inside(200, 403),
    "PUT /api/v1/communities/<uuid:community_id>/applications/<uuid:application_id>/vote": inside(
        200, 403, lambda _: {"verdict": "approve"}
    ),
    "POST /api/v1/communities/<uuid:community_id>/applications/<uuid:application_id>/decision": inside(
        200, 403, lambda _: {"verdict": "approve"}
    ),
    "GET /api/v1/me/applications": signed_in(200),
    "POST /api/v1/me/applications/<uuid:application_id>/withdraw": signed_in(404),
    "GET /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/level": inside(200, 200),
    "PUT /api/v1/communities/<uuid:community_id>/members/<uuid:user_id>/level": inside(
        200, 403, lambda _: {"level": 3}
    ),
    "GET /api/v1/communities/<uuid:community_id>/external-services": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/external-services": inside(
        201, 403, lambda _: {"name": "guild", "url": "https://guild.example/ask"}
    ),
    "PATCH /api/v1/communities/<uuid:community_id>/external-services/<uuid:service_id>": inside(
        200, 403, lambda _: {"max_seconds": 3600}
    ),
    "DELETE /api/v1/communities/<uuid:community_id>/external-services/<uuid:service_id>": inside(204, 403),
    "POST /api/v1/communities/<uuid:community_id>/external-services/<uuid:service_id>/rotate-secret": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/external-answers/refresh": inside(204, 204),
    "GET /api/v1/communities/<uuid:community_id>/entitlements": inside(200, 403),
    "POST /api/v1/communities/<uuid:community_id>/entitlements": inside(
        201, 403, lambda world: {"user_id": world.ids["user_id"], "key": "gold", "reason": "Thanks."}
    ),
    "DELETE /api/v1/communities/<uuid:community_id>/entitlements/<uuid:entitlement_id>": inside(204, 403),
    "GET /api/v1/communities/<uuid:community_id>/trials": inside(200, 200),
    "PUT /api/v1/communities/<uuid:community_id>/trials": inside(200, 403, lambda _: {"key": "silver", "days": 3}),
    "DELETE /api/v1/communities/<uuid:community_id>/trials/<uuid:offer_id>": inside(204, 403),
    "POST /api/v1/communities/<uuid:community_id>/trials/<uuid:offer_id>/start": inside(200, 200),
    "GET /api/v1/me/entitlements": signed_in(200),
    "GET /api/v1/communities/<uuid:community_id>/onboarding": inside(200, 200),
    "PUT /api/v1/communities/<uuid:community_id>/onboarding/answers": inside(
        200, 200, lambda _: {"number": 1, "answers": {}}
    ),
    "GET /api/v1/communities/<uuid:community_id>/onboarding/questions": inside(200, 403),
    "PUT /api/v1/communities/<uuid:community_id>/onboarding/questions": inside(200, 403, lambda _: {"questions": []}),
    "GET /api/v1/communities/<uuid:community_id>/rules": inside(200, 200),
    "PUT /api/v1/communities/<uuid:community_id>/rules": inside(200, 403, lambda _: {"text": "Be kind."}),
    "POST /api/v1/communities/<uuid:community_id>/rules/accept": inside(200, 200, lambda _: {"number": 1}),
    "GET /api/v1/communities/<uuid:community_id>/rules/versions": inside(200, 200),
    "GET /api/v1/communities/<uuid:community_id>/rules/acceptances": inside(200, 403),
    "GET /api/v1/communities/<uuid:community_id>/categories": inside(200, 200),
    "POST /api/v1/communities/<uuid:community_id>/categories": inside(201, 403, lambda _: {"name": "Below"}),
    "PATCH /api/v1/communities/<uuid:community_id>/categories/<uuid:category_id>": inside(
        200, 403, lambda _: {"name": "Below"}
    ),
    "DELETE /api/v1/communities/<uuid:community_id>/categories/<uuid:category_id>": inside(204, 403),
    "PUT /api/v1/rooms/<uuid:room_id>/place": inside(
        200, 403, lambda world: {"category": world.ids["category_id"], "position": 1}
    ),
    "GET /api/v1/communities/<uuid:community_id>/rooms": inside(200, 200),
    "POST /api/v1/communities/<uuid:community_id>/rooms": inside(201, 403, lambda _: {"name": "Deck"}),
    "POST /api/v1/communities/<uuid:community_id>/direct-rooms": inside(
        200, 200, lambda world: {"user_id": world.ids["mate_id"]}
    ),
    "GET /api/v1/rooms/<uuid:room_id>/gate": inside(200, 403),
    "PUT /api/v1/rooms/<uuid:room_id>/gate": inside(200, 403, lambda _: {"tree": None}),
    "GET /api/v1/rooms/<uuid:room_id>/gate/versions": inside(200, 403),
    "POST /api/v1/rooms/<uuid:room_id>/gate/roll-back": inside(404, 403, lambda _: {"number": 1}),
    "POST /api/v1/rooms/<uuid:room_id>/gate/simulate": inside(200, 403, lambda _: {"tree": None}),
    "GET /api/v1/rooms/<uuid:room_id>/gate/shadow": inside(404, 403),
    "GET /api/v1/rooms/<uuid:room_id>/gate/explanation": inside(200, 200),
    "GET /api/v1/rooms/<uuid:room_id>": inside(200, 200),
    "PATCH /api/v1/rooms/<uuid:room_id>": inside(200, 403, lambda _: {"name": "Deck"}),
    "POST /api/v1/rooms/<uuid:room_id>/archive": inside(200, 403),
    "POST /api/v1/rooms/<uuid:room_id>/leave": inside(204, 204),
    "GET /api/v1/rooms/<uuid:room_id>/members": inside(200, 200),
    "POST /api/v1/rooms/<uuid:room_id>/members": inside(204, 403, lambda world: {"user_id": world.ids["user_id"]}),
    "DELETE /api/v1/rooms/<uuid:room_id>/members/<uuid:user_id>": inside(204, 403),
    "POST /api/v1/rooms/<uuid:room_id>/guests": inside(200, 403, lambda _: {"username": "outsider"}),
    "GET /api/v1/rooms/<uuid:room_id>/overwrites": inside(200, 403),
    "PUT /api/v1/rooms/<uuid:room_id>/overwrites/roles/<uuid:role_id>": inside(
        200, 403, lambda _: {"deny": ["message.send"]}
    ),
    "DELETE /api/v1/rooms/<uuid:room_id>/overwrites/roles/<uuid:role_id>": inside(404, 403),
    "PUT /api/v1/rooms/<uuid:room_id>/overwrites/members/<uuid:user_id>": inside(
        200, 403, lambda _: {"deny": ["message.send"]}
    ),
    "DELETE /api/v1/rooms/<uuid:room_id>/overwrites/members/<uuid:user_id>": inside(404, 403),
    "GET /api/v1/rooms/<uuid:room_id>/messages": inside(200, 200),
    "POST /api/v1/rooms/<uuid:room_id>/messages": inside(201, 201, lambda _: {"body": "Ahoy", "nonce": "n"}),
    "PUT /api/v1/rooms/<uuid:room_id>/read": inside(200, 200, lambda _: {"seq": 1}),
    "GET /api/v1/messages/<uuid:message_id>": inside(200, 200),
    "PATCH /api/v1/messages/<uuid:message_id>": inside(200, 403, lambda _: {"body": "Ahoy!"}),
    "DELETE /api/v1/messages/<uuid:message_id>": inside(204, 403),
    "GET /api/": Row(dict.fromkeys(CALLERS, 200) | {KEY: 403, BOT: 403}),  # a page for people
    "GET /api/schema/": everybody(200),
    "GET /^api/": everybody(404),
    "GET /.well-known/assetlinks.json": everybody(404),  # there once apps are named: tests/project/test_app_links.py
    "GET /.well-known/apple-app-site-association": everybody(404),
    "GET /dev/outbox": everybody(200),  # in production the pages of development do not exist: tests/project/outbox
    "GET /dev/outbox.json": everybody(200),
}

OUTSIDE = {
    "GET /livez": everybody(200),
    "GET /readyz": everybody(503),  # no worker runs beside the tests
    "GET /version": everybody(200),
    "GET /metrics": everybody(200),  # in production with a token of its own alone: tests/project/observability
    "GET /": everybody(200),
    "GET /staff/": everybody(200),
}
