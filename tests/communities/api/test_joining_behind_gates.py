"""From the card to the rooms of a community with a gate: what a stranger is told to do next is what lets them in."""

from __future__ import annotations

import pytest

from accounts.models import VerifiedPhone
from communities.constants import CommunityVisibility, JoinPolicy
from communities.events import AccessChanged
from communities.models import Invite, InviteUse, Membership
from eventlog.topics import topic_for
from kernel.ids import uuid7
from tests.event_log import events_of
from tests.factories.accounts import bearer, make_user
from tests.factories.communities import (
    make_community,
    make_external_service,
    make_form,
    make_invite,
    make_member,
    make_role,
)
from tests.factories.gates import PHONE, gate
from tests.unchanged import unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limiter")]

INVITED, APPROVED = {"type": "invite"}, {"type": "application"}
ACCEPT = "/api/v1/invites/accept"


def listed(*, join_policy=JoinPolicy.OPEN):
    return make_community(join_policy=join_policy, visibility=CommunityVisibility.LISTED)


def place(community, rest=""):
    return f"/api/v1/communities/{community.pk}{rest}"


def steps(api, community, user):
    """What the explanation says is missing, and the routes that it names, in order."""
    told = api.get(place(community, "/gate/explanation"), headers=bearer(user)).json()
    return [(one["requirement"], one["remedy"] and one["remedy"]["route"]) for one in told["missing"]]


def reads(api, community, user):
    return api.get(place(community, "/rooms"), headers=bearer(user)).status_code == 200


def test_a_stranger_is_told_to_accept_an_invite_and_gets_in_by_it(api):
    community, user = listed(), make_user()
    gate(community, INVITED)
    assert steps(api, community, user) == [("membership", ACCEPT), ("invite", ACCEPT)]
    _, code = make_invite(community)
    assert api.post(ACCEPT, {"code": code}, headers=bearer(user)).status_code == 200
    assert reads(api, community, user)
    assert steps(api, community, user) == []


def test_who_joined_first_stands_before_the_gate_and_gets_in_by_an_invite_too(api):
    community, user = listed(), make_user()
    gate(community, INVITED)
    assert api.post(place(community, "/join"), headers=bearer(user)).status_code == 200
    assert not reads(api, community, user)
    assert steps(api, community, user) == [("invite", ACCEPT)]
    invite, code = make_invite(community)
    epoch = Membership.objects.get(user=user).access_epoch
    assert api.post(ACCEPT, {"code": code}, headers=bearer(user)).status_code == 200
    assert reads(api, community, user)
    assert Membership.objects.get(user=user).access_epoch > epoch
    assert AccessChanged(community=community.pk) in [event for _, _, event in events_of(topic_for("user", user.pk))]
    assert Invite.objects.get(pk=invite.pk).uses == 1
    once_more = bearer(user)
    with unchanged(Invite, InviteUse, Membership):
        assert api.post(ACCEPT, {"code": code}, headers=once_more).status_code == 200


def test_a_member_uses_up_no_invite_that_no_gate_asks_for(api):
    community = listed()
    member = make_member(community)
    gate(community, PHONE)
    _, code = make_invite(community)
    theirs = bearer(member.user)
    with unchanged(Invite, InviteUse, Membership):
        assert api.post(ACCEPT, {"code": code}, headers=theirs).status_code == 200


def test_an_invite_of_before_a_departure_opens_nothing(api):
    community, user = listed(), make_user()
    gate(community, INVITED)
    _, code = make_invite(community)
    api.post(ACCEPT, {"code": code}, headers=bearer(user))
    api.post(place(community, "/leave"), headers=bearer(user))
    assert steps(api, community, user) == [("membership", ACCEPT), ("invite", ACCEPT)]
    api.post(place(community, "/join"), headers=bearer(user))
    assert not reads(api, community, user)


@pytest.mark.parametrize("joins_first", [False, True])
def test_a_stranger_is_told_to_apply_and_gets_in_by_the_approval(api, joins_first):
    community, user = listed(), make_user()
    reviewer = make_member(community)
    gate(community, APPROVED)
    make_form(community)
    if joins_first:
        api.post(place(community, "/join"), headers=bearer(user))
    apply = place(community, "/applications")
    outside = [] if joins_first else [("membership", apply)]
    assert steps(api, community, user) == [*outside, ("application", apply)]
    submitted = api.post(apply, {"form": 1, "answers": {"1": "Because."}}, headers=bearer(user))
    assert submitted.status_code == 201
    outside = [] if joins_first else [("membership", "/api/v1/me/applications")]
    assert steps(api, community, user) == [*outside, ("application", "/api/v1/me/applications")]
    assert not reads(api, community, user)
    gate(community, None)  # for who reviews: nobody has been approved yet
    Membership.objects.filter(pk=reviewer.pk).update(is_owner=True)
    decided = api.post(
        f"{apply}/{submitted.json()['id']}/decision", {"verdict": "approve"}, headers=bearer(reviewer.user)
    )
    assert decided.status_code == 200
    Membership.objects.filter(pk=reviewer.pk).update(is_owner=False)
    gate(community, APPROVED)
    assert reads(api, community, user)
    assert steps(api, community, user) == []


def test_a_stranger_is_told_how_a_community_takes_members_whose_gate_does_not_say(api):
    user = make_user()
    opened, closed, applying = listed(), listed(join_policy=JoinPolicy.CLOSED), listed(join_policy=JoinPolicy.CLOSED)
    make_form(applying)
    for community, route in (
        (opened, place(opened, "/join")),
        (closed, ACCEPT),
        (applying, place(applying, "/applications")),
    ):
        gate(community, PHONE)
        phone = ("verified_phone", "/_allauth/app/v1/account/phone")
        assert steps(api, community, user) == [("membership", route), phone]
    VerifiedPhone.objects.create(user=user, number="+447700900100")
    assert steps(api, opened, user) == [("membership", place(opened, "/join"))]


def test_what_is_missing_is_named_once(api):
    community, user = listed(), make_user()
    member = make_member(community, user)
    gate(community, {"type": "all", "of": [PHONE, {"type": "any", "of": [PHONE, INVITED]}]})
    assert [requirement for requirement, _ in steps(api, community, member.user)] == ["verified_phone", "invite"]


def test_a_stranger_who_may_see_the_card_is_told_no_hidden_parameter(api):
    community, user = listed(), make_user()
    role = make_role(community, name="Inner circle")
    make_external_service(community, name="the-guild")
    hidden = [
        {"type": "role", "role": str(role.pk)},
        {"type": "entitlement", "key": "secret-club"},
        {"type": "external", "service": "the-guild"},
    ]
    gate(community, {"type": "all", "of": hidden})
    told = api.get(place(community, "/gate/explanation"), headers=bearer(user))
    assert told.status_code == 200
    assert [part["type"] for part in told.json()["gates"][0]["of"]] == ["role", "entitlement", "external"]
    for secret in (str(role.pk), "Inner circle", "secret-club", "the-guild"):
        assert secret not in told.content.decode()


def test_who_may_not_see_the_card_is_told_what_is_told_of_nothing(api):
    community = make_community(visibility=CommunityVisibility.SECRET)
    gate(community, INVITED)
    user = make_user()
    refused = api.get(place(community, "/gate/explanation"), headers=bearer(user))
    nothing = api.get(f"/api/v1/communities/{uuid7()}/gate/explanation", headers=bearer(user))
    assert (refused.status_code, refused.json()["code"]) == (404, nothing.json()["code"])
    assert api.get(place(community, "/gate/explanation")).status_code == 401
