"""What a change of an account means for the gates of the communities that its user is in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from communities.access import change_access
from communities.models.locks import lock_gated_communities
from kernel.ids import CommunityId, UserId


@contextmanager
def watch_account_facts(user_id: UserId) -> Iterator[None]:
    """Revoke what the block's change takes from the user, in every community of theirs that has, or has had, a gate.

    Locks those communities by primary key, after the user. Emits as `communities.access.change_access`. A gate that is gone counts, too:
    what is remembered for an epoch must not outlive a change, should the gate come back.
    """
    with ExitStack() as changes:
        for community in lock_gated_communities(user_id):
            changes.enter_context(change_access(CommunityId(community.pk), [user_id]))
        yield
