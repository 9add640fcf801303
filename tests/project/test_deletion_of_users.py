"""Every table that refers to a user is known to the deletion of accounts: its rows go, or it is said why they stay."""

from __future__ import annotations

from django.apps import apps

from accounts.actions import erasure
from accounts.models import User
from chat.models import ReadMarker
from communities.models import OnboardingAnswer

GONE_BY_OTHER_MEANS = {
    "accounts.User_groups": "taken from the user by accounts.identity",
    "accounts.User_user_permissions": "taken from the user by accounts.identity",
    "communities.Membership": "ended by communities.memberships; the row stays, so that a ban outlives the account",
    "communities.ExternalAnswer": "deleted by communities.memberships, with the membership's end",
    "chat.RoomMember": "ended by the consumer of member.removed; the row stays, like the membership's",
}
KEPT = {
    "communities.Application": "that somebody without a name applied, and what became of it; communities.applications blanks the answers",
    "accounts.User": "bots of the user, whose keys ended with the account: what they wrote stays, and nobody acts through them",
    "accounts.AccountDeletion": "what was done, and for whom",
    "accounts.StaffRoleChange": "the log of who gave which rights to whom",
    "communities.ApplicationForm": "what applicants were asked, by somebody without a name",
    "communities.ApplicationVote": "how an application came to its end, by reviewers without a name",
    "communities.Entitlement": "what was given, tried and bought, by and for people without a name",
    "communities.RulesVersion": "what the members agreed to, by somebody without a name",
    "communities.RulesAcceptance": "that somebody without a name agreed to it",
    "communities.GateVersion": "which gates a community had and why, by somebody without a name",
    "communities.MemberLevel": "how far somebody without a name had come, and who said so",
    "communities.ShadowDifference": "whom a gate would have let in, without a name; forgotten with SHADOW_DIFFERENCES_KEPT_DAYS",
    "communities.Invite": "the ways in that a community was given, by somebody without a name; they ended with the right to invite",
    "communities.OnboardingVersion": "what members were asked, by somebody without a name",
    "communities.InviteUse": "by whom a member came in, which the community needs to know of those who stay",
    "communities.MembershipRole": "who gave others their roles; the user's own roles end with the membership",
    "admin.LogEntry": "the log of what staff did",
    "chat.RoomOverwrites": "what roles and members might in rooms, put by somebody without a name",
    "chat.Message": "what was said to others, by an author without a name",
    "chat.MessageEdit": "what moderators need of it",
}


def test_every_table_that_refers_to_a_user_has_its_place_in_a_deletion() -> None:
    referring = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.remote_field is not None and field.remote_field.model is User
    }
    erased = {table._meta.label for table in (*erasure._RECORDS, ReadMarker, OnboardingAnswer)}
    assert referring == erased | GONE_BY_OTHER_MEANS.keys() | KEPT.keys()
