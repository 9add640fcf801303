"""Staff roles: what each may do, who grants and revokes them, and that somebody always can."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from accounts.actions.sessions import revoke_session
from accounts.actions.staff_roles import grant_staff_role, revoke_staff_role, sync_staff_roles
from accounts.actions.users import create_user, deactivate_user
from accounts.authentication import actor_of_access_token
from accounts.constants import StaffRole
from accounts.errors import AccountDisabled, LastAdministrator
from accounts.events import StaffRolesChanged
from accounts.models import Session, StaffRoleChange, User
from accounts.policies import has_staff_permission
from accounts.queries.staff_roles import staff_roles_of
from accounts.registries.staff_roles import staff_permissions
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from kernel.ids import UserId, uuid7
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.accounts import actor_for, make_bot, make_staff, make_user, sign_in
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db
TABLES = (User, StaffRoleChange, User.groups.through)


def grant(actor, user: User, role: StaffRole, reason: str = "joined the team"):
    return grant_staff_role(actor, user_id=UserId(user.pk), role=role, reason=reason)


def revoke(actor, user: User, role: StaffRole, reason: str = "left the team"):
    return revoke_staff_role(actor, user_id=UserId(user.pk), role=role, reason=reason)


def test_each_role_has_exactly_what_the_table_says():
    sync_staff_roles(SYSTEM)
    permissions = {
        group.name: {f"{one.content_type.app_label}.{one.codename}" for one in group.permissions.all()}
        for group in Group.objects.all()
    }
    look = {
        "accounts.view_user",
        "communities.view_community",
        "communities.view_membership",
        "communities.view_role",
        "communities.view_invite",
        "communities.view_application",
        "communities.view_entitlement",
        "communities.view_gate",
        "communities.view_gateversion",
        "communities.view_onboardingversion",
        "communities.view_externalservice",
        "communities.view_memberlevel",
        "chat.view_room",
        "chat.view_roomoverwrites",
    }
    sessions = {
        "accounts.view_session",
        "accounts.view_apikey",
        "accounts.end_session",
        "accounts.restore_user",
        "accounts.view_accountdeletion",
    }
    moderate = {"communities.change_membership", "chat.change_room"}
    safety = {"accounts.suspend_user", "accounts.delete_user"}
    staff = {"accounts.add_user", "accounts.grant_staff_role", "accounts.view_staffrolechange"}
    assert permissions == {
        "support": look | sessions,
        "moderator": look | moderate,
        "trust_and_safety": look | sessions | moderate | safety,
        "finance": {"accounts.view_user"},
        "administrator": look | sessions | moderate | safety | staff,
    }


def test_putting_in_step_mends_what_was_changed_by_hand_and_tells_which():
    assert set(sync_staff_roles(SYSTEM)) == set(StaffRole)
    Group.objects.get(name="finance").permissions.clear()
    Group.objects.get(name="support").permissions.add(*Group.objects.get(name="administrator").permissions.all())
    assert set(sync_staff_roles(SYSTEM)) == {StaffRole.FINANCE, StaffRole.SUPPORT}
    assert sync_staff_roles(SYSTEM) == []


def test_only_the_system_puts_roles_in_step():
    administrator = make_staff(StaffRole.ADMINISTRATOR)
    Group.objects.get(name="finance").permissions.clear()
    with unchanged(Group.permissions.through), pytest.raises(Forbidden):
        sync_staff_roles(actor_for(administrator))


def test_an_administrator_may_do_all_that_any_other_role_may():
    table = staff_permissions()
    assert all(table[StaffRole.ADMINISTRATOR] >= permissions for permissions in table.values())


def test_a_granted_role_works_at_once_is_logged_and_told():
    administrator, user = make_staff(StaffRole.ADMINISTRATOR), make_user("ada")
    change = grant(actor_for(administrator), user, StaffRole.SUPPORT, "  covers for Bo  ")
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, staff_roles_of(user)) == (True, False, (StaffRole.SUPPORT,))
    assert has_staff_permission(actor_for(user), "accounts.end_session")
    assert not has_staff_permission(actor_for(user), "accounts.suspend_user")
    assert StaffRoleChange.objects.get() == change
    assert (change.user, change.role, change.kind, change.reason, change.changed_by) == (
        user,
        "support",
        "granted",
        "covers for Bo",
        administrator,
    )
    assert [event for _, _, event in events_of(topic_for("user", user.pk))] == [
        StaffRolesChanged(roles=(StaffRole.SUPPORT,))
    ]


def test_what_is_so_already_is_neither_done_nor_logged():
    administrator = make_staff(StaffRole.ADMINISTRATOR)
    with unchanged(*TABLES):
        assert grant(SYSTEM, administrator, StaffRole.ADMINISTRATOR) is None
        assert revoke(SYSTEM, administrator, StaffRole.SUPPORT) is None


def test_who_loses_the_last_role_is_no_staff_but_stays_signed_in():
    user = make_staff(StaffRole.SUPPORT, StaffRole.FINANCE)
    access = sign_in(user).access
    revoke(SYSTEM, user, StaffRole.SUPPORT)
    user.refresh_from_db()
    assert (user.is_staff, staff_roles_of(user)) == (True, (StaffRole.FINANCE,))
    change = revoke(SYSTEM, user, StaffRole.FINANCE)
    user.refresh_from_db()
    assert (user.is_staff, staff_roles_of(user), change.changed_by) == (False, (), None)
    assert actor_of_access_token(access).actor.user_id == user.pk
    _, *changes = events_of(topic_for("user", user.pk))
    assert [event.roles for _, _, event in changes] == [(StaffRole.FINANCE,), ()]


def test_a_revoked_superuser_is_none_any_more():
    make_staff(StaffRole.ADMINISTRATOR)
    user = make_user(is_staff=True, is_superuser=True)
    revoke(SYSTEM, user, StaffRole.ADMINISTRATOR)
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser) == (False, False)


@pytest.mark.parametrize("act", [grant, revoke])
@pytest.mark.parametrize("role", [*[role for role in StaffRole if role is not StaffRole.ADMINISTRATOR], None])
def test_nobody_but_administrators_changes_roles(act, role):
    administrator = make_staff(StaffRole.ADMINISTRATOR)
    actor = actor_for(make_staff(role)) if role else ANONYMOUS
    with unchanged(*TABLES), pytest.raises(Forbidden):
        act(actor, administrator, StaffRole.ADMINISTRATOR)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_change_needs_a_reason(reason):
    administrator, user = make_staff(StaffRole.ADMINISTRATOR), make_staff(StaffRole.SUPPORT)
    for act in (grant, revoke):
        with unchanged(*TABLES), pytest.raises(InvalidInput):
            act(actor_for(administrator), user, StaffRole.SUPPORT, reason)


def test_roles_are_for_active_users_who_exist():
    sync_staff_roles(SYSTEM)
    with unchanged(*TABLES), pytest.raises(NotFound):
        grant_staff_role(SYSTEM, user_id=UserId(uuid7()), role=StaffRole.SUPPORT, reason="new")
    inactive = make_user(is_active=False)
    with unchanged(*TABLES), pytest.raises(AccountDisabled):
        grant(SYSTEM, inactive, StaffRole.SUPPORT)


def test_the_last_administrator_stays_whoever_asks():
    administrator = make_staff(StaffRole.ADMINISTRATOR)
    make_user(is_staff=True, is_superuser=True, is_active=False)
    for actor in (actor_for(administrator), SYSTEM):
        with unchanged(*TABLES), pytest.raises(LastAdministrator):
            revoke(actor, administrator, StaffRole.ADMINISTRATOR)
    with unchanged(*TABLES, Session), pytest.raises(LastAdministrator):
        deactivate_user(SYSTEM, user_id=UserId(administrator.pk))


def test_trust_and_safety_has_no_power_over_staff():
    administrator, guardian = make_staff(StaffRole.ADMINISTRATOR), make_staff(StaffRole.TRUST_AND_SAFETY)
    clerk, user = make_staff(StaffRole.FINANCE), make_user()
    with unchanged(*TABLES), pytest.raises(Forbidden):
        deactivate_user(actor_for(guardian), user_id=UserId(clerk.pk))
    deactivate_user(actor_for(guardian), user_id=UserId(user.pk))
    deactivate_user(actor_for(administrator), user_id=UserId(clerk.pk))
    assert set(User.objects.filter(is_active=True)) == {administrator, guardian}


def test_each_role_does_its_own_work_only():
    support, moderator = make_staff(StaffRole.SUPPORT), make_staff(StaffRole.MODERATOR)
    user = make_user()
    sign_in(user)
    session_id = Session.objects.get().pk
    with unchanged(Session), pytest.raises(NotFound):
        revoke_session(actor_for(moderator), session_id=session_id)
    for actor in (support, moderator):
        with unchanged(*TABLES), pytest.raises(Forbidden):
            deactivate_user(actor_for(actor), user_id=UserId(user.pk))
        with unchanged(*TABLES), pytest.raises(Forbidden):
            create_user(actor_for(actor), email="b@example.org", username="bob", password="correct horse battery")
    revoke_session(actor_for(support), session_id=session_id)
    assert Session.objects.get().revoked_at is not None


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_dismiss_each_other_one_stays():
    first, second = make_staff(StaffRole.ADMINISTRATOR), make_staff(StaffRole.ADMINISTRATOR)
    outcomes = at_once(
        lambda: revoke(actor_for(first), second, StaffRole.ADMINISTRATOR),
        lambda: revoke(actor_for(second), first, StaffRole.ADMINISTRATOR),
    )
    assert {type(outcome) for outcome in outcomes} == {StaffRoleChange, Forbidden}
    assert sum(staff_roles_of(user) == (StaffRole.ADMINISTRATOR,) for user in (first, second)) == 1


def test_a_bot_is_never_of_the_staff():
    bot = make_bot(make_user())
    administrator = actor_for(make_staff(StaffRole.ADMINISTRATOR))
    with unchanged(User, StaffRoleChange), pytest.raises(Conflict):
        grant_staff_role(administrator, user_id=bot.id, role=StaffRole.SUPPORT, reason="Helps.")
