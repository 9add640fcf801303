"""Onboarding: who asks what, what answers give and take, and what they never give."""

from __future__ import annotations

import pytest

from chat.actions.room_members import leave_room
from chat.constants import ChatPermission, RoomMemberState
from chat.models import RoomMember
from chat.policies import refusals_of
from communities.actions.memberships import join_community, leave_community
from communities.actions.onboarding import answer_onboarding, erase_onboarding, put_onboarding
from communities.actions.roles import create_role, update_role
from communities.constants import JoinPolicy, Permission
from communities.errors import (
    OnboardingChanged,
    PermissionNotHeld,
    RoleIsDefault,
    RoleNotSelfAssignable,
    RoleTooHigh,
    TooManyRoles,
)
from communities.models import Membership, MembershipRole, OnboardingAnswer, OnboardingVersion, Role
from communities.policies import get_onboarding_for
from communities.queries.onboarding import get_my_onboarding
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS
from kernel.decision import AccessRefused
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, RoleId, RoomId, UserId
from tests.event_log import types_of
from tests.factories.chat import make_room
from tests.factories.communities import Rank, acting, hold, make_community, make_member, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community(join_policy=JoinPolicy.OPEN)


@pytest.fixture
def here(community):
    return CommunityId(community.pk)


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


@pytest.fixture
def member(community):
    return make_member(community)


def role_for_all(community, *permissions, name="Pilots", position=5):
    role = make_role(community, *permissions, name=name, position=position)
    role.is_self_assignable = True
    role.save()
    return role


@pytest.fixture
def pilots(community):
    return role_for_all(community)


@pytest.fixture
def cooks(community):
    return role_for_all(community, name="Cooks", position=6)


def choice(label, *, roles=(), rooms=()):
    return {"label": label, "roles": [role.pk for role in roles], "rooms": [room.pk for room in rooms]}


def question(*choices, kind="choices", label="What brings you here?"):
    return {"kind": kind, "label": label, "choices": [*choices]}


def ask(actor, here, *questions):
    return put_onboarding(actor, community_id=here, questions=questions)


def answer(membership, *choices, number=1):
    return answer_onboarding(
        acting(membership), community_id=CommunityId(membership.community_id), number=number, answers={"1": choices}
    )


def roles_of(membership) -> set[str]:
    return set(Role.objects.filter(holders__membership=membership).values_list("name", flat=True))


def reads(membership, room) -> bool:
    [refused] = refusals_of([(acting(membership), RoomId(room.pk))], ChatPermission.READ_MESSAGES)
    return refused is None


# --- Asking --------------------------------------------------------------------------------------------------------------


def test_questions_are_versions_and_members_see_labels_alone(replayed, community, here, owner, member, pilots):
    cabin = make_room(community, owner.user, private=True)
    with replayed(community):
        first = ask(acting(owner), here, question(choice(" Flying ", roles=[pilots], rooms=[cabin]), choice("Tea")))
    second = ask(acting(owner), here)

    [asked] = first.questions
    assert (first.number, asked.id, [one.id for one in asked.choices]) == (1, "1", ["1", "2"])
    assert (asked.choices[0].label, asked.choices[0].roles, asked.choices[0].rooms) == (
        "Flying",
        (pilots.pk,),
        (cabin.pk,),
    )
    assert (second.number, second.questions) == (2, ())
    assert types_of(topic_for("community", here)) == ["onboarding.changed", "onboarding.changed"]
    OnboardingVersion.objects.filter(number=2).delete()
    mine = get_my_onboarding(here, UserId(member.user_id))
    assert (mine.number, mine.answered_number, mine.chosen) == (1, 0, ())
    assert str(cabin.pk) not in str(mine)
    assert str(pilots.pk) not in str(mine)


def test_rooms_are_shown_to_managers_who_may_let_people_into_them(community, here, owner):
    cabin = make_room(community, owner.user, private=True)
    ask(acting(owner), here, question(choice("Flying", rooms=[cabin])))
    other = make_member(community, rank=Rank.ADMINISTRATOR)

    rooms = [get_onboarding_for(acting(who), here).questions[0].choices[0].rooms for who in (owner, other)]
    assert rooms == [(cabin.pk,), ()]


