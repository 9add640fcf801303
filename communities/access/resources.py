"""What access is asked about: a community, or a thing inside it, described without its own tables."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from msgspec import structs

from communities.access.overwrites import Overwrites
from communities.constants import CommunityVisibility, PermissionName
from communities.gates.live import LiveGate, live_gates
from communities.models import Community
from kernel.ids import CommunityId

Visibility = Literal["public", "community", "private"]


class Resource(msgspec.Struct, frozen=True):
    """A thing of a community that permissions are about.

    `visibility`: "public" shows its card to every signed-in user, "community" is for members (unless they were
    removed from it), "private" is for its participants alone, whatever their role. Participation is looked up
    by `kind` and `id` in the source registered for that kind; the community itself has none.
    All of `gates` have to be passed: those of what the thing is in come first, so its own only narrow.
    Without the permission `shown_by`, when there is one, a member knows nothing of the thing and may do nothing with it.
    `overwrites` say what roles and single members may here, whatever their roles give elsewhere.
    """

    community_id: CommunityId
    kind: str
    id: UUID
    visibility: Visibility = "community"
    shown_by: PermissionName | None = None
    gates: tuple[LiveGate, ...] = ()
    overwrites: Overwrites | None = None


COMMUNITY_KIND = "community"
_NOWHERE = UUID(int=0)


def absent_resource(kind: str) -> Resource:
    """Return what stands for a thing that is not there: it is asked about like any other, so that the answer takes as long, and refused."""
    return Resource(CommunityId(_NOWHERE), kind, _NOWHERE, "private")


def community_resource(community: Community) -> Resource:
    """Return the community itself as a resource, with its gate; all but a secret one have a public card."""
    visibility: Visibility = "community" if community.visibility == CommunityVisibility.SECRET else "public"
    return Resource(CommunityId(community.pk), COMMUNITY_KIND, community.pk, visibility, gates=live_gates(community))


def community_to_guest(community: Community) -> Resource:
    """Return the community as a resource for somebody who holds a way in (an invite), and so may see the card whatever its visibility."""
    return structs.replace(community_resource(community), visibility="public")
