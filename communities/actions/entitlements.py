"""Entitlements begin and end: by hand, by trial, by a purchase that another app reports, and by time.

Each change is a change of a fact that access depends on: it bumps the access epoch of the user's membership, under the community's lock.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.queries.users import get_user
from communities.access import change_access
from communities.constants import (
    ENDS_TOLD_AT_ONCE,
    ENTITLEMENT_KEY_PATTERN,
    ENTITLEMENTS_MAX,
    ENTITLEMENTS_TOPIC,
    MAX_ENTITLEMENT_KEY_LENGTH,
    MAX_REASON_LENGTH,
    MAX_TRIAL_DAYS,
    TRIAL_OFFERS_MAX,
    EntitlementSource,
    Permission,
)
from communities.errors import TooManyEntitlements, TooManyTrialOffers, TrialUsed
from communities.events import (
    EntitlementEnded,
    EntitlementGranted,
    EntitlementPayload,
    EntitlementRevoked,
    MyEntitlementChanged,
    MyEntitlementPayload,
    TrialOfferPayload,
)
from communities.models import Entitlement, Membership, TrialOffer
from communities.models.locks import lock_community
from communities.payloads import entitlement_payload, my_entitlement_payload, trial_offer_payload
from communities.policies import lock_community_for
from communities.queries.entitlements import (
    communities_with_untold_ends,
    count_entitlements,
    find_entitlement,
    find_trial_offer,
    untold_ends,
)
from communities.queries.memberships import has_gates
from eventlog.append import Draft, append
from eventlog.events import Event
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId, EntitlementId, UserId
from kernel.metrics import limit_hit


def grant_entitlement(
    actor: Actor,
    *,
    community_id: CommunityId,
    user_id: UserId,
    key: str,
    reason: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> EntitlementPayload:
    """Give any user a key from `starts_at` (now unless told) until `ends_at` (for good unless told). For who manages entitlements.

    Locks the community. Emits `entitlement.granted` to who manages them and `entitlement.changed` to the user. Raises `InvalidInput`,
    `TooManyEntitlements`, `NotFound`, or why it is refused.
    """
    starts_at = starts_at or now()
    key, reason = _checked_key(key), _checked_reason(reason)
    if ends_at is not None and ends_at <= max(starts_at, now()):
        raise InvalidInput("The end lies after the start, and in the future.", field="ends_at")
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_ENTITLEMENTS)
        entitlement = Entitlement(
            community_id=community_id,
            user=get_user(user_id),
            key=key,
            source=EntitlementSource.GRANT,
            starts_at=starts_at,
            ends_at=ends_at,
            granted_by=get_user(actor.user_id) if actor.user_id is not None else None,
            reason=reason,
        )
        _begin(entitlement)
    return entitlement_payload(entitlement)


def revoke_entitlement(actor: Actor, *, community_id: CommunityId, entitlement_id: EntitlementId) -> None:
    """End an entitlement now, whatever its source. For who manages entitlements. One that is over stays as it is.

    Locks the community. Emits `entitlement.revoked` to who manages them and `entitlement.changed` to the user. Raises `NotFound`,
    or why it is refused.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_ENTITLEMENTS)
        entitlement = find_entitlement(community_id, entitlement_id)
        if entitlement is None:
            raise NotFound
        is_over = entitlement.ends_at is not None and entitlement.ends_at <= now()
        if entitlement.revoked_at is not None or is_over:
            return
        entitlement.revoked_at = now()
        with _changing(entitlement):
            entitlement.save(update_fields=["revoked_at"])
        _tell([entitlement], EntitlementRevoked)


def put_trial_offer(actor: Actor, *, community_id: CommunityId, key: str, days: int) -> TrialOfferPayload:
    """Let whoever sees the community have a key for 1 to 365 days, once. For who manages entitlements.

    Trials that run already stay as they are. Locks the community. Raises `InvalidInput`, `TooManyTrialOffers`, or why it is refused.
    """
    key = _checked_key(key)
    if not 1 <= days <= MAX_TRIAL_DAYS:
        raise InvalidInput(f"Use a number of days from 1 to {MAX_TRIAL_DAYS}.", field="days")
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_ENTITLEMENTS)
        others = TrialOffer.objects.filter(community_id=community_id).exclude(key=key)
        if others.count() >= TRIAL_OFFERS_MAX:
            limit_hit("entitlement.trial_offers")
            raise TooManyTrialOffers
        offer, _ = TrialOffer.objects.update_or_create(community_id=community_id, key=key, defaults={"days": days})
    return trial_offer_payload(offer)


