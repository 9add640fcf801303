"""The admin panel's door: who comes in, with which proof, and what each role finds behind it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
import time_machine
from django.urls import reverse

from accounts.actions.staff_roles import revoke_staff_role
from accounts.authentication import staff_second_factor_satisfied
from accounts.constants import StaffRole
from accounts.models import Session, StaffRoleChange, User
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.ids import UserId
from tests.factories.accounts import PASSWORD, enter_panel, make_staff, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limiter")]
INDEX = "/admin/"


def opens(client) -> bool:
    answer = client.get(INDEX)
    assert answer.status_code in (200, 302)
    return answer.status_code == 200


def models_shown(client) -> set[str]:
    apps = client.get(INDEX).context["app_list"]
    return {model["object_name"] for app in apps for model in app["models"]}


def test_only_staff_with_a_proof_come_in(client):
    assert not opens(client)
    enter_panel(client, make_user())
    assert not opens(client)
    client.force_login(make_staff(StaffRole.SUPPORT))
    assert not opens(client)
    enter_panel(client, make_staff(StaffRole.SUPPORT))
    assert opens(client)


def sent_to(client, path: str = INDEX) -> dict[str, str]:
    """Follow the panel's refusal to the sign-in, and return what that is told."""
    answer = client.get(path, follow=True)
    assert [status for _, status in answer.redirect_chain] == [302, 302]
    address, _, query = answer.redirect_chain[-1][0].partition("?")
    assert address == "/staff/"
    return dict(parse_qsl(query))


def test_the_one_sign_in_of_this_browser_opens_the_panel(client):
    staff = make_staff(StaffRole.SUPPORT, username="ada")
    assert sent_to(client, "/admin/accounts/user/") == {"next": "/admin/accounts/user/"}
    assert "csrftoken" in client.cookies
    login = {"username": "ada", "password": PASSWORD}
    answer = client.post("/_allauth/browser/v1/auth/login", login, content_type="application/json")
    assert answer.status_code == 200
    assert opens(client)
    assert Session.objects.get().user == staff


def test_who_signs_out_of_the_panel_is_signed_out(client):
    make_staff(StaffRole.SUPPORT, username="ada")
    login = {"username": "ada", "password": PASSWORD}
    client.post("/_allauth/browser/v1/auth/login", login, content_type="application/json")
    assert client.post(reverse("admin:logout")).status_code == 200
    assert Session.objects.get().revoked_at is not None
    assert not opens(client)


def test_a_password_sent_to_the_panel_itself_signs_nobody_in(client):
    make_staff(StaffRole.SUPPORT, username="ada")
    client.post(reverse("admin:login"), {"username": "ada@example.org", "password": PASSWORD})
    assert not opens(client)
    assert not Session.objects.exists()


@pytest.mark.parametrize("wanted", ["https://evil.example/admin/", "//evil.example", "javascript:alert(1)"])
def test_the_panel_sends_nobody_to_another_site(client, wanted):
    answer = client.get(reverse("admin:login"), {"next": wanted})
    assert answer.headers["Location"] == "/staff/?next=%2Fadmin%2F"


def test_who_is_no_staff_is_told_so(client):
    enter_panel(client, make_user())
    assert sent_to(client) == {"next": INDEX, "missing": "role"}


def test_a_proof_grows_old(client, settings):
    settings.STAFF_SIGN_IN_HOURS = 2
    settings.SESSION_COOKIE_AGE = 86_400
    enter_panel(client, make_staff(StaffRole.SUPPORT))
    with time_machine.travel(now() + timedelta(minutes=119)):
        assert opens(client)
    with time_machine.travel(now() + timedelta(minutes=121)):
        assert not opens(client)
        assert sent_to(client) == {"next": INDEX, "missing": "fresh_sign_in"}


def test_where_it_is_required_a_password_alone_does_not_open_the_panel(client, settings):
    settings.STAFF_SECOND_FACTOR = True
    staff = make_staff(StaffRole.ADMINISTRATOR)
    enter_panel(client, staff)
    assert sent_to(client) == {"next": INDEX, "missing": "second_factor"}
    assert not opens(client)
    enter_panel(client, staff, method="mfa")
    assert opens(client)


