"""The form that people answer who apply: every change is a new version, so that answers stay beside the questions they were given to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from communities.constants import APPLICATIONS_TOPIC, COOL_DOWN_DAYS, MAX_COOL_DOWN_DAYS, Permission
from communities.events import ApplicationFormChanged, ApplicationFormPayload
from communities.models import ApplicationForm
from communities.payloads import application_form_payload
from communities.policies import lock_community_for
from communities.processing.questions import checked_questions, stored_questions
from communities.queries.application_forms import newest_form
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId


def put_application_form(
    actor: Actor,
    *,
    community_id: CommunityId,
    questions: Sequence[Mapping[str, Any]],
    introduction: str = "",
    cool_down_days: int = COOL_DOWN_DAYS,
) -> ApplicationFormPayload:
    """Take applications from now on, by a new version of the form. For who manages the community.

    Each question has `kind`, `label`, `required` and `choices`. Locks the community. Emits `application_form.changed` to reviewers.
    Raises `InvalidInput`, which names the question, or why it is refused.
    """
    asked = stored_questions(checked_questions(questions))
    if not 0 <= cool_down_days <= MAX_COOL_DOWN_DAYS:
        raise InvalidInput(f"Use a number of days from 0 to {MAX_COOL_DOWN_DAYS}.", field="cool_down_days")
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_COMMUNITY)
        last = newest_form(community_id)
        form = ApplicationForm.objects.create(
            community_id=community_id,
            number=last.number + 1 if last is not None else 1,
            introduction=introduction.strip(),
            questions=asked,
            cool_down_days=cool_down_days,
            created_by_id=actor.user_id,
        )
        return _tell(form)


def close_application_form(actor: Actor, *, community_id: CommunityId) -> ApplicationFormPayload:
    """Take no applications until there is a new version; pending ones stay. For who manages the community. Once more changes nothing.

    Locks the community. Emits `application_form.changed` to reviewers. Raises `NotFound` where there is no form, or why it is refused.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_COMMUNITY)
        form = newest_form(community_id)
        if form is None:
            raise NotFound
        if form.closed_at is not None:
            return application_form_payload(form)
        form.closed_at = now()
        form.save(update_fields=["closed_at"])
        return _tell(form)


def _tell(form: ApplicationForm) -> ApplicationFormPayload:
    payload = application_form_payload(form)
    append([Draft(topic_for(APPLICATIONS_TOPIC, form.community_id), ApplicationFormChanged(form=payload))])
    return payload
