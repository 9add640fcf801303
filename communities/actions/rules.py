"""Making rules, and accepting them."""

from __future__ import annotations

from django.db import transaction

from communities.constants import MAX_RULES_LENGTH, MAX_SUMMARY_LENGTH, Permission
from communities.errors import RulesChangedMeanwhile
from communities.events import MyRules, RulesAccepted, RulesChanged, RulesPayload
from communities.models import Membership, RulesAcceptance, RulesVersion
from communities.models.locks import lock_memberships
from communities.payloads import rules_payload
from communities.policies import hold_community_for, lock_community_for
from communities.queries.rules import get_my_rules, newest_rules
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId, UserId


def put_rules(
    actor: Actor, *, community_id: CommunityId, text: str, summary: str = "", must_accept: bool = True
) -> RulesPayload:
    """Make a new version of the rules; with `must_accept` nobody but the author writes before they have accepted it.

    For who manages the community. Locks the community. Emits `rules.changed`, and `rules.accepted` to the author. Raises
    `InvalidInput`, or why it is refused.
    """
    text = _checked(text, "text", least=1, most=MAX_RULES_LENGTH)
    summary = _checked(summary, "summary", least=0, most=MAX_SUMMARY_LENGTH)
    with transaction.atomic():
        community = lock_community_for(actor, community_id, Permission.MANAGE_COMMUNITY)
        last = newest_rules(community_id)
        rules = RulesVersion.objects.create(
            community=community,
            number=last.number + 1 if last is not None else 1,
            text=text,
            summary=summary,
            must_accept=must_accept,
            created_by_id=actor.user_id,
        )
        if must_accept:
            community.rules_required = rules.number
            community.save(update_fields=["rules_required"])
        changed = RulesChanged(number=rules.number, summary=rules.summary, must_accept=must_accept)
        own = [] if actor.user_id is None else _accept(rules, actor.user_id)
        append([Draft(topic_for("community", community_id), changed), *own])
    return rules_payload(rules)


def accept_rules(actor: Actor, *, community_id: CommunityId, number: int) -> MyRules:
    """Accept the newest rules, which are version `number`. Any member may, a guest too; once more changes nothing.

    Holds the community and locks the membership, so that members do not wait for each other. Emits `rules.accepted` to the user.
    Raises `RulesChangedMeanwhile`, or `NotFound` for who is no member and where there are no rules.
    """
    user_id = actor.require_user()
    with transaction.atomic():
        community = hold_community_for(actor, community_id, Permission.BELONG)
        rules = newest_rules(community_id)
        if rules is None:
            raise NotFound
        if rules.number != number:
            raise RulesChangedMeanwhile(number=rules.number)
        append(_accept(rules, user_id))
        return get_my_rules(community, user_id)


def _accept(rules: RulesVersion, user_id: UserId) -> list[Draft]:
    """Note that a member accepts; return what tells them, nothing when they had before."""
    community_id = CommunityId(rules.community_id)
    membership: Membership = lock_memberships(community_id, [user_id])[user_id]
    if membership.rules_accepted >= rules.number:
        return []
    membership.rules_accepted = rules.number
    membership.access_epoch += 1
    membership.save(update_fields=["rules_accepted", "access_epoch"])
    RulesAcceptance.objects.create(community_id=community_id, version=rules, user_id=user_id)
    return [Draft(topic_for("user", user_id), RulesAccepted(community=community_id, number=rules.number))]


def _checked(text: str, field: str, *, least: int, most: int) -> str:
    text = text.strip()
    if not least <= len(text) <= most:
        raise InvalidInput(f"Use {least} to {most} characters.", field=field)
    return text
