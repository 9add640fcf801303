"""The list of devices over REST: whose they are, which one asks, and what ending them does."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from accounts.actions.tokens import read_access_token
from accounts.events import SessionRevoked
from accounts.models import Session
from accounts.queries.sessions import list_sessions
from eventlog.topics import topic_for
from kernel.clock import now
from kernel.ids import UserId, uuid7
from kernel.pagination import PageRequest
from tests.event_log import events_of
from tests.factories.accounts import bearer, make_user, sign_in
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

PATH = "/api/v1/me/sessions"


def session_of(headers: dict[str, str]) -> UUID:
    return read_access_token(headers["Authorization"].removeprefix("Bearer ")).session_id


def lives(api, headers: dict[str, str]) -> bool:
    return bool(api.get("/api/v1/me", headers=headers).status_code == 200)


def problem_of(answer) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_users_see_where_they_are_signed_in_and_which_device_asks(api):
    user = make_user()
    phone, laptop = bearer(user), bearer(user)
    bearer(make_user())
    answer = api.get(PATH, headers=phone)
    assert answer.status_code == 200
    first, second = answer.json()["items"]
    row = Session.objects.get(pk=session_of(phone))
    assert second == {
        "id": str(row.id),
        "device": "tests",
        "network": "192.0.2.0/24",
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        "last_used_at": row.last_used_at.isoformat().replace("+00:00", "Z"),
        "current": True,
    }
    assert (first["id"], first["current"]) == (str(session_of(laptop)), False)
    assert answer.json()["next"] is None


def test_sessions_that_are_over_are_not_listed(api):
    user = make_user()
    headers = bearer(user)
    for end in ({"revoked_at": now()}, {"expires_at": now() - timedelta(seconds=1)}):
        Session.objects.filter(pk=session_of(bearer(user))).update(**end)
    assert [item["current"] for item in api.get(PATH, headers=headers).json()["items"]] == [True]


def test_a_long_list_comes_in_pages_without_gaps_in_one_statement_each(django_assert_num_queries):
    user = make_user()
    for _ in range(5):
        sign_in(user)
    seen, cursor = [], None
    for amount in (2, 2, 1):
        with django_assert_num_queries(1):
            page = list_sessions(UserId(user.id), current=None, page=PageRequest(limit=2, cursor=cursor))
        assert len(page.items) == amount
        seen += [item.id for item in page.items]
        cursor = page.next
    assert cursor is None
    assert seen == list(Session.objects.order_by("-pk").values_list("pk", flat=True))


@pytest.mark.parametrize("query", ["?limit=0", "?cursor=x", "?user=me", "?cursor=W10"])
def test_a_wrong_query_is_refused(api, query):
    assert problem_of(api.get(PATH + query, headers=bearer(make_user()))) == (400, "request.invalid")


def test_ending_a_device_refuses_its_next_request_and_tells_the_others(api):
    user = make_user()
    phone, laptop = bearer(user), bearer(user)
    assert lives(api, laptop)
    answer = api.delete(f"{PATH}/{session_of(laptop)}", headers=phone)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (lives(api, laptop), lives(api, phone)) == (False, True)
    *_, (_, _, event) = events_of(topic_for("user", user.id))
    assert event == SessionRevoked(session=session_of(laptop))
    with unchanged(Session):
        assert api.delete(f"{PATH}/{session_of(laptop)}", headers=phone).status_code == 204


def test_a_device_can_end_itself(api):
    headers = bearer(make_user())
    assert api.delete(f"{PATH}/{session_of(headers)}", headers=headers).status_code == 204
    assert problem_of(api.get(PATH, headers=headers)) == (401, "auth.session_ended")


def test_the_device_of_somebody_else_looks_absent_to_administrators_too(api):
    victim = bearer(make_user())
    for stranger in (make_user(), make_user(is_staff=True, is_superuser=True)):
        headers = bearer(stranger)
        with unchanged(Session):
            refusals = [api.delete(f"{PATH}/{wanted}", headers=headers) for wanted in (session_of(victim), uuid7())]
        assert [problem_of(refusal) for refusal in refusals] == [(404, "not_found")] * 2
        assert len({str(refusal.json() | {"request_id": "", "instance": ""}) for refusal in refusals}) == 1
    assert lives(api, victim)


def test_ending_all_others_leaves_the_one_that_asks_and_other_users(api):
    user, other = make_user(), bearer(make_user())
    mine, *others = (bearer(user) for _ in range(4))
    assert all(lives(api, headers) for headers in (mine, *others, other))
    answer = api.post(f"{PATH}/revoke-others", headers=mine)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [lives(api, headers) for headers in (mine, *others, other)] == [True, False, False, False, True]
    ends = [event for _, _, event in events_of(topic_for("user", user.id)) if isinstance(event, SessionRevoked)]
    assert [end.session for end in ends] == sorted(map(session_of, others))
    with unchanged(Session):
        assert api.post(f"{PATH}/revoke-others", headers=mine).status_code == 204


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("delete", f"/{UUID(int=1)}"), ("post", "/revoke-others")])
def test_nobody_is_asked_to_sign_in(api, method, path):
    sign_in(make_user())
    with unchanged(Session):
        assert problem_of(getattr(api, method)(PATH + path)) == (401, "auth.required")


def test_what_is_no_id_is_not_found(api):
    assert problem_of(api.delete(f"{PATH}/mine", headers=bearer(make_user()))) == (404, "not_found")
