"""The world that the table is tried in: who calls, what there is, and how a request is made and undone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.test import Client

from accounts.actions.phone_numbers import unchecked_set_phone_number
from accounts.actions.sessions import unchecked_start_session
from accounts.actions.trusted_devices import trust_device
from accounts.constants import StaffRole
from accounts.events import SignedIn
from accounts.models import AccountDeletion, Session, StaffRoleChange, TrustedDevice, User
from chat.models import Room, RoomOverwrites
from communities.models import Community, Gate, Membership
from kernel.clock import now
from kernel.ids import UserId, uuid7
from kernel.rate_limits import Allowance, RateLimit
from tests.factories.accounts import CLIENT, enter_panel, key_header, make_bot, make_key, make_staff, make_user
from tests.factories.chat import make_category, make_room, post
from tests.factories.communities import (
    Rank,
    make_application,
    make_community,
    make_entitlement,
    make_external_service,
    make_invite,
    make_level,
    make_member,
    make_onboarding,
    make_rules,
    make_trial_offer,
    role_of,
)
from tests.factories.gates import gate

ANONYMOUS, OWNER, MEMBER, STRANGER = "anonymous", "owner", "member", "stranger"
KEY, BOT = "key of the member", "bot of the owner"
"""By API keys with every scope; the bot is a member, and takes part in the room."""
CODE = "code-of-the-invite"
STAFF = tuple(role.value for role in StaffRole)
CALLERS = (ANONYMOUS, OWNER, MEMBER, KEY, BOT, STRANGER, *STAFF)


class Unlimited:
    """Lets everything pass: who calls too often is another matter."""

    def take(self, limit: RateLimit, key: str) -> Allowance:
        """Let one pass."""
        return Allowance(limit, True, limit.quota, 0.0, 0.0)

    def take_many(self, limit: RateLimit, keys: Any) -> list[Allowance]:
        """Let them all pass."""
        return [self.take(limit, key) for key in keys]


@dataclass
class Caller:
    """Somebody who calls: by bearer token, and in a browser with the panel's proof where they are staff."""

    name: str
    user: User | None = None
    signed_in: SignedIn | None = None
    key: str = ""
    browser: Client = field(default_factory=Client)

    @property
    def headers(self) -> dict[str, str]:
        """What a REST client of the caller sends."""
        if self.key:
            return key_header(self.key)
        return {"Authorization": f"Bearer {self.signed_in.access}"} if self.signed_in else {}


@dataclass
class World:
    """A closed community with an owner and a member, a private room of the two with a message, and people outside."""

    callers: dict[str, Caller]
    community: Community
    room: Room
    ids: dict[str, str]
    rows: dict[str, str]

    def path(self, route: str, *, absent: bool = False) -> str:
        """Return the route's address for what there is, or for ids that nothing has."""
        return re.sub(r"<\w+:(\w+)>", lambda found: str(uuid7()) if absent else self.ids[found[1]], route)


def build_world() -> World:
    """Insert everybody and everything."""
    users = {name: make_user(name) for name in (OWNER, MEMBER, STRANGER)}
    users |= {role: make_staff(StaffRole(role), username=role) for role in STAFF}
    callers = {ANONYMOUS: Caller(ANONYMOUS)} | {name: _caller(name, user) for name, user in users.items()}
    community = make_community(owner=users[OWNER])
    owner = Membership.objects.get(user=users[OWNER])
    member = make_member(community, users[MEMBER])
    role = role_of(community, Rank.MODERATOR)
    outsider, bot = make_user("outsider"), make_bot(users[OWNER], "robot")
    make_member(community, bot)
    key, key_row = make_key(users[MEMBER])
    callers |= {KEY: Caller(KEY, key=key), BOT: Caller(BOT, key=make_key(bot)[0])}
    room = make_room(community, users[OWNER], users[MEMBER], bot, private=True)
    message = post(owner, room)
    invite, _ = make_invite(community, users[OWNER], code=CODE)
    application = make_application(community, outsider)
    entitlement = make_entitlement(community, users[MEMBER])
    make_rules(community, must_accept=False)
    version = gate(make_community(), None)
    service = make_external_service(community)
    deletion = AccountDeletion.objects.create(user=outsider, due_at=now(), cancelled_at=now())
    change = StaffRoleChange.objects.create(user=users["support"], role="support", kind="granted", reason="new")
    session = Session.objects.filter(user=users[MEMBER]).earliest("id")
    trust_device(users[MEMBER], CLIENT)
    device = TrustedDevice.objects.get()
    unchecked_set_phone_number(UserId(users[MEMBER].pk), number="+447700900123")
    ids = {
        "community_id": str(community.pk),
        "room_id": str(room.pk),
        "message_id": str(message.id),
        "user_id": str(users[MEMBER].pk),
        "mate_id": str(make_member(community).user_id),
        "role_id": str(role.pk),
        "session_id": str(session.pk),
        "bot_id": str(bot.pk),
        "key_id": str(key_row.pk),
        "device_id": str(device.pk),
        "invite_id": str(invite.pk),
        "category_id": str(make_category(community).pk),
        "entitlement_id": str(entitlement.pk),
        "service_id": str(service.pk),
        "offer_id": str(make_trial_offer(community).pk),
        "application_id": str(application.pk),
    }
    rows = {
        "accounts/user": str(users[MEMBER].pk),
        "accounts/apikey": str(key_row.pk),
        "accounts/session": str(session.pk),
        "accounts/staffrolechange": str(change.pk),
        "accounts/accountdeletion": str(deletion.pk),
        "communities/community": str(community.pk),
        "communities/membership": str(member.pk),
        "communities/invite": str(invite.pk),
        "communities/onboardingversion": str(make_onboarding(community).pk),
        "communities/entitlement": str(entitlement.pk),
        "communities/memberlevel": str(make_level(member, 3).pk),
        "communities/externalservice": str(service.pk),
        "communities/application": str(application.pk),
        "communities/role": str(role.pk),
        "communities/gate": str(Gate.objects.get().pk),
        "communities/gateversion": str(version.id),
        "chat/room": str(room.pk),
        "chat/roomoverwrites": str(RoomOverwrites.objects.create(community=community, room=room, entries=[]).pk),
    }
    return World(callers, community, room, ids, rows)


def _caller(name: str, user: User) -> Caller:
    caller = Caller(name, user, unchecked_start_session(user, CLIENT))
    enter_panel(caller.browser, user)
    return caller


def try_out(client: Client, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    """Make the request and undo what it did, so that the next caller finds the same world."""
    cookies = client.cookies.output()
    before = transaction.savepoint()  # not `atomic`, inside of which nothing durable may begin
    answer = client.generic(method, path, _encoded(body), content_type="application/json", headers=headers)
    transaction.savepoint_rollback(before)
    client.cookies.clear()
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return answer


def _encoded(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()
