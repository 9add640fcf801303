"""The form that people answer who apply, and its versions."""

from __future__ import annotations

import pytest

from communities.actions.application_forms import close_application_form, put_application_form
from communities.constants import APPLICATIONS_TOPIC
from communities.events import ApplicationFormChanged
from communities.models import ApplicationForm
from eventlog.topics import topic_for
from kernel.decision import AccessRefused
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId
from tests.event_log import events_of
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import Rank, acting, make_community, make_form, make_member

pytestmark = pytest.mark.django_db
QUESTIONS = [{"kind": "yes_no", "label": "Really?", "required": True, "choices": []}]


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


def told(community) -> list:
    return [event for _, _, event in events_of(topic_for(APPLICATIONS_TOPIC, community.pk))]


def test_every_change_is_a_new_version_and_the_old_ones_stay(community, owner):
    versions = [
        put_application_form(
            acting(owner), community_id=CommunityId(community.pk), questions=QUESTIONS, introduction=text
        )
        for text in ("Hello.", " Welcome. ")
    ]

    assert [(version.number, version.introduction, version.cool_down_days) for version in versions] == [
        (1, "Hello.", 7),
        (2, "Welcome.", 7),
    ]
    assert list(ApplicationForm.objects.order_by("number").values_list("introduction", "created_by_id")) == [
        ("Hello.", owner.user_id),
        ("Welcome.", owner.user_id),
    ]
    assert told(community) == [ApplicationFormChanged(form=version) for version in versions]


def test_a_closed_form_is_closed_once_and_a_new_version_opens_it(community, owner):
    make_form(community)
    actor, community_id = acting(owner), CommunityId(community.pk)

    closed = [close_application_form(actor, community_id=community_id) for _ in range(2)]
    opened = put_application_form(actor, community_id=community_id, questions=QUESTIONS)

    assert closed[0].closed_at is not None
    assert closed[0] == closed[1]
    assert (opened.number, opened.closed_at) == (2, None)
    assert told(community) == [ApplicationFormChanged(form=closed[0]), ApplicationFormChanged(form=opened)]


def test_where_there_is_no_form_none_is_closed(untouched, community, owner):
    with untouched(), pytest.raises(NotFound):
        close_application_form(acting(owner), community_id=CommunityId(community.pk))


def test_only_who_manages_the_community_touches_its_form(untouched, community):
    make_form(community)
    moderator = acting(make_member(community, rank=Rank.MODERATOR))
    with untouched():
        for actor, error in ((moderator, AccessRefused), (actor_for(make_user()), NotFound)):
            with pytest.raises(error):
                put_application_form(actor, community_id=CommunityId(community.pk), questions=QUESTIONS)
            with pytest.raises(error):
                close_application_form(actor, community_id=CommunityId(community.pk))


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"questions": []}, "questions"),
        ({"cool_down_days": -1}, "cool_down_days"),
        ({"cool_down_days": 366}, "cool_down_days"),
    ],
)
def test_a_bad_form_makes_no_version(untouched, community, owner, wanted, field):
    with untouched(), pytest.raises(InvalidInput) as refused:
        put_application_form(
            acting(owner), community_id=CommunityId(community.pk), **{"questions": QUESTIONS, **wanted}
        )
    assert refused.value.data == {"field": field}
