"""The people of a run, made straight in the database, with a session each and tokens as often as they need one. No network."""

from __future__ import annotations

import time
from uuid import UUID

import msgspec

from accounts.actions.attempts import Client
from accounts.actions.sessions import unchecked_start_session
from accounts.actions.tokens import AccessToken, read_access_token
from accounts.actions.users import import_users
from accounts.models import User
from chat.actions.rooms import create_room
from chat.constants import ROOM_KIND
from communities.access import GateDraft
from communities.actions.entitlements import grant_entitlement
from communities.actions.gates import put_gate
from communities.actions.imports import get_or_create_import_community
from communities.actions.membership_roles import give_role, transfer_ownership
from communities.actions.memberships import add_members
from communities.actions.roles import create_role
from kernel.actor import SYSTEM
from kernel.ids import CommunityId, RoleId, UserId

TOKEN_SECONDS = 60.0
PASS = "pass"
AGENT = Client(network="127.0.0.1", user_agent="tests.torture")


class Person(msgspec.Struct):
    """Somebody with a session that lasts for the run. `token_at` is on the monotonic clock."""

    name: str
    user: str
    session: str
    token_text: str = ""
    token_at: float = 0.0

    def token(self) -> str:
        """Return an access token that is good for a while, signed here so that no fault can keep it from us."""
        now = time.monotonic()
        if not self.token_text or now - self.token_at > TOKEN_SECONDS:
            token = AccessToken()
            token["sub"], token["sid"] = self.user, self.session
            self.token_text, self.token_at = str(token), now
        return self.token_text


class Cast(msgspec.Struct):
    """Who is there: members of every room, people who are members of nothing, a moderator, and the ids of community and rooms.

    The first room has a gate: it takes the `crew` role and one of the `passes`, by user, which all members have.
    """

    members: list[Person]
    outsiders: list[Person]
    moderator: Person
    community: str
    rooms: list[str]
    crew: str
    passes: dict[str, str]


def prepare(members: int, outsiders: int, rooms: int) -> Cast:
    """Make them all."""
    people = import_users(SYSTEM, display_names={name: name.title() for name in _names(members, outsiders)})
    community_id = CommunityId(get_or_create_import_community(SYSTEM).pk)
    inside = [user for name, user in people.items() if not name.startswith("outsider")]
    add_members(SYSTEM, community_id=community_id, user_ids=[UserId(user.pk) for user in inside])
    transfer_ownership(SYSTEM, community_id=community_id, user_id=UserId(people["moderator"].pk))
    crew = create_role(SYSTEM, community_id=community_id, name="Crew").id
    passes = {str(user.pk): _let_through(community_id, UserId(user.pk), RoleId(crew)) for user in inside}
    cast = Cast(
        members=[_signed_in(user) for user in inside if user.username.startswith("member")],
        outsiders=[_signed_in(user) for name, user in people.items() if name.startswith("outsider")],
        moderator=_signed_in(people["moderator"]),
        community=str(community_id),
        rooms=[
            str(create_room(SYSTEM, community_id=community_id, name=f"Room {number}").id) for number in range(rooms)
        ],
        crew=str(crew),
        passes=passes,
    )
    tree = {"type": "all", "of": [{"type": "role", "role": cast.crew}, {"type": "entitlement", "key": PASS}]}
    put_gate(SYSTEM, kind=ROOM_KIND, resource_id=UUID(cast.rooms[0]), draft=GateDraft(tree=tree))
    return cast


def _let_through(community_id: CommunityId, user_id: UserId, crew: RoleId) -> str:
    """Give somebody what the gate takes, and return the id of their pass."""
    give_role(SYSTEM, community_id=community_id, user_id=user_id, role_id=crew)
    return str(grant_entitlement(SYSTEM, community_id=community_id, user_id=user_id, key=PASS, reason="Crew.").id)


def _names(members: int, outsiders: int) -> list[str]:
    return [
        *(f"member{number:03}" for number in range(members)),
        *(f"outsider{number:03}" for number in range(outsiders)),
        "moderator",
    ]


def _signed_in(user: User) -> Person:
    claims = read_access_token(unchecked_start_session(user, AGENT).access)
    return Person(user.username, str(claims.user_id), str(claims.session_id))
