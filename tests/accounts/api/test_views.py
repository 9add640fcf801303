"""The routes of accounts as a client sees them: status, body, headers, and problems for every kind of bad input."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.actions.trusted_devices import trust_device
from accounts.authentication import actor_of_access_token, unchecked_redeem_tickets
from accounts.models import Session, User
from kernel.clock import now
from tests.factories.accounts import CLIENT, PASSWORD, bearer, make_user, sign_in

pytestmark = pytest.mark.django_db

ADA = {"email": "ada@example.org", "username": "ada", "password": PASSWORD}


def problem_of(answer) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_sign_up_answers_with_the_user_and_tokens_that_no_cache_keeps(api):
    answer = api.post("/api/v1/auth/sign-up", ADA | {"display_name": "Ada L."})
    user = User.objects.get()
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert body.keys() == {"user", "access", "refresh", "expires_in"}
    assert body["expires_in"] == 300
    assert body["user"] == {
        "id": str(user.id),
        "username": "ada",
        "display_name": "Ada L.",
        "email": "ada@example.org",
        "created_at": user.created_at.isoformat().replace("+00:00", "Z"),
        "presence": {"status": "online", "custom": None},
    }
    assert actor_of_access_token(body["access"]).actor.user_id == user.id


def test_sign_up_with_a_taken_name_is_a_conflict(api):
    make_user("ada")
    answer = api.post("/api/v1/auth/sign-up", ADA | {"email": "other@example.org"})
    assert problem_of(answer) == (409, "account.taken")
    assert answer.json()["field"] == "username"
    assert User.objects.count() == 1


def test_login_takes_username_or_address(api):
    user = make_user("ada")
    for login in ("ada", "ada@example.org"):
        answer = api.post("/api/v1/auth/login", {"login": login, "password": PASSWORD}, HTTP_USER_AGENT="Phone/1")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json()["user"]["id"] == str(user.id)
    assert list(Session.objects.values_list("user_agent", flat=True)) == ["Phone/1", "Phone/1"]


def test_a_refused_login_tells_nothing_about_the_account(api):
    make_user("ada")
    answers = [
        api.post("/api/v1/auth/login", {"login": login, "password": "not the password"})
        for login in ("ada", "nobody", "ada@example.org", "nobody@example.org")
    ]
    assert {problem_of(answer) for answer in answers} == {(401, "auth.invalid_credentials")}
    assert len({str({**answer.json(), "request_id": ""}) for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"X-Request-ID"})) for answer in answers}) == 1


def test_too_many_logins_say_when_to_come_back(api):
    make_user("ada")
    for _ in range(5):
        api.post("/api/v1/auth/login", {"login": "ada", "password": "not the password"})
    answer = api.post("/api/v1/auth/login", {"login": "ada", "password": PASSWORD})
    assert problem_of(answer) == (429, "rate.limited")
    assert answer.headers["Retry-After"] == "30"
    assert not Session.objects.exists()


def test_a_stale_token_does_not_stop_a_new_login(api):
    make_user("ada")
    answer = api.post(
        "/api/v1/auth/login", {"login": "ada", "password": PASSWORD}, headers={"Authorization": "Bearer stale"}
    )
    assert answer.status_code == 200


def test_refresh_rotates_and_a_replay_ends_the_session(api):
    signed_in = sign_in(make_user())
    answer = api.post("/api/v1/auth/refresh", {"refresh": signed_in.refresh})
    assert answer.status_code == 200
    assert answer.json().keys() == {"access", "refresh", "expires_in"}
    assert answer.headers["Cache-Control"] == "no-store"
    with time_machine.travel(now() + timedelta(seconds=11)):
        replay = api.post("/api/v1/auth/refresh", {"refresh": signed_in.refresh}, headers={"Idempotency-Key": "again"})
    assert problem_of(replay) == (401, "auth.refresh_replayed")
    after = api.post("/api/v1/auth/refresh", {"refresh": answer.json()["refresh"]})
    assert problem_of(after) == (401, "auth.session_ended")


def test_logout_ends_the_session_of_the_token(api):
    headers = bearer(make_user())
    answer = api.post("/api/v1/auth/logout", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert problem_of(api.get("/api/v1/me", headers=headers)) == (401, "auth.session_ended")
    assert problem_of(api.post("/api/v1/auth/logout", headers=headers)) == (401, "auth.session_ended")


def test_me_is_who_the_token_says(api):
    user = make_user("ada")
    answer = api.get("/api/v1/me", headers=bearer(user))
    assert answer.status_code == 200
    assert answer.json()["username"] == "ada"


def test_users_rename_themselves(api):
    user = make_user("ada")
    answer = api.patch("/api/v1/me", {"display_name": "Countess"}, headers=bearer(user))
    assert (answer.status_code, answer.json()["display_name"]) == (200, "Countess")
    assert User.objects.get().display_name == "Countess"


def test_a_ticket_opens_one_socket_of_this_session(api):
    user = make_user()
    answer = api.post("/api/v1/gateway/ticket", headers=bearer(user))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["expires_in"] == 30
    (signed_in,) = unchecked_redeem_tickets([answer.json()["ticket"]])
    assert signed_in.actor.session_id == Session.objects.get().id


def test_without_redis_there_are_no_tickets_for_the_moment(api, settings):
    headers = bearer(make_user())
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert problem_of(api.post("/api/v1/gateway/ticket", headers=headers)) == (503, "service.unavailable")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "me"),
        ("patch", "me"),
        ("post", "auth/logout"),
        ("post", "gateway/ticket"),
        ("get", "me/trusted-devices"),
        ("delete", "me/trusted-devices"),
        ("delete", "me/trusted-devices/019abc00-0000-7000-8000-000000000000"),
    ],
)
def test_nobody_is_asked_to_sign_in(api, method, path):
    body = {"display_name": "Nobody"} if method == "patch" else None
    assert problem_of(getattr(api, method)(f"/api/v1/{path}", body)) == (401, "auth.required")


WRONG_TEXTS = [None, 7, 1.5, True, [], ["ada"], {}, {"a": "b"}, "", "   ", "nul\0", "x" * 5000]


@pytest.mark.parametrize("wrong", WRONG_TEXTS, ids=repr)
@pytest.mark.parametrize("field", ["email", "username", "password"])
def test_a_wrong_value_at_sign_up_is_refused_and_makes_nobody(api, field, wrong):
    assert problem_of(api.post("/api/v1/auth/sign-up", ADA | {field: wrong})) == (400, "request.invalid")
    assert not User.objects.exists()


@pytest.mark.parametrize("wrong", [None, 7, True, [], {}, "nul\0", "x" * 65], ids=repr)
def test_a_wrong_display_name_is_refused(api, wrong):
    user = make_user("ada")
    sign_up = api.post("/api/v1/auth/sign-up", ADA | {"username": "other", "display_name": wrong})
    rename = api.patch("/api/v1/me", {"display_name": wrong}, headers=bearer(user))
    assert [problem_of(answer) for answer in (sign_up, rename)] == [(400, "request.invalid")] * 2
    assert list(User.objects.values_list("display_name", flat=True)) == ["Ada"]


@pytest.mark.parametrize("wrong", WRONG_TEXTS, ids=repr)
@pytest.mark.parametrize("field", ["login", "password"])
def test_a_wrong_value_at_login_is_refused(api, field, wrong):
    make_user("ada")
    answer = api.post("/api/v1/auth/login", {"login": "ada", "password": PASSWORD} | {field: wrong})
    expected = (401, "auth.invalid_credentials") if (field, wrong) == ("password", "   ") else (400, "request.invalid")
    assert problem_of(answer) == expected
    assert not Session.objects.exists()


@pytest.mark.parametrize("wrong", WRONG_TEXTS, ids=repr)
def test_a_wrong_refresh_token_is_refused(api, wrong):
    sign_in(make_user())
    before = Session.objects.values().get()
    assert problem_of(api.post("/api/v1/auth/refresh", {"refresh": wrong})) == (400, "request.invalid")
    assert Session.objects.values().get() == before


@pytest.mark.parametrize(
    "body", ["[]", '"text"', "7", "null", "", "{", '{"login":"\\ud800","password":"x"}', "\ufeff{}"]
)
@pytest.mark.parametrize("path", ["auth/sign-up", "auth/login", "auth/refresh"])
def test_a_body_that_is_no_object_is_refused(api, path, body):
    answer = api.post(f"/api/v1/{path}", body.encode(), content_type="application/json")
    assert problem_of(answer) == (400, "request.invalid")


def test_a_missing_field_is_named(api):
    answer = api.post("/api/v1/auth/sign-up", {"email": "ada@example.org"})
    assert problem_of(answer) == (400, "request.invalid")
    assert answer.json()["errors"].keys() == {"username", "password"}


def test_an_account_is_deactivated_over_rest_and_opened_by_signing_in(api):
    user = make_user("ada")
    headers = bearer(user)
    assert api.post("/api/v1/me/deactivate", headers=headers).status_code == 204
    assert api.get("/api/v1/me", headers=headers).json()["code"] == "auth.session_ended"
    answer = api.post("/api/v1/auth/login", {"login": "ada", "password": PASSWORD})
    assert answer.status_code == 200
    assert api.get("/api/v1/me", headers={"Authorization": f"Bearer {answer.json()['access']}"}).status_code == 200


def test_a_deletion_is_scheduled_shown_at_sign_in_and_cancelled_over_rest(api):
    headers = bearer(make_user("ada"))
    scheduled = api.post("/api/v1/me/deletion", headers=headers)
    assert (scheduled.status_code, sorted(scheduled.json())) == (200, ["due_at", "requested_at"])
    assert api.post("/api/v1/me/deletion", headers=headers).json()["code"] == "auth.session_ended"
    refused = api.post("/api/v1/auth/login", {"login": "ada", "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "account.deletion_scheduled")
    assert refused.json()["due_at"] == scheduled.json()["due_at"]
    keeping = {"Authorization": f"Bearer {refused.json()['cancellation']}"}
    assert api.get("/api/v1/me/deletion", headers=keeping).json() == scheduled.json()
    assert api.get("/api/v1/me", headers=keeping).json()["code"] == "auth.token_invalid"
    assert api.delete("/api/v1/me/deletion", headers=keeping).status_code == 204
    assert api.delete("/api/v1/me/deletion", headers=keeping).json()["code"] == "auth.token_invalid"
    assert api.post("/api/v1/auth/login", {"login": "ada", "password": PASSWORD}).status_code == 200


def test_what_cancels_a_deletion_is_that_token_alone_and_for_ten_minutes(api):
    user = make_user("ada")
    headers = bearer(user)
    assert api.delete("/api/v1/me/deletion", headers=headers).json()["code"] == "auth.token_invalid"
    assert api.delete("/api/v1/me/deletion").status_code == 401
    api.post("/api/v1/me/deletion", headers=headers)
    refused = api.post("/api/v1/auth/login", {"login": "ada", "password": PASSWORD}).json()
    keeping = {"Authorization": f"Bearer {refused['cancellation']}"}
    with time_machine.travel(now() + timedelta(seconds=602)):
        assert api.delete("/api/v1/me/deletion", headers=keeping).json()["code"] == "auth.token_expired"
    assert User.objects.get(pk=user.pk).inactive_because == "deletion"


def test_trusted_devices_are_listed_and_forgotten(api):
    user = make_user("ada")
    tokens = [trust_device(user, CLIENT) for _ in range(2)]
    headers = bearer(user)
    answer = api.get("/api/v1/me/trusted-devices", headers=headers)
    items = answer.json()["items"]
    assert (answer.status_code, [item["user_agent"] for item in items]) == (200, ["tests/1.0"] * 2)
    assert items[0].keys() == {"id", "user_agent", "created_at", "last_used_at", "expires_at"}
    assert not [token for token in tokens if token in answer.content.decode()]
    assert problem_of(api.delete(f"/api/v1/me/trusted-devices/{items[0]['id']}", headers=bearer(make_user("eve")))) == (
        404,
        "not_found",
    )
    assert api.delete(f"/api/v1/me/trusted-devices/{items[0]['id']}", headers=headers).status_code == 204
    assert api.delete("/api/v1/me/trusted-devices", headers=headers).status_code == 204
    assert api.get("/api/v1/me/trusted-devices", headers=headers).json() == {"items": [], "next": None}
