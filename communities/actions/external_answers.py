"""Asking external services about members: who is to be asked about, the questions, what their answers change, and what follows a failure.

A question is a row with a moment; a job per service puts those that are due. So a restart, a lost job or a service that is away for a day
loses no question, and no service is asked more at once than one batch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import connection, transaction

from communities.access import change_access
from communities.constants import (
    CURRENT_STATUSES,
    FAILURES_BEFORE_PAUSE,
    QUESTION_PAUSES_SECONDS,
    REFRESHED_BEFORE_END,
    SERVICE_PAUSES_SECONDS,
    Permission,
)
from communities.gates.live import services_asked
from communities.models import ExternalAnswer, ExternalService
from communities.models.locks import lock_community, lock_external_service
from communities.policies import hold_community_for
from communities.queries.external_services import (
    due_questions,
    next_question_at,
    services_being_asked,
    services_to_ask,
)
from communities.storage.service_secrets import open_secret
from communities.transports.external_services import Called, NoAnswer, ServiceAnswer, ask_service_about
from kernel.actor import Actor
from kernel.clock import now
from kernel.ids import CommunityId, ExternalServiceId, UserId
from kernel.jobs import enqueue
from kernel.metrics import limit_hit
from kernel.rate_limits import take
from kernel.sealing import CannotUnseal

JOB = "communities.ask_external_service"
_SWEEP_SECONDS = 60
_TURN_SECONDS = 2
"""How long a service waits when others are being asked."""
_RESUMED_AT_ONCE = 200
logger = structlog.get_logger(__name__)

# Who waits for an answer already goes on waiting; who has one is asked about once more, which is as good as knowing when it was given.
_WANT = """
WITH wanted AS (
    INSERT INTO communities_externalanswer (id, service_id, community_id, user_id, ask_at)
    SELECT gen_random_uuid(), service.id, membership.community_id, membership.user_id, %s
    FROM communities_membership membership
    JOIN communities_externalservice service ON service.community_id = membership.community_id AND service.name = ANY(%s)
    WHERE membership.community_id = %s AND membership.status = ANY(%s) AND (%s OR membership.user_id = ANY(%s))
    ON CONFLICT (service_id, user_id) DO UPDATE SET ask_at = EXCLUDED.ask_at, failures = 0
    WHERE communities_externalanswer.ask_at IS NULL
    RETURNING service_id
)
SELECT DISTINCT service_id FROM wanted
"""


class _Batch(NamedTuple):
    """Some questions that one run of the job puts, and the service as it was then."""

    service_id: ExternalServiceId
    called: Called
    user_ids: Sequence[UserId]


def unchecked_want_answers(community_id: CommunityId, user_ids: Collection[UserId] | None = None) -> None:
    """Have the services that the community's gates ask asked about these members (None: about all), where nobody waits for that yet.

    Under the community's lock, or with it held; a job is enqueued per service that has something new to say.
    """
    names = services_asked(community_id)
    if not names:
        return
    asked: list[Any] = [now(), [*names], community_id, [*CURRENT_STATUSES], user_ids is None, [*(user_ids or ())]]
    with connection.cursor() as cursor:
        cursor.execute(_WANT, asked)
        found = cursor.fetchall()
    for (service_id,) in found:
        enqueue(JOB, service_id=str(service_id))


def refresh_external_answers(actor: Actor, *, community_id: CommunityId) -> None:
    """Have the services that the community's gates ask asked again about the actor, a member, who has seen to what was missing.

    Holds the community. Raises `RateLimited`, `NotFound`, or why it is refused.
    """
    user_id = actor.require_user()
    take(settings.RATE_LIMITS["external_refresh.user"], str(user_id))
    with transaction.atomic():
        hold_community_for(actor, community_id, Permission.BELONG)
        own = ExternalAnswer.objects.filter(community_id=community_id, user_id=user_id)
        own.update(ask_at=None)
        unchecked_want_answers(community_id, [user_id])


def unchecked_ask_everybody_again(service: ExternalService) -> None:
    """Have a service asked anew about everybody that it was asked about. Under its lock."""
    if ExternalAnswer.objects.filter(service=service).update(ask_at=now(), failures=0):
        enqueue(JOB, service_id=str(service.pk))


def unchecked_forget_answers(community_id: CommunityId, user_id: UserId) -> None:
    """Forget what services said of somebody whose membership ends, under the community's lock."""
    ExternalAnswer.objects.filter(user_id=user_id, community_id=community_id).delete()


def ask_external_service(service_id: ExternalServiceId) -> None:
    """Put the next questions that are due to a service, for the job alone; nothing when it is paused or somebody asks it already.

    What is asked is committed before, and no transaction is open while the service thinks. What it answered is a change of facts: emits
    as `communities.access.change_access`. Where there is no answer, what was answered before counts to its end and no longer.
    """
    batch = _take_batch(service_id)
    if batch is not None:
        _keep(batch, ask_service_about(batch.called, batch.user_ids))


@transaction.atomic
def resume_questions() -> int:
    """Enqueue a job for each service with questions that are due before the next sweep, 200 at most; return how many.

    So answers are refreshed in time, however short they count, and what a lost job left is found.
    """
    at = now()
    found = services_to_ask(at, until=at + timedelta(seconds=_SWEEP_SECONDS), most=_RESUMED_AT_ONCE)
    for service_id, due in found:
        enqueue(JOB, service_id=str(service_id), after_seconds=max(0, ceil((due - at).total_seconds())))
    return len(found)