def withdraw_trial_offer(actor: Actor, *, community_id: CommunityId, offer_id: UUID) -> None:
    """Let nobody begin this trial any more; those that run go on. For who manages entitlements.

    Locks the community. Raises `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_ENTITLEMENTS)
        offer = find_trial_offer(community_id, offer_id)
        if offer is None:
            raise NotFound
        offer.delete()


def start_trial(actor: Actor, *, community_id: CommunityId, offer_id: UUID) -> MyEntitlementPayload:
    """Have what is offered for its days, once per user and key. For whoever sees the community's card.

    Locks the community. Emits as `grant_entitlement`. Raises `TrialUsed`, `TooManyEntitlements`, or `NotFound`.
    """
    user_id = actor.require_user()
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.VIEW_CARD)
        offer = find_trial_offer(community_id, offer_id)
        if offer is None:
            raise NotFound
        trials = Entitlement.objects.filter(community_id=community_id, source=EntitlementSource.TRIAL)
        if trials.filter(user_id=user_id, key=offer.key).exists():
            raise TrialUsed
        at = now()
        entitlement = Entitlement(
            community_id=community_id,
            user=get_user(user_id),
            key=offer.key,
            source=EntitlementSource.TRIAL,
            starts_at=at,
            ends_at=at + timedelta(days=offer.days),
        )
        _begin(entitlement)
    return my_entitlement_payload(entitlement)


def unchecked_grant_purchase(
    *,
    community_id: CommunityId,
    user_id: UserId,
    key: str,
    reference: str,
    starts_at: datetime,
    ends_at: datetime | None,
) -> EntitlementPayload:
    """Give a user what they have bought; for the app that takes payments. The same `reference` is the same purchase.

    Locks the community. Emits as `grant_entitlement`. Raises `InvalidInput`, `NotFound`.
    """
    key = _checked_key(key)
    if not 1 <= len(reference) <= MAX_ENTITLEMENT_KEY_LENGTH:
        raise InvalidInput(f"Use 1 to {MAX_ENTITLEMENT_KEY_LENGTH} characters.", field="reference")
    with transaction.atomic():
        lock_community(community_id)
        bought = Entitlement.objects.filter(community_id=community_id, source=EntitlementSource.PURCHASE)
        earlier = bought.select_related("user", "granted_by").filter(reference=reference).first()
        if earlier is not None:
            return entitlement_payload(earlier)
        entitlement = Entitlement(
            community_id=community_id,
            user=get_user(user_id),
            key=key,
            source=EntitlementSource.PURCHASE,
            reference=reference,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        _begin(entitlement, is_bought=True)
    return entitlement_payload(entitlement)


def tell_ended_entitlements() -> int:
    """Tell users, and who manages entitlements, what has ended, for the job; return how much it was. The end itself has acted before.

    One transaction per community, of so many at most. Locks each community. Emits `entitlement.ended` and `entitlement.changed`.
    """
    return sum(map(_tell_ended, communities_with_untold_ends()))


@transaction.atomic
def _tell_ended(community_id: CommunityId) -> int:
    lock_community(community_id)
    ended = untold_ends(community_id, most=ENDS_TOLD_AT_ONCE)
    Entitlement.objects.filter(pk__in=[entitlement.pk for entitlement in ended]).update(end_told_at=now())
    _tell(ended, EntitlementEnded)
    return len(ended)


def _begin(entitlement: Entitlement, *, is_bought: bool = False) -> None:
    """Write a new entitlement. What was paid for is not refused because there are many."""
    held = count_entitlements(CommunityId(entitlement.community_id), UserId(entitlement.user_id))
    if held >= ENTITLEMENTS_MAX and not is_bought:
        limit_hit("entitlement.number")
        raise TooManyEntitlements
    with _changing(entitlement):
        entitlement.save()
    _tell([entitlement], EntitlementGranted)


def _changing(entitlement: Entitlement) -> AbstractContextManager[None]:
    """Revoke what its gates take from the user when the entitlement is changed in the block; nothing to do where there is no gate."""
    community_id = CommunityId(entitlement.community_id)
    return change_access(community_id, [UserId(entitlement.user_id)] if has_gates(community_id) else [])


def _tell(
    entitlements: Collection[Entitlement],
    event: type[EntitlementGranted | EntitlementRevoked | EntitlementEnded],
) -> None:
    """Bump the epochs of the memberships concerned, then tell who manages entitlements and each user, all of one community."""
    if not entitlements:
        return
    community_id = next(iter(entitlements)).community_id
    user_ids = {entitlement.user_id for entitlement in entitlements}
    concerned = Membership.objects.filter(community_id=community_id, user_id__in=user_ids)
    concerned.update(access_epoch=F("access_epoch") + 1)
    append(
        [
            Draft(topic, told)
            for entitlement in entitlements
            for topic, told in (
                (topic_for(ENTITLEMENTS_TOPIC, community_id), event(entitlement=entitlement_payload(entitlement))),
                (topic_for("user", entitlement.user_id), _own(entitlement)),
            )
        ]
    )


def _own(entitlement: Entitlement) -> Event:
    return MyEntitlementChanged(entitlement=my_entitlement_payload(entitlement))


def _checked_key(key: str) -> str:
    if not re.fullmatch(ENTITLEMENT_KEY_PATTERN, key):
        raise InvalidInput("Use 1 to 60 of a-z, 0-9, dot, underscore and hyphen.", field="key")
    return key


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON_LENGTH:
        raise InvalidInput(f"Use 1 to {MAX_REASON_LENGTH} characters.", field="reason")
    return reason
