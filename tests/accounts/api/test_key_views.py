"""The routes of API keys and bots as a client sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import ApiKey, Session, User
from kernel.clock import now
from tests.factories.accounts import bearer, key_header, make_bot, make_key, make_user

pytestmark = pytest.mark.django_db

DRAFT = {"name": "export", "scopes": ["chat:read"], "days": 7}


def problem_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_new_key_is_told_with_its_secret_that_no_cache_keeps_and_never_again(api):
    headers = bearer(make_user())
    made = api.post("/api/v1/me/keys", DRAFT, headers=headers)
    body = made.json()
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert body["secret"].startswith(body["key"]["prefix"] + "_")
    assert body["key"].keys() == {
        "id",
        "user",
        "name",
        "prefix",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "rotated_from",
    }
    listed = api.get("/api/v1/me/keys", headers=headers)
    assert listed.json() == {"items": [body["key"]], "next": None}


def test_the_answer_with_a_secret_is_not_kept_for_an_idempotency_key(api):
    headers = bearer(make_user()) | {"Idempotency-Key": "once"}
    secrets = {api.post("/api/v1/me/keys", DRAFT, headers=headers).json()["secret"] for _ in range(2)}
    assert len(secrets) == 2


def test_a_key_lives_ninety_days_unless_told_otherwise(api):
    api.post("/api/v1/me/keys", {"name": "export", "scopes": ["chat:read"]}, headers=bearer(make_user()))
    key = ApiKey.objects.get()
    assert abs(key.expires_at - key.created_at - timedelta(days=90)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"name": 7},
        {"name": "x" * 65},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": "chat:read"},
        {"scopes": None},
        {"scopes": ["chat:read"] * 10},
        {"days": 0},
        {"days": 366},
        {"days": "soon"},
        {"days": 10**12},
    ],
    ids=repr,
)
def test_a_wrong_draft_makes_no_key(api, change):
    owner = make_user()
    bot, headers = make_bot(owner), bearer(owner)
    for path in ("me/keys", f"me/bots/{bot.id}/keys"):
        assert problem_of(api.post(f"/api/v1/{path}", DRAFT | change, headers=headers)) == (400, "request.invalid")
    assert not ApiKey.objects.exists()


def test_an_old_sign_in_is_not_enough(api):
    headers = bearer(make_user())
    Session.objects.update(created_at=now() - timedelta(hours=1))
    answer = api.post("/api/v1/me/keys", DRAFT, headers=headers)
    assert problem_of(answer) == (403, "auth.reauthentication_required")
    assert answer.json()["max_age"] == 900
    assert answer.json()["flows"] == [{"id": "reauthenticate"}]
    assert not ApiKey.objects.exists()


def test_a_rotation_gives_the_next_key_and_lists_both_until_the_overlap_ends(api):
    person = make_user()
    text, key = make_key(person)
    headers = bearer(person)
    answer = api.post(f"/api/v1/me/keys/{key.id}/rotate", headers=headers)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert answer.json()["key"]["rotated_from"] == str(key.id)
    for shown in (text, answer.json()["secret"]):
        assert api.get("/api/v1/me", headers=key_header(shown)).status_code == 200
    listed = api.get("/api/v1/me/keys", headers=headers).json()["items"]
    assert [item["id"] for item in listed] == [answer.json()["key"]["id"], str(key.id)]
    again = api.post(f"/api/v1/me/keys/{key.id}/rotate", {"overlap_hours": 0}, headers=headers)
    assert problem_of(again) == (409, "api_key.rotated_already")


def test_a_revoked_key_is_refused_and_no_longer_listed(api):
    person = make_user()
    text, key = make_key(person)
    headers = bearer(person)
    answer = api.delete(f"/api/v1/me/keys/{key.id}", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert problem_of(api.get("/api/v1/me", headers=key_header(text))) == (401, "auth.key_ended")
    assert api.get("/api/v1/me/keys", headers=headers).json()["items"] == []


def test_a_bot_from_its_making_to_its_end(api):
    owner = make_user()
    headers = bearer(owner)
    made = api.post("/api/v1/me/bots", {"username": "helper"}, headers=headers)
    assert made.status_code == 201
    bot = made.json()
    assert (bot["username"], bot["display_name"], bot["bot"]) == ("helper", "helper", True)
    assert api.get("/api/v1/me/bots", headers=headers).json() == {"items": [bot], "next": None}
    path = f"/api/v1/me/bots/{bot['id']}"
    assert api.patch(path, {"display_name": "Helper"}, headers=headers).json()["display_name"] == "Helper"
    assert api.get(path, headers=headers).json()["display_name"] == "Helper"
    key = api.post(f"{path}/keys", {"name": "k", "scopes": ["profile:read"]}, headers=headers).json()
    me = api.get("/api/v1/me", headers=key_header(key["secret"])).json()
    assert (me["id"], me["bot"]) == (bot["id"], True)
    assert [item["id"] for item in api.get(f"{path}/keys", headers=headers).json()["items"]] == [key["key"]["id"]]
    assert api.get("/api/v1/me/keys", headers=headers).json()["items"] == []
    assert api.delete(path, headers=headers).status_code == 204
    assert problem_of(api.get("/api/v1/me", headers=key_header(key["secret"]))) == (401, "auth.key_ended")
    for method, tail in (("get", ""), ("patch", ""), ("delete", ""), ("get", "/keys"), ("post", "/keys")):
        answer = getattr(api, method)(path + tail, *([DRAFT] if method == "post" else []), headers=headers)
        assert problem_of(answer) == (404, "not_found")


def test_strangers_find_neither_keys_nor_bots_of_others(api):
    owner = make_user()
    bot = make_bot(owner)
    _, key = make_key(owner)
    headers = bearer(make_user())
    for method, path in (
        ("delete", f"me/keys/{key.id}"),
        ("post", f"me/keys/{key.id}/rotate"),
        ("get", f"me/bots/{bot.id}"),
        ("delete", f"me/bots/{bot.id}"),
        ("get", f"me/bots/{bot.id}/keys"),
    ):
        assert problem_of(getattr(api, method)(f"/api/v1/{path}", headers=headers)) == (404, "not_found")
    assert ApiKey.objects.get().revoked_at is None
    assert User.objects.get(pk=bot.pk).is_active


@pytest.mark.parametrize(
    ("method", "path"), [("get", "me/keys"), ("post", "me/keys"), ("get", "me/bots"), ("post", "me/bots")]
)
def test_nobody_is_asked_to_sign_in(api, method, path):
    body = {"me/keys": DRAFT, "me/bots": {"username": "helper"}}[path] if method == "post" else None
    assert problem_of(getattr(api, method)(f"/api/v1/{path}", body)) == (401, "auth.required")
