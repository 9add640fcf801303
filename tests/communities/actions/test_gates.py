"""Putting gates: versions, the way back, who is locked out by it, and what is revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import VerifiedPhone
from chat.constants import ROOM_KIND, ChatPermission
from chat.queries.resources import room_resource
from communities import tasks
from communities.access import COMMUNITY_KIND, GateDraft, community_resource, decide
from communities.actions import gate_spreading, gates
from communities.actions.gates import put_gate, roll_back_gate
from communities.constants import GateMode, Permission
from communities.errors import GateLocksOut, GraceRuns, InvalidGate
from communities.events import AccessChanged, GateChanged
from communities.models import Gate, GateVersion, Membership
from eventlog.events import AccessReviewed, AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.decision import Missing, Remedy
from kernel.errors import Forbidden, InvalidInput, NotFound
from kernel.ids import uuid7
from tests.event_log import events_of
from tests.factories.chat import make_room
from tests.factories.communities import Rank, acting, make_community, make_member
from tests.factories.gates import EMAIL, PHONE, gate
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


def verify_phone(membership: Membership) -> Membership:
    number = f"+1{membership.user_id.int % 10**12}"
    VerifiedPhone.objects.create(user_id=membership.user_id, number=number)
    return membership


@pytest.fixture
def place():
    """A community whose owner has a verified phone."""
    community = make_community()
    verify_phone(make_member(community, rank=Rank.OWNER))
    return community


def owner_of(community):
    return acting(Membership.objects.get(community=community, is_owner=True))


def owner_user(community):
    return Membership.objects.get(community=community, is_owner=True).user


def told(topic):
    return [event for _, _, event in events_of(topic)]


def test_a_gate_closes_a_community_to_members_who_do_not_pass_and_tells_them_what_to_do(place):
    outside, inside = make_member(place), verify_phone(make_member(place))
    gate(place, PHONE)
    refused = decide(acting(outside), Permission.VIEW_COMMUNITY, community_resource(place))
    remedy = Remedy(text="Verify a phone number.", route="/_allauth/app/v1/account/phone")
    assert (refused.allowed, refused.code, refused.visible, refused.remedy) == (False, "gate.closed", True, remedy)
    assert refused.missing == (Missing(requirement="verified_phone", remedy=remedy),)
    assert decide(acting(inside), Permission.VIEW_COMMUNITY, community_resource(place)).allowed


def test_who_does_not_pass_still_sees_the_card_and_may_leave(place):
    outside = make_member(place)
    gate(place, PHONE)
    for permission in (Permission.VIEW_CARD, Permission.BELONG):
        assert decide(acting(outside), permission, community_resource(place)).allowed


def test_a_room_inherits_the_gate_of_its_community_and_may_narrow_it(place):
    room = make_room(place)
    nobody, phone = make_member(place), verify_phone(make_member(place))
    Membership.objects.filter(community=place).exclude(pk=phone.pk).update(joined_at=now() - timedelta(days=2))
    gate(place, PHONE)
    gate(room, {"type": "member_for", "days": 1})
    room.community.refresh_from_db()
    read = ChatPermission.READ_MESSAGES
    assert decide(acting(nobody), read, room_resource(room)).visible is False
    closed = decide(acting(phone), read, room_resource(room))
    assert (closed.allowed, closed.visible, closed.expires_at) == (False, False, phone.joined_at + timedelta(days=1))
    assert decide(owner_of(place), read, room_resource(room)).allowed


def test_one_or_many_are_decided_with_two_statements(place, django_assert_num_queries):
    room = make_room(place)
    member = make_member(place)
    gate(place, {"type": "any", "of": [PHONE, EMAIL, {"type": "two_factor"}, {"type": "min_age", "years": 18}]})
    gate(room, {"type": "not", "of": {"type": "account_age", "days": 1}})
    resource = room_resource(room)
    with django_assert_num_queries(2):
        decide(acting(member), ChatPermission.READ_MESSAGES, resource)


def test_versions_are_numbered_and_never_changed(place):
    either = {"type": "any", "of": [EMAIL, PHONE]}
    first = gate(place, PHONE, reason="Too much spam.", by=owner_of(place))
    second = gate(place, either)
    assert (first.number, first.is_live, first.reason) == (1, True, "Too much spam.")
    assert first.author is not None
    assert (second.number, second.author) == (2, None)
    versions = list(GateVersion.objects.order_by("number").values_list("number", "tree"))
    assert versions == [(1, PHONE), (2, either)]
    assert place.gate_version_id == second.id == Gate.objects.get().live_id


def test_rolling_back_puts_the_old_tree_as_a_new_version(place):
    gate(place, PHONE)
    gate(place, None)
    assert place.gate_version_id is None
    back = roll_back_gate(owner_of(place), kind=COMMUNITY_KIND, resource_id=place.pk, number=1)
    assert (back.number, back.tree, back.reason) == (3, PHONE, "Back to version 1.")
    place.refresh_from_db()
    assert place.gate_version_id == back.id
    with unchanged(Gate, GateVersion), pytest.raises(NotFound):
        roll_back_gate(owner_of(place), kind=COMMUNITY_KIND, resource_id=place.pk, number=9)


def test_a_version_in_the_shadow_shuts_nobody_out(place):
    member = make_member(place)
    version = gate(place, PHONE, mode=GateMode.SHADOW)
    assert version.is_live is False
    assert place.gate_version_id is None
    assert decide(acting(member), Permission.VIEW_COMMUNITY, community_resource(place)).allowed
    assert Gate.objects.get().shadow_id == version.id


def test_what_is_lost_is_revoked_in_the_same_transaction_and_before_the_change_is_told(place):
    room, other = make_room(place), make_room(make_community())
    loser, keeper = make_member(place), verify_phone(make_member(place))
    gate(place, PHONE)
    assert told(topic_for("community", place.pk))[-2:] == [
        AccessRevoked(user=loser.user_id),
        GateChanged(kind="community", resource=place.pk),
    ]
    assert told(topic_for("room", room.pk))[-1:] == [AccessRevoked(user=loser.user_id)]
    assert told(topic_for("user", loser.user_id))[-1:] == [AccessChanged(community=place.pk)]
    assert AccessChanged(community=place.pk) not in told(topic_for("user", keeper.user_id))
    assert not [event for event in told(topic_for("room", other.pk)) if isinstance(event, AccessRevoked)]
    epochs = dict(Membership.objects.filter(community=place).values_list("user_id", "access_epoch"))
    assert (epochs[loser.user_id], epochs[keeper.user_id]) == (2, 1)


def test_who_gains_is_told(place):
    member = make_member(place)
    gate(place, PHONE)
    before = len(told(topic_for("user", member.user_id)))
    gate(place, None)
    assert told(topic_for("user", member.user_id))[before:] == [AccessChanged(community=place.pk)]


def test_a_gate_that_its_editor_or_the_owner_would_not_pass_is_refused(place):
    with unchanged(Gate, GateVersion, Membership), pytest.raises(GateLocksOut) as refused:
        gate(place, {"type": "all", "of": [PHONE, {"type": "two_factor"}]}, by=owner_of(place))
    assert [one.requirement for one in refused.value.data["missing"]] == ["two_factor"]
    with unchanged(Gate, GateVersion, Membership), pytest.raises(GateLocksOut):
        gate(place, {"type": "two_factor"})


def test_being_let_off_for_a_while_does_not_save_an_editor_from_locking_themselves_out(place):
    with pytest.raises(GateLocksOut):
        gate(place, {"type": "two_factor"}, by=owner_of(place), grace_days={"two_factor": 7})


def test_members_do_not_touch_gates(place):
    member = make_member(place)
    with unchanged(Gate, GateVersion), pytest.raises(Forbidden):
        gate(place, PHONE, by=acting(member))
    with unchanged(Gate, GateVersion), pytest.raises(NotFound):
        gate(place, PHONE, by=acting(make_member(make_community())))
    with unchanged(Gate, GateVersion), pytest.raises(NotFound):
        put_gate(SYSTEM, kind="spaceship", resource_id=place.pk, draft=GateDraft(tree=PHONE))


def test_a_role_of_another_community_is_refused(place):
    with unchanged(Gate, GateVersion), pytest.raises(InvalidGate) as refused:
        gate(place, {"type": "role", "role": str(uuid7())})
    assert refused.value.data == {"path": "role.role"}


def test_grace_lets_old_members_in_until_it_ends_and_new_ones_not_at_all(place, time_machine):
    old = make_member(place)
    start = now()
    gate(place, PHONE, grace_days={"verified_phone": 3})
    new = make_member(place)
    place.refresh_from_db()
    resource = community_resource(place)
    allowed = decide(acting(old), Permission.VIEW_COMMUNITY, resource)
    assert allowed.allowed
    assert start + timedelta(days=3) <= allowed.expires_at <= now() + timedelta(days=3)
    assert not decide(acting(new), Permission.VIEW_COMMUNITY, resource).allowed
    time_machine.move_to(allowed.expires_at, tick=False)
    assert not decide(acting(old), Permission.VIEW_COMMUNITY, resource).allowed


@pytest.mark.parametrize("grace_days", [{"level": 3}, {"verified_phone": 0}, {"verified_phone": 366}])
def test_a_grace_is_for_what_the_gate_asks_and_not_for_ever(place, grace_days):
    with unchanged(Gate, GateVersion), pytest.raises(InvalidInput):
        gate(place, PHONE, grace_days=grace_days)


def test_grandfathering_holds_old_members_to_the_version_before_until_it_ends(place, time_machine):
    member = make_member(place)
    EmailAddress.objects.create(user=owner_user(place), email=owner_user(place).email, primary=True, verified=True)
    email = EmailAddress.objects.create(user=member.user, email=member.user.email, primary=True, verified=True)
    gate(place, EMAIL)
    until = now() + timedelta(days=5)
    gate(place, PHONE, grandfathered_until=until)
    resource = community_resource(place)
    allowed = decide(acting(member), Permission.VIEW_COMMUNITY, resource)
    assert (allowed.allowed, allowed.expires_at) == (True, until)
    EmailAddress.objects.filter(pk=email.pk).update(verified=False)
    assert not decide(acting(member), Permission.VIEW_COMMUNITY, resource).allowed
    EmailAddress.objects.filter(pk=email.pk).update(verified=True)
    with unchanged(Gate, GateVersion), pytest.raises(GraceRuns):
        gate(place, PHONE, grandfathered_until=until + timedelta(days=1))
    time_machine.move_to(until, tick=False)
    assert not decide(acting(member), Permission.VIEW_COMMUNITY, resource).allowed


def test_the_gate_of_a_room_revokes_the_room_alone(place):
    room, other = make_room(place), make_room(place)
    loser = make_member(place)
    gate(room, PHONE)
    assert told(topic_for(ROOM_KIND, room.pk))[-2:] == [
        AccessRevoked(user=loser.user_id),
        GateChanged(kind=ROOM_KIND, resource=room.pk),
    ]
    assert AccessRevoked(user=loser.user_id) not in told(topic_for(ROOM_KIND, other.pk))
    assert AccessRevoked(user=loser.user_id) not in told(topic_for("community", place.pk))


def test_in_a_big_community_jobs_spread_the_change_some_members_at_a_time(place, monkeypatch):
    monkeypatch.setattr(gates, "MEMBERS_COMPARED_AT_ONCE", 2)
    monkeypatch.setattr(gate_spreading, "MEMBERS_AT_ONCE", 2)
    room = make_room(place)
    losers = [make_member(place) for _ in range(3)]
    gate(place, {"type": "any", "of": [PHONE, {"type": "not", "of": {"type": "two_factor"}}]})
    run_spreading(place)
    events = len(told(topic_for("room", room.pk)))
    gate(place, PHONE)
    assert not decide(acting(losers[0]), Permission.VIEW_COMMUNITY, community_resource(place)).allowed
    for topic in (topic_for("room", room.pk), topic_for("community", place.pk)):
        assert AccessReviewed() in told(topic)[-2:]
    private = make_room(place, *(one.user for one in losers[:2]), private=True)
    assert run_spreading(place) == 4  # who is online, and the others two at a time
    assert told(topic_for("room", room.pk))[events:] == [AccessReviewed()]
    assert told(topic_for("room", private.pk))[1:] == [AccessRevoked(user=one.user_id) for one in losers[:2]]
    assert all(told(topic_for("user", one.user_id))[-1] == AccessChanged(community=place.pk) for one in losers)
    place.refresh_from_db()
    assert place.gate_version_id == Gate.objects.get().live_id


def test_a_gate_of_a_room_that_many_may_lose_is_asked_about_in_that_room_alone_and_not_when_it_is_opened(
    place, monkeypatch
):
    monkeypatch.setattr(gates, "MEMBERS_COMPARED_AT_ONCE", 0)
    room, other = make_room(place), make_room(place)
    gate(room, PHONE)
    gate(room, None)
    changed = GateChanged(kind=ROOM_KIND, resource=room.pk)
    assert told(topic_for(ROOM_KIND, room.pk))[-3:] == [AccessReviewed(), changed, changed]
    assert AccessReviewed() not in told(topic_for(ROOM_KIND, other.pk))


def test_members_who_are_online_hear_of_a_new_gate_first_and_once(place, monkeypatch):
    monkeypatch.setattr(gates, "MEMBERS_COMPARED_AT_ONCE", 0)
    losers = [make_member(place) for _ in range(3)]
    monkeypatch.setattr("communities.registries.online._source", lambda: [losers[2].user_id])
    gate(place, PHONE)
    job = ProcrastinateJob.objects.get(task_name=gate_spreading.JOB)
    ProcrastinateJob.objects.filter(pk=job.pk)._raw_delete("default")
    tasks.spread_gate_change(**job.args)
    changed = [AccessChanged(community=place.pk)]
    assert [told(topic_for("user", one.user_id)) for one in losers] == [[], [], changed]
    run_spreading(place)
    assert [told(topic_for("user", one.user_id)) for one in losers] == [changed] * 3


def run_spreading(place) -> int:
    """Run the jobs that spread a change, as the worker would, and return how many there were."""
    runs = 0
    while jobs := ProcrastinateJob.objects.filter(task_name=gate_spreading.JOB, args__resource_id=str(place.pk)):
        job = jobs.get()
        ProcrastinateJob.objects.filter(pk=job.pk)._raw_delete("default")
        tasks.spread_gate_change(**job.args)
        runs += 1
    return runs
