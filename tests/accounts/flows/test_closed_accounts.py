"""Signing in through allauth to an account that its owner closed, or that waits for its deletion."""

from __future__ import annotations

import pytest

from accounts.actions.deactivations import deactivate_account
from accounts.actions.deletions import schedule_deletion
from accounts.actions.users import deactivate_user
from accounts.models import Session, User
from kernel.actor import SYSTEM
from kernel.ids import UserId
from tests.factories.accounts import PASSWORD, actor_with_session, make_user
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

ADA = {"username": "ada", "password": PASSWORD}


def test_who_left_comes_back_by_signing_in(app):
    user = make_user("ada")
    deactivate_account(actor_with_session(user))
    answer = app.call("post", "/auth/login", ADA)
    assert (answer.status_code, answer.json()["meta"]["is_authenticated"]) == (200, True)
    assert User.objects.get(pk=user.pk).is_active is True
    assert app.get("/api/v1/me", headers={"Authorization": f"Bearer {app.access}"}).status_code == 200


def test_whose_account_is_to_be_deleted_learns_how_to_keep_it(app):
    user = make_user("ada")
    schedule_deletion(SYSTEM, user_id=UserId(user.pk))
    with unchanged(User, Session):
        answer = app.call("post", "/auth/login", ADA)
    assert (answer.status_code, answer.json()["code"]) == (403, "account.deletion_scheduled")
    keeping = {"Authorization": f"Bearer {answer.json()['cancellation']}"}
    assert app.delete("/api/v1/me/deletion", headers=keeping).status_code == 204
    assert app.call("post", "/auth/login", ADA).status_code == 200


def test_who_is_suspended_is_refused(app):
    user = make_user("ada")
    deactivate_user(SYSTEM, user_id=UserId(user.pk))
    with unchanged(User, Session):
        answer = app.call("post", "/auth/login", ADA)
    assert (answer.status_code, answer.json()["code"]) == (403, "account.disabled")