@transaction.atomic
def _take_batch(service_id: ExternalServiceId) -> _Batch | None:
    service, at = lock_external_service(service_id), now()
    if service is None or _is_ahead(service.busy_until, at) or _is_ahead(service.paused_until, at):
        return None
    community_id = CommunityId(service.community_id)
    if service.name not in services_asked(community_id):
        ExternalAnswer.objects.filter(service=service, ask_at__isnull=False).update(ask_at=None)
        return None
    amount = 1 if service.failures >= FAILURES_BEFORE_PAUSE else settings.EXTERNAL_SERVICE_BATCH
    user_ids = [UserId(one) for one in due_questions(service_id, at).values_list("user_id", flat=True)[:amount]]
    if not user_ids:
        return None
    if services_being_asked(at) >= settings.EXTERNAL_SERVICES_AT_ONCE:
        limit_hit("external_service.at_once")
        enqueue(JOB, service_id=str(service_id), after_seconds=_TURN_SECONDS)
        return None
    try:
        called = Called(service.url, _secrets_of(service, at), community_id, service.name)
    except CannotUnseal:
        _count_failure(service, "secret_lost")
        service.save(update_fields=["failures", "last_failure", "paused_until"])
        return None
    service.busy_until = at + timedelta(seconds=2 * settings.EXTERNAL_SERVICE_RULES.seconds + _SWEEP_SECONDS)
    service.save(update_fields=["busy_until"])
    return _Batch(service_id, called, user_ids)


def _secrets_of(service: ExternalService, at: datetime) -> list[str]:
    """Return what questions are signed with. Raises `CannotUnseal` for the secret; a former one that is lost is left out."""
    signing = [open_secret(service.sealed_secret)]
    if _is_ahead(service.former_secret_until, at):
        with suppress(CannotUnseal):
            signing.append(open_secret(service.sealed_former_secret))
    return signing


@transaction.atomic
def _keep(batch: _Batch, replies: Mapping[UserId, ServiceAnswer | NoAnswer]) -> None:
    """Write what came back, with all that it changes. Whose membership has ended meanwhile has no row any more, and gets none."""
    lock_community(batch.called.community_id)
    service = lock_external_service(batch.service_id)
    if service is None:
        return
    if service.url == batch.called.url:  # else nobody knows what the new address would have said
        asked = ExternalAnswer.objects.filter(service=service, user_id__in=batch.user_ids)
        rows = {UserId(row.user_id): row for row in asked}
        _write_answers(service, rows, replies)
        _write_failures(rows, replies)
        _count_failures(service, replies)
    _go_on(service)


def _write_answers(
    service: ExternalService,
    rows: Mapping[UserId, ExternalAnswer],
    replies: Mapping[UserId, ServiceAnswer | NoAnswer],
) -> None:
    at = now()
    answered = [user_id for user_id in rows if isinstance(replies[user_id], ServiceAnswer)]
    with change_access(CommunityId(service.community_id), answered):
        for user_id in answered:
            _set_answer(rows[user_id], replies[user_id], service, at)
        ExternalAnswer.objects.bulk_update(
            [rows[user_id] for user_id in answered], ["allowed", "expires_at", "ask_at", "failures"]
        )


def _set_answer(row: ExternalAnswer, reply: ServiceAnswer | NoAnswer, service: ExternalService, at: datetime) -> None:
    if isinstance(reply, NoAnswer):
        return
    seconds = min(max(reply.expires_in, service.min_seconds), service.max_seconds)
    row.allowed, row.failures = reply.allowed, 0
    row.expires_at = at + timedelta(seconds=seconds)
    row.ask_at = row.expires_at - timedelta(seconds=seconds * REFRESHED_BEFORE_END)


def _write_failures(rows: Mapping[UserId, ExternalAnswer], replies: Mapping[UserId, ServiceAnswer | NoAnswer]) -> None:
    failed = [row for user_id, row in rows.items() if isinstance(replies[user_id], NoAnswer)]
    for row in failed:
        pauses = QUESTION_PAUSES_SECONDS[row.failures : row.failures + 1]
        row.failures += 1
        row.ask_at = now() + timedelta(seconds=pauses[0]) if pauses else None
    ExternalAnswer.objects.bulk_update(failed, ["ask_at", "failures"])


def _count_failures(service: ExternalService, replies: Mapping[UserId, ServiceAnswer | NoAnswer]) -> None:
    reasons = [reply.reason for reply in replies.values() if isinstance(reply, NoAnswer)]
    if late := reasons.count("timeout"):
        limit_hit("external_service.seconds", late)
    if len(reasons) < len(replies):
        service.failures, service.last_failure, service.paused_until = 0, "", None
        return
    _count_failure(service, reasons[-1])


def _count_failure(service: ExternalService, reason: str) -> None:
    service.failures, service.last_failure = service.failures + 1, reason
    logger.warning("external_service.no_answer", service=str(service.pk), failures=service.failures, reason=reason)
    over = service.failures - FAILURES_BEFORE_PAUSE
    if over >= 0:
        pause = SERVICE_PAUSES_SECONDS[min(over, len(SERVICE_PAUSES_SECONDS) - 1)]
        service.paused_until = now() + timedelta(seconds=pause)


def _go_on(service: ExternalService) -> None:
    """Let the next one ask, and enqueue them where the sweep would come too late."""
    service.busy_until = None
    service.save(update_fields=["failures", "last_failure", "paused_until", "busy_until"])
    due, at = next_question_at(ExternalServiceId(service.pk)), now()
    if due is None:
        return
    wait = (max(due, service.paused_until or due) - at).total_seconds()
    if wait <= _SWEEP_SECONDS:
        enqueue(JOB, service_id=str(service.pk), after_seconds=max(0, ceil(wait)))


def _is_ahead(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment > at