def test_the_second_factor_of_somebody_else_who_used_this_browser_does_not_count(rf, settings):
    settings.STAFF_SECOND_FACTOR = True
    first, second = make_user(), make_user()
    request = rf.get(INDEX)
    request.user = second
    request.session = {
        "account_authentication_methods": [{"method": "mfa", "at": now().timestamp()}],
        "account_authentication_methods_user": str(first.pk),
    }
    assert not staff_second_factor_satisfied(request)
    request.user = first
    assert staff_second_factor_satisfied(request)


def test_a_revoked_role_closes_the_panel_at_once(client):
    staff = make_staff(StaffRole.SUPPORT)
    enter_panel(client, staff)
    assert opens(client)
    revoke_staff_role(SYSTEM, user_id=UserId(staff.pk), role=StaffRole.SUPPORT, reason="left the team")
    assert not opens(client)


COMMUNITY_PAGES = {
    *(
        "Community",
        "Membership",
        "Role",
        "Invite",
        "Application",
        "Entitlement",
        "OnboardingVersion",
        "Room",
        "RoomOverwrites",
    ),
    *("Gate", "GateVersion", "MemberLevel", "ExternalService"),
}


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (StaffRole.SUPPORT, {"User", "Session", "ApiKey", "AccountDeletion"} | COMMUNITY_PAGES),
        (StaffRole.MODERATOR, {"User"} | COMMUNITY_PAGES),
        (StaffRole.TRUST_AND_SAFETY, {"User", "Session", "ApiKey", "AccountDeletion"} | COMMUNITY_PAGES),
        (StaffRole.FINANCE, {"User"}),
        (
            StaffRole.ADMINISTRATOR,
            {"User", "Session", "ApiKey", "StaffRoleChange", "AccountDeletion"} | COMMUNITY_PAGES,
        ),
    ],
)
def test_each_role_sees_its_own_pages(client, role, shown):
    enter_panel(client, make_staff(role))
    assert models_shown(client) == shown


def test_superusers_see_no_groups_and_no_arguments_of_jobs(client):
    enter_panel(client, make_user(is_staff=True, is_superuser=True))
    assert {"Group", "ProcrastinateJob"}.isdisjoint(models_shown(client))


def change(client, user: User, role: StaffRole, kind: str, reason: str = "covers for Bo"):
    form = {"user": str(user.pk), "role": role.value, "kind": kind, "reason": reason}
    return client.post(reverse("admin:accounts_staffrolechange_add"), form, follow=True).content.decode()


def test_administrators_change_roles_in_the_panel(client):
    administrator, user = make_staff(StaffRole.ADMINISTRATOR), make_user("ada")
    enter_panel(client, administrator)
    change(client, user, StaffRole.SUPPORT, "granted")
    assert [(row.user, row.kind, row.changed_by, row.reason) for row in StaffRoleChange.objects.all()] == [
        (user, "granted", administrator, "covers for Bo")
    ]
    assert "That is so already." in change(client, user, StaffRole.SUPPORT, "granted")
    assert "There must be an administrator" in change(client, administrator, StaffRole.ADMINISTRATOR, "revoked")
    change(client, user, StaffRole.SUPPORT, "revoked")
    assert [row.kind for row in StaffRoleChange.objects.order_by("changed_at")] == ["granted", "revoked"]
    page = client.get(reverse("admin:accounts_staffrolechange_change", args=[StaffRoleChange.objects.first().pk]))
    assert (page.status_code, "covers for Bo" in page.content.decode()) == (200, True)


def test_other_staff_do_not_reach_the_log_of_roles(client):
    enter_panel(client, make_staff(StaffRole.TRUST_AND_SAFETY))
    user = make_user()
    assert client.get(reverse("admin:accounts_staffrolechange_changelist")).status_code == 403
    form = {"user": str(user.pk), "role": "support", "kind": "granted", "reason": "friends"}
    assert client.post(reverse("admin:accounts_staffrolechange_add"), form).status_code == 403
    assert not StaffRoleChange.objects.exists()
