"""What a version in the shadow decides differently is noted when members are looked at, once a day for each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import VerifiedPhone
from communities.access import change_access
from communities.actions.catching_up import catch_up_with_time
from communities.actions.levels import set_level
from communities.actions.memberships import add_member, remove_member
from communities.actions.shadows import forget_shadow_differences
from communities.constants import GateMode
from communities.models import ShadowDifference
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.ids import CommunityId, UserId
from tests.factories.accounts import bearer, make_user
from tests.factories.chat import make_room
from tests.factories.communities import Rank, make_community, make_member
from tests.factories.gates import EMAIL, PHONE, gate

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LEVEL = {"type": "level", "level": 3}


@pytest.fixture
def clock(time_machine):
    """A clock that stands still, and is moved to moments."""
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    return time_machine


@pytest.fixture
def member(clock):
    return make_member(make_community())


def noted():
    return list(ShadowDifference.objects.order_by("noted_at").values_list("user_id", "would_pass"))


def look_at(member):
    with transaction.atomic(), change_access(CommunityId(member.community_id), [UserId(member.user_id)]):
        pass


def test_putting_a_version_in_the_shadow_notes_who_would_lose(member):
    gate(member.community, PHONE, mode=GateMode.SHADOW)
    assert noted() == []
    catch_up_with_time()
    assert noted() == [(member.user_id, False)]


def test_who_would_gain_is_noted_as_well(member):
    gate(member.community, PHONE)
    gate(member.community, None, mode=GateMode.SHADOW)
    catch_up_with_time()
    assert noted() == [(member.user_id, True)]


def test_where_both_decide_alike_nothing_is_noted(member):
    VerifiedPhone.objects.create(user=member.user, number="+447700900100")
    gate(member.community, PHONE, mode=GateMode.SHADOW)
    catch_up_with_time()
    gate(member.community, EMAIL)
    gate(member.community, {"type": "all", "of": [PHONE, EMAIL]}, mode=GateMode.SHADOW)
    catch_up_with_time()
    assert noted() == []


def test_a_member_is_noted_once_a_day_as_they_stood_last(member, clock):
    gate(member.community, LEVEL, mode=GateMode.SHADOW)
    for _ in range(3):
        clock.move_to(now() + timedelta(minutes=1), tick=False)
        look_at(member)
    [row] = ShadowDifference.objects.all()
    assert (row.would_pass, row.noted_at, row.community_id) == (False, now(), member.community_id)
    clock.move_to(now() + DAY, tick=False)
    look_at(member)
    assert noted() == [(member.user_id, False)] * 2


def test_a_change_of_a_fact_is_noted_as_it_happens(member):
    gate(member.community, {"type": "not", "of": LEVEL}, mode=GateMode.SHADOW)
    catch_up_with_time()
    assert noted() == []
    place, user_id = CommunityId(member.community_id), UserId(member.user_id)
    set_level(SYSTEM, community_id=place, user_id=user_id, level=3)
    assert noted() == [(member.user_id, False)]


def test_who_joins_is_noted(member):
    gate(member.community, LEVEL, mode=GateMode.SHADOW)
    catch_up_with_time()
    newcomer = make_user()
    add_member(SYSTEM, community_id=CommunityId(member.community_id), username=newcomer.username)
    catch_up_with_time()
    assert set(noted()) == {(member.user_id, False), (newcomer.pk, False)}


def test_what_time_changes_in_the_shadow_is_noted_in_time(member, clock):
    gate(member.community, {"type": "not", "of": {"type": "member_for", "days": 2}}, mode=GateMode.SHADOW)
    catch_up_with_time()
    assert noted() == []
    clock.move_to(now() + 2 * DAY, tick=False)
    catch_up_with_time()
    assert noted() == [(member.user_id, False)]


def test_of_a_room_it_is_noted_only_for_who_comes_so_far(member):
    room = make_room(member.community)
    gate(member.community, LEVEL)
    gate(room, PHONE, mode=GateMode.SHADOW)
    look_at(member)
    assert noted() == []
    gate(member.community, None)
    look_at(member)
    assert noted() == [(member.user_id, False)]


def test_of_who_left_nothing_is_noted(member):
    gate(member.community, LEVEL, mode=GateMode.SHADOW)
    remove_member(SYSTEM, community_id=CommunityId(member.community_id), user_id=UserId(member.user_id))
    look_at(member)
    assert noted() == []


def test_a_version_in_the_shadow_that_decides_alike_costs_no_statement(member, django_assert_max_num_queries):
    gate(member.community, PHONE)
    with transaction.atomic(), django_assert_max_num_queries(30) as without:
        look_at(member)
    gate(member.community, PHONE, mode=GateMode.SHADOW)
    with transaction.atomic(), django_assert_max_num_queries(30) as alike:
        look_at(member)
    assert len(alike) == len(without)


def test_the_report_lists_the_newest_beside_the_present(member, clock, api):
    owner = make_member(member.community, rank=Rank.OWNER)
    gate(member.community, LEVEL, mode=GateMode.SHADOW)
    catch_up_with_time()
    set_level(SYSTEM, community_id=CommunityId(member.community_id), user_id=UserId(member.user_id), level=3)
    told = api.get(f"/api/v1/communities/{owner.community_id}/gate/shadow", headers=bearer(owner.user)).json()
    assert (told["members"], told["gains"], told["loses"]) == (2, 0, 1)
    assert [one["id"] for one in told["losing"]] == [str(owner.user_id)]
    assert told["noted"] == 2
    assert {(one["user"]["id"], one["would_pass"]) for one in told["differences"]} == {
        (str(owner.user_id), False),
        (str(member.user_id), False),
    }


def test_what_was_noted_long_ago_is_forgotten(member, clock, settings):
    settings.SHADOW_DIFFERENCES_KEPT_DAYS = 30
    gate(member.community, LEVEL, mode=GateMode.SHADOW)
    look_at(member)
    clock.move_to(now() + DAY, tick=False)
    look_at(member)
    clock.move_to(now() + 29 * DAY + timedelta(seconds=1), tick=False)
    assert forget_shadow_differences() == 1
    assert noted() == [(member.user_id, False)]
