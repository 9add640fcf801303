"""The admin panel: administrators see everything and change memberships through actions only."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.sites import site
from django.test import RequestFactory

from communities.admin import GateAdmin, GateVersionAdmin, MembershipAdmin
from communities.constants import MembershipStatus
from communities.models import Community, Gate, GateVersion, Membership, Role
from eventlog.topics import topic_for
from tests.event_log import types_of
from tests.factories.accounts import make_user
from tests.factories.communities import Rank, make_community, make_member
from tests.factories.gates import EMAIL, gate

pytestmark = pytest.mark.django_db


class Page(MembershipAdmin):
    """The real page, which keeps the messages that it would show."""

    def __init__(self) -> None:
        super().__init__(Membership, site)
        self.shown: list[str] = []

    def message_user(self, request, message, level=None, **options) -> None:
        self.shown.append(str(message))


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def request_of_admin():
    request = RequestFactory().post("/admin/")
    request.user = make_user(is_staff=True, is_superuser=True)
    return request


@pytest.mark.parametrize(
    ("action", "status", "is_owner"),
    [
        ("remove", MembershipStatus.REMOVED, False),
        ("ban", MembershipStatus.BANNED, False),
        ("unban", MembershipStatus.ACTIVE, False),
        ("end_time_out", MembershipStatus.ACTIVE, False),
        ("make_owner", MembershipStatus.ACTIVE, True),
    ],
)
def test_every_action_goes_through_the_actions_and_is_logged(page, request_of_admin, action, status, is_owner):
    member = make_member(make_community(), rank=Rank.MODERATOR)

    getattr(page, action)(request_of_admin, Membership.objects.all())

    member.refresh_from_db()
    assert (member.status, member.is_owner) == (status, is_owner)
    assert page.shown == []
    assert LogEntry.objects.get().user == request_of_admin.user


def test_removal_in_the_admin_closes_the_topic(page, request_of_admin):
    member = make_member(make_community())

    page.remove(request_of_admin, Membership.objects.all())

    assert types_of(topic_for("community", member.community_id)) == ["access.revoked", "member.removed"]


def test_a_refusal_is_shown_and_the_other_rows_are_done(page, request_of_admin):
    community = make_community()
    owner, member = make_member(community, rank=Rank.OWNER), make_member(community)

    page.remove(request_of_admin, Membership.objects.order_by("pk"))

    assert page.shown == [f"{owner}: A community needs its owner: make somebody else the owner first."]
    assert Membership.objects.get(pk=member.pk).status == MembershipStatus.REMOVED
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("model", [Community, Membership, Role])
def test_rows_are_neither_added_nor_edited_nor_deleted_by_hand(request_of_admin, model):
    page = site.get_model_admin(model)

    assert page.has_view_permission(request_of_admin)
    assert not page.has_add_permission(request_of_admin)
    assert not page.has_change_permission(request_of_admin)
    assert not page.has_delete_permission(request_of_admin)


def test_actions_are_for_administrators_of_memberships_only(page, request_of_admin):
    assert page.has_administer_permission(request_of_admin)

    request_of_admin.user = make_user(is_staff=True)

    assert not page.has_administer_permission(request_of_admin)


def test_gates_are_shown_with_every_version_and_changed_by_nobody(request_of_admin):
    community = make_community(name="Harbour")
    gate(community, EMAIL, reason="Too much spam.")
    gate(community, None, reason="It was quiet.")
    found = Gate.objects.get()
    first = str(found.versions.earliest("number").pk)
    history = {"gate__id__exact": str(found.pk)}
    versions = GateVersionAdmin(GateVersion, site)

    def shown(view, asked=None, **of) -> str:
        request = RequestFactory().get("/admin/", asked)
        request.user, request.session = request_of_admin.user, {}
        return view(request, **of).render().content.decode()

    assert f"/admin/communities/gateversion/?gate__id__exact={found.pk}" in shown(GateAdmin(Gate, site).changelist_view)
    listed = shown(versions.changelist_view, history)
    assert [text for text in ("Too much spam.", "It was quiet.") if text not in listed] == []
    page = shown(versions.change_view, object_id=first)
    assert "verified_email" in page
    assert 'name="_save"' not in page