def test_nobody_offers_what_they_could_not_give_themselves(untouched, community, here, pilots):
    manager = make_member(community)
    names = (Permission.MANAGE_COMMUNITY, ChatPermission.MODERATE_ROOM)
    hold(manager, make_role(community, *names, name="Managers", position=4))
    low = make_role(community, name="Low", position=2)
    strong = role_for_all(community, Permission.BAN_MEMBER, name="Guards", position=3)
    default = Role.objects.get(community=community, is_default=True)
    for offered, refusal in (
        (choice("x", roles=[pilots]), RoleTooHigh),
        (choice("x", roles=[low]), RoleNotSelfAssignable),
        (choice("x", roles=[strong]), PermissionNotHeld),
        (choice("x", roles=[default]), RoleIsDefault),
        (choice("x", roles=[role_for_all(make_community())]), NotFound),
        (choice("x", rooms=[make_room(community, private=True)]), NotFound),
        (choice("x", rooms=[make_room(make_community())]), NotFound),
    ):
        with untouched(), pytest.raises(refusal):
            ask(acting(manager), here, question(offered))


def test_only_who_manages_the_community_asks(untouched, community, here, member):
    stranger = make_member(make_community(), rank=Rank.OWNER)
    for actor, refusal in (
        (acting(member), AccessRefused),
        (acting(stranger), AccessRefused),
        (ANONYMOUS, Unauthenticated),
    ):
        with untouched(), pytest.raises((refusal, NotFound)):
            ask(actor, here, question(choice("x")))
        with pytest.raises((refusal, NotFound)):
            get_onboarding_for(actor, here)


@pytest.mark.parametrize(
    ("questions", "field"),
    [
        ([question(choice("x"))] * 11, "questions"),
        ([question()], "questions[0].choices"),
        ([question(choice("x"), choice("x "))], "questions[0].choices"),
        ([question(choice("x")), question(choice("x"), label=" ")], "questions[1].label"),
        ([question(choice("a\nb"))], "questions[0].choices[0].label"),
        ([question({"label": "x", "roles": list(range(6))})], "questions[0].choices[0].roles"),
    ],
)
def test_bad_questions_are_refused_by_their_place(untouched, here, owner, questions, field):
    with untouched(), pytest.raises(InvalidInput) as refused:
        ask(acting(owner), here, *questions)
    assert refused.value.data == {"field": field}


# --- Answering -----------------------------------------------------------------------------------------------------------


def test_answers_give_roles_and_rooms_and_other_answers_take_the_roles_back(
    replayed, community, here, owner, member, pilots, cooks
):
    cabin = make_room(community, owner.user, private=True)
    ask(acting(owner), here, question(choice("Flying", roles=[pilots], rooms=[cabin]), choice("Tea", roles=[cooks])))

    with replayed(community):
        mine = answer(member, "1", "2")
    assert (mine.answered_number, mine.chosen[0].choices) == (1, ("1", "2"))
    assert (roles_of(member), reads(member, cabin)) == ({"Pilots", "Cooks"}, True)
    with replayed(community):
        mine = answer(member, "2")
    assert (roles_of(member), reads(member, cabin), mine.chosen[0].choices) == ({"Cooks"}, True, ("2",))
    with replayed(community):
        answer(member)
    assert roles_of(member) == set()
    assert types_of(topic_for("user", member.user_id)).count("onboarding.answered") == 3


def test_a_role_that_is_taken_back_closes_what_it_opened(community, here, owner, member):
    guards = role_for_all(community, Permission.MANAGE_INVITES, name="Guards")
    ask(acting(owner), here, question(choice("Guarding", roles=[guards])))
    answer(member, "1")

    answer(member)

    assert types_of(topic_for("invites", here)) == ["access.revoked"]
    assert Membership.objects.get(pk=member.pk).access_epoch > member.access_epoch + 1


def test_a_role_that_somebody_else_gave_stays(community, here, owner, member, pilots):
    ask(acting(owner), here, question(choice("Flying", roles=[pilots])))
    hold(member, pilots)
    answer(member, "1")
    answer(member)

    assert roles_of(member) == {"Pilots"}


def test_the_same_answer_once_more_tells_nobody_else(community, here, owner, member, pilots):
    ask(acting(owner), here, question(choice("Flying", roles=[pilots])))
    answer(member, "1")
    told = types_of(topic_for("community", here))
    answer(member, "1")
    assert types_of(topic_for("community", here)) == told


def test_new_questions_are_answered_anew_and_what_was_chosen_stays_until_then(
    untouched, community, here, owner, member, pilots, cooks
):
    ask(acting(owner), here, question(choice("Flying", roles=[pilots])))
    answer(member, "1")
    ask(acting(owner), here, question(choice("Tea", roles=[cooks])))
    with untouched(), pytest.raises(OnboardingChanged) as refused:
        answer(member, "1", number=1)
    assert refused.value.data == {"number": 2}
    mine = get_my_onboarding(here, UserId(member.user_id))
    assert (mine.number, mine.answered_number, roles_of(member)) == (2, 1, {"Pilots"})

    answer(member, "1", number=2)
    assert roles_of(member) == {"Cooks"}


