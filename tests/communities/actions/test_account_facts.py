"""What changes about an account opens and closes gates in the transaction that changes it."""

from __future__ import annotations

from datetime import date

import pytest
from allauth.mfa.models import Authenticator

from accounts.actions.birth_dates import forget_birth_date, set_birth_date
from accounts.actions.phone_numbers import remove_phone_number, unchecked_set_phone_number
from accounts.actions.second_factors import remove_factors
from accounts.errors import PhoneTaken
from communities.access import community_resource, decide
from communities.constants import Permission
from communities.events import AccessChanged
from communities.models import Membership
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.ids import UserId
from tests.event_log import events_of
from tests.factories.accounts import actor_with_session
from tests.factories.chat import make_room
from tests.factories.communities import acting, make_community, make_member
from tests.factories.gates import PHONE, gate

pytestmark = pytest.mark.django_db

NUMBER = "+447700900123"


def told(kind, object_id):
    return [event for _, _, event in events_of(topic_for(kind, object_id))]


def epoch_of(member):
    return Membership.objects.get(pk=member.pk).access_epoch


def sees(member):
    member.community.refresh_from_db()
    return decide(acting(member), Permission.VIEW_COMMUNITY, community_resource(member.community)).allowed


def test_a_number_that_is_given_up_closes_what_it_opened():
    member = make_member(make_community())
    room = make_room(member.community)
    gate(member.community, PHONE)
    unchecked_set_phone_number(UserId(member.user_id), number=NUMBER)
    assert sees(member)
    assert told("user", member.user_id)[-2:-1] == [AccessChanged(community=member.community_id)]
    before = epoch_of(member)
    remove_phone_number(actor_with_session(member.user))
    assert not sees(member)
    assert epoch_of(member) == before + 1
    for topic in (("room", room.pk), ("community", member.community_id)):
        assert told(*topic)[-1] == AccessRevoked(user=member.user_id)


def test_a_number_that_is_refused_changes_nothing():
    member, other = make_member(make_community()), make_member(make_community())
    unchecked_set_phone_number(UserId(other.user_id), number=NUMBER)
    gate(member.community, PHONE)
    before = (epoch_of(member), told("user", member.user_id))
    with pytest.raises(PhoneTaken):
        unchecked_set_phone_number(UserId(member.user_id), number=NUMBER)
    assert (epoch_of(member), told("user", member.user_id)) == before


def test_the_last_second_factor_closes_what_it_opened():
    member = make_member(make_community())
    factor = Authenticator.objects.create(user=member.user, type="totp", data={"secret": "x"})
    gate(member.community, {"type": "two_factor"})
    assert sees(member)
    remove_factors(acting(member), factor_ids=[factor.pk])
    assert not sees(member)
    assert told("community", member.community_id)[-1] == AccessRevoked(user=member.user_id)


def test_a_birth_date_opens_and_one_that_is_taken_back_closes():
    member = make_member(make_community())
    gate(member.community, {"type": "min_age", "years": 18})
    set_birth_date(acting(member), birth_date=date(1990, 1, 1))
    assert sees(member)
    forget_birth_date(SYSTEM, user_id=UserId(member.user_id))
    assert not sees(member)
    assert told("community", member.community_id)[-1] == AccessRevoked(user=member.user_id)


def test_communities_that_never_had_a_gate_are_left_alone():
    member = make_member(make_community())
    before = (epoch_of(member), told("community", member.community_id))
    unchecked_set_phone_number(UserId(member.user_id), number=NUMBER)
    assert (epoch_of(member), told("community", member.community_id)) == before


def test_the_epoch_grows_where_a_gate_was_and_may_come_back():
    member = make_member(make_community())
    gate(member.community, PHONE)
    gate(member.community, None)
    before = epoch_of(member)
    unchecked_set_phone_number(UserId(member.user_id), number=NUMBER)
    assert epoch_of(member) == before + 1
