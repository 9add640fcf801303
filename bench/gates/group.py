"""Two gateways and a worker on services of their own, and people in them: made in bulk, in the database, by this process.

What is measured goes over REST and sockets; only what has to be there before is written directly.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from bench import prepare
from bench.ours import start_gateway
from bench.servers import Services, python, services
from project.embedded.processes import Child

CALL_SECONDS = 60.0
BATCH = 2_000


@dataclass(frozen=True)
class Person:
    """A user with a session."""

    user: Any
    token: str

    @property
    def id(self) -> str:
        """The user's id, as it is in addresses."""
        return str(self.user.pk)


@dataclass(frozen=True)
class Group:
    """What runs: the ports of both gateways, their processes, and the worker's."""

    services: Services
    ports: tuple[int, int]
    pids: tuple[int, int]
    worker: Child
    environment: Mapping[str, str]

    def rest(self, gateway: int) -> httpx.AsyncClient:
        """Return a client of one gateway's REST edge, to be closed."""
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.ports[gateway]}/api/v1/", timeout=CALL_SECONDS, trust_env=False
        )


@contextmanager
def two_gateways(**settings: str) -> Iterator[Group]:
    """Start everything on all cores, with Django of this process on the same database; stop it at the end. Once in a process."""
    with services(core=None) as running:
        first = start_gateway(running, **settings)
        second, port = running.start_notified("gateway 2", python("-m", "project.serve"), first.environment)
        worker = running.start("worker", python("manage.py", "run_worker"), first.environment)
        use_django(first.environment)
        yield Group(running, (first.port, port), (first.gateway_pid, second.pid), worker, first.environment)


def use_django(environment: Mapping[str, str]) -> None:
    """Let this process use the measured group's database."""
    import django

    os.environ.update(environment, DJANGO_SETTINGS_MODULE="project.settings")
    django.setup()


def new_people(first: int, amount: int) -> list[Person]:
    """Return users from a number on, with sessions and new access tokens, which live for minutes."""
    users = prepare.import_people(range(first, first + amount))
    return [Person(users[name], token) for name, token in zip(sorted(users), prepare.new_tokens(users), strict=True)]


def new_community(owner: Person) -> Any:
    """Return a new community in which the default role reads no room."""
    from communities.actions.communities import create_community
    from communities.models import Community, Role
    from kernel.actor import user_actor

    slug = f"measured-{secrets.token_hex(4)}"
    community = Community.objects.get(pk=create_community(user_actor(owner.user.pk), name="Measured", slug=slug).id)
    role = Role.objects.get(community=community, is_default=True)
    role.permissions = [name for name in role.permissions if name not in READING]
    role.save()
    return community


READING = ("room.view", "message.read")
TALKING = (*READING, "message.send")


def new_role(community: Any, name: str, permissions: tuple[str, ...]) -> Any:
    """Return a new role, above the ones before it."""
    from communities.models import Role

    position = Role.objects.filter(community=community).count()
    return Role.objects.create(community=community, name=name, position=position, permissions=list(permissions))


def let_in(community: Any, people: list[Person], role: Any) -> None:
    """Make people members with a role."""
    from communities.models import Membership, MembershipRole

    memberships = [Membership(community=community, user=one.user) for one in people]
    Membership.objects.bulk_create(memberships, batch_size=BATCH)
    held = (MembershipRole(membership=membership, role=role) for membership in memberships)
    MembershipRole.objects.bulk_create(held, batch_size=BATCH)


def new_room(community: Any, name: str, tree: Mapping[str, Any] | None = None) -> Any:
    """Return a new room for all who may read rooms, with a gate."""
    from chat.actions.rooms import create_room
    from chat.models import Room
    from communities.access import GateDraft
    from communities.actions.gates import put_gate
    from kernel.actor import SYSTEM
    from kernel.ids import CommunityId

    made = create_room(SYSTEM, community_id=CommunityId(community.pk), name=name)
    room = Room.objects.get(pk=made.id)
    if tree is not None:
        put_gate(SYSTEM, kind="room", resource_id=room.pk, draft=GateDraft(tree=dict(tree)))
    return room
