"""Jobs of communities: telling what has ended by time, and following up what concerns very many members.

Thin wrappers; the work is in the actions.
"""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from communities.actions import catching_up, external_answers, gate_spreading, shadows
from communities.actions.access_changes import RoleChange, follow_up_chunk, follow_up_online
from communities.actions.entitlements import tell_ended_entitlements as tell_all_ended_entitlements
from kernel.errors import NotFound
from kernel.ids import CommunityId, ExternalServiceId, RoleId

UNTIL_IT_IS_DONE = RetryStrategy(max_attempts=100, exponential_wait=2)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="communities.sweep_access", pass_context=False)
def sweep_access(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Revoke what time has closed, every minute, in case a timer was lost."""
    catching_up.catch_up_with_time()


@app.task(name=gate_spreading.JOB, pass_context=False, retry=UNTIL_IT_IS_DONE)
def spread_gate_change(
    kind: str, resource_id: str, before: str | None, after: str | None, done: Sequence[str] = ()
) -> None:
    """Go on with a change of a gate in a big community: with members who are online, then with those behind a membership."""
    version = None if before is None else UUID(before)
    with suppress(NotFound):  # the thing is gone
        if after is None:
            gate_spreading.spread_to_online(kind, UUID(resource_id), version)
        else:
            gate_spreading.spread_gate_change(
                kind, UUID(resource_id), version, UUID(after), [UUID(one) for one in done]
            )


@app.task(name=catching_up.JOB, pass_context=False)
def catch_up_with_time() -> None:
    """Revoke what time has closed: the timer of a moment that comes before the next sweep."""
    catching_up.catch_up_with_time()


@app.task(name=external_answers.JOB, pass_context=False)
def ask_external_service(service_id: str) -> None:
    """Put the questions to a service that are due."""
    external_answers.ask_external_service(ExternalServiceId(UUID(service_id)))


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="communities.resume_questions", pass_context=False)
def resume_questions(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Have services asked whose questions wait, every minute: to have answers refreshed in time, and in case a job was lost."""
    external_answers.resume_questions()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="communities.tell_ended_entitlements", pass_context=False)
def tell_ended_entitlements(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Tell users what of theirs has ended, every minute."""
    tell_all_ended_entitlements()


@app.task(retry=UNTIL_IT_IS_DONE)
def follow_up_change_of_role(
    community_id: str, role_id: str, former: list[str], after: str | None, deletes: bool, done: Sequence[str] = ()
) -> None:
    """Go on with a change of a role that very many have: with members who are online, then with those behind a membership."""
    change = RoleChange(CommunityId(UUID(community_id)), RoleId(UUID(role_id)), former, deletes)
    if after is None:
        follow_up_online(change)
    else:
        follow_up_chunk(change, after=UUID(after), done=[UUID(one) for one in done])


@app.periodic(cron="53 4 * * *")
@app.task(queueing_lock="communities.forget_shadow_differences", pass_context=False)
def forget_shadow_differences(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Delete what was noted of versions in the shadow long ago, every night."""
    shadows.forget_shadow_differences()