def test_a_role_that_grew_or_lost_its_mark_or_is_gone_is_left_out(community, here, owner, pilots, cooks):
    gone = role_for_all(community, name="Gone", position=7)
    ask(acting(owner), here, question(choice("All of it", roles=[pilots, cooks, gone])))
    update_role(acting(owner), community_id=here, role_id=RoleId(pilots.pk), permissions=[Permission.BAN_MEMBER])
    update_role(acting(owner), community_id=here, role_id=RoleId(cooks.pk), is_self_assignable=False)
    gone.delete()
    member = make_member(community)

    answer(member, "1")

    assert roles_of(member) == set()
    ask(acting(owner), here, question(choice("All of it", roles=[pilots])))
    answer(member, "1", number=2)
    assert roles_of(member) == {"Pilots"}


def test_a_room_is_left_out_when_the_author_may_not_let_people_in_any_more(community, here, owner, member):
    cabin = make_room(community, owner.user, private=True)
    ask(acting(owner), here, question(choice("Flying", rooms=[cabin])))
    RoomMember.objects.filter(user=owner.user).update(state=RoomMemberState.REMOVED)

    answer(member, "1")

    assert not reads(member, cabin)


def test_who_left_a_room_does_not_come_back_by_an_answer(community, here, owner, member):
    cabin = make_room(community, owner.user, private=True)
    ask(acting(owner), here, question(choice("Flying", rooms=[cabin])))
    answer(member, "1")
    leave_room(acting(member), room_id=RoomId(cabin.pk))

    answer(member, "1")

    assert not reads(member, cabin)


def test_answers_end_with_the_membership(community, here, owner, member, pilots):
    ask(acting(owner), here, question(choice("Flying", roles=[pilots])))
    answer(member, "1")
    leave_community(acting(member), community_id=here)
    join_community(acting(member), community_id=here)

    assert get_my_onboarding(here, UserId(member.user_id)).answered_number == 0
    answer(member)
    assert roles_of(member) == set()


@pytest.mark.parametrize(
    ("answers", "field"), [({"2": ["1"]}, "answers.2"), ({"1": ["3"]}, "answers.1"), ({"1": ["1", "2"]}, "answers.1")]
)
def test_answers_that_do_not_fit_are_refused(untouched, here, owner, member, answers, field):
    ask(acting(owner), here, question(choice("a"), choice("b"), kind="choice"))
    with untouched(), pytest.raises(InvalidInput) as refused:
        answer_onboarding(acting(member), community_id=here, number=1, answers=answers)
    assert refused.value.data == {"field": field}


def test_guests_and_strangers_are_not_asked(untouched, community, here, owner):
    ask(acting(owner), here, question(choice("a")))
    stranger = make_member(make_community())
    for who, refusal in ((make_member(community, is_guest=True), AccessRefused), (stranger, NotFound)):
        with untouched(), pytest.raises((refusal, NotFound)):
            answer_onboarding(acting(who), community_id=here, number=1, answers={})


def test_where_nothing_was_ever_asked_nothing_is_answered(untouched, here, member):
    with untouched(), pytest.raises(NotFound):
        answer(member)


def test_nobody_has_more_roles_than_members_may_have(
    untouched, settings, community, here, owner, member, pilots, cooks
):
    settings.MEMBER_ROLES_MAX = 1
    ask(acting(owner), here, question(choice("Flying", roles=[pilots, cooks])))
    with untouched(), pytest.raises(TooManyRoles):
        answer(member, "1")


def test_answers_go_with_the_account(community, here, owner, member):
    ask(acting(owner), here, question(choice("a")))
    answer(member, "1")

    assert erase_onboarding(UserId(member.user_id)) is True
    assert not OnboardingAnswer.objects.exists()


# --- Marking -------------------------------------------------------------------------------------------------------------


def test_only_who_has_all_that_a_role_gives_marks_it_for_everybody(untouched, replayed, community, here, owner):
    steward = make_member(community)
    hold(steward, make_role(community, Permission.MANAGE_ROLES, name="Stewards", position=8))
    guards = make_role(community, Permission.BAN_MEMBER, name="Guards", position=3)
    mark = {"community_id": here, "role_id": RoleId(guards.pk), "is_self_assignable": True}
    with untouched(), pytest.raises(PermissionNotHeld):
        update_role(acting(steward), **mark)
    with replayed(community):
        assert update_role(acting(owner), **mark).is_self_assignable is True
    default = Role.objects.get(community=community, is_default=True)
    with untouched(), pytest.raises(RoleIsDefault):
        update_role(acting(owner), **mark | {"role_id": RoleId(default.pk)})
    assert create_role(acting(owner), community_id=here, name="New", is_self_assignable=True).is_self_assignable
    assert not MembershipRole.objects.filter(role=guards).exists()
