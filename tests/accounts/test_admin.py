"""The admin panel shows accounts, and changes them through actions only."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.authentication import actor_of_access_token
from accounts.errors import SessionEnded
from accounts.models import Session, User
from tests.factories.accounts import enter_panel, make_key, make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def panel(client, administrator):
    enter_panel(client, administrator)
    return client


def choose(panel, page: str, action: str, *rows):
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return panel.post(reverse(f"admin:accounts_{page}_changelist"), form, follow=True)


def test_pages_show_users_and_sessions_without_their_secrets(panel):
    user = make_user("ada")
    sign_in(user)
    session = Session.objects.get()
    for page, row, secret in (("user", user, user.password), ("session", session, session.refresh_jti_hash)):
        listing = panel.get(reverse(f"admin:accounts_{page}_changelist"))
        detail = panel.get(reverse(f"admin:accounts_{page}_change", args=[row.pk]))
        assert (listing.status_code, detail.status_code) == (200, 200)
        assert "ada" in listing.content.decode()
        assert secret not in detail.content.decode()


def test_nothing_is_added_edited_or_deleted_by_hand(panel, administrator):
    before = list(User.objects.values())
    assert panel.get(reverse("admin:accounts_user_add")).status_code == 403
    assert (
        panel.post(reverse("admin:accounts_user_delete", args=[administrator.pk]), {"post": "yes"}).status_code == 403
    )
    changed = panel.post(reverse("admin:accounts_user_change", args=[administrator.pk]), {"email": "x@example.org"})
    assert changed.status_code == 403
    assert [row | {"last_login": None} for row in User.objects.values()] == [
        row | {"last_login": None} for row in before
    ]


def test_deactivating_ends_the_sessions_and_reactivating_lets_in_again(panel):
    user = make_user("ada")
    access = sign_in(user).access
    choose(panel, "user", "deactivate", user)
    with pytest.raises(SessionEnded):
        actor_of_access_token(access)
    assert User.objects.get(pk=user.pk).is_active is False
    choose(panel, "user", "reactivate", user)
    assert User.objects.get(pk=user.pk).is_active is True


def test_a_refusal_is_shown_and_the_others_are_done(panel, administrator):
    user = make_user("ada")
    answer = choose(panel, "user", "deactivate", administrator, user)
    assert "Root: You cannot deactivate your own account." in answer.content.decode()
    assert list(User.objects.filter(is_active=True)) == [administrator]


def test_sessions_are_ended_from_their_page(panel):
    access = sign_in(make_user("ada")).access
    choose(panel, "session", "revoke", Session.objects.get())
    with pytest.raises(SessionEnded):
        actor_of_access_token(access)


def test_staff_who_may_only_look_change_nothing(client):
    looker = make_user("looker", is_staff=True)
    looker.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "view_session"]))
    enter_panel(client, looker)
    user = make_user("ada")
    sign_in(user)
    choose(client, "user", "deactivate", user)
    choose(client, "session", "revoke", Session.objects.get())
    assert User.objects.get(pk=user.pk).is_active is True
    assert Session.objects.get().revoked_at is None


def test_deletions_are_asked_for_and_cancelled_in_the_panel(panel):
    user = make_user("ada")
    choose(panel, "user", "schedule_deletion", user)
    assert User.objects.get(pk=user.pk).inactive_because == "deletion"
    assert "ada" in panel.get(reverse("admin:accounts_accountdeletion_changelist")).content.decode()
    choose(panel, "user", "cancel_deletion", user)
    assert User.objects.get(pk=user.pk).is_active is True


def test_a_key_is_shown_without_its_hash_and_revoked_from_the_panel(panel):
    _, key = make_key(make_user("ada"))
    page = panel.get(reverse("admin:accounts_apikey_change", args=[key.pk])).content.decode()
    assert key.prefix in page
    assert key.secret_hash not in page
    choose(panel, "apikey", "revoke", key)
    key.refresh_from_db()
    assert key.revoked_at is not None
