"""Jobs of communities: telling what has ended by time, and following up what concerns very many members.

Thin wrappers; the work is in the actions.
"""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from communities.actions.access_changes import follow_up_chunk
from communities.actions.entitlements import tell_ended_entitlements as tell_all_ended_entitlements
from kernel.ids import CommunityId, RoleId

UNTIL_IT_IS_DONE = RetryStrategy(max_attempts=100, exponential_wait=2)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="communities.tell_ended_entitlements", pass_context=False)
def tell_ended_entitlements(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Tell users what of theirs has ended, every minute."""
    tell_all_ended_entitlements()


@app.task(retry=UNTIL_IT_IS_DONE)
def follow_up_change_of_role(community_id: str, role_id: str, former: list[str], after: str, deletes: bool) -> None:
    """Let the next members of a big change hear of it."""
    follow_up_chunk(
        community_id=CommunityId(UUID(community_id)),
        role_id=RoleId(UUID(role_id)),
        former=former,
        after=UUID(after),
        deletes=deletes,
    )
