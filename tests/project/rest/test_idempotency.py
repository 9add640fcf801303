"""A request that is sent again under its `Idempotency-Key` is carried out once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.actions.idempotent_requests import claim_key, prune_idempotent_requests
from accounts.models import IdempotentRequest, Session, User
from kernel.ids import UserId
from project.environment import BASE_DIR
from tests.factories.accounts import bearer, make_user

pytestmark = [pytest.mark.urls("tests.project.rest.routes"), pytest.mark.django_db]


def rename(user: User, key: str | None, path: str = "/api/v1/rename", **body: Any) -> Any:
    headers = bearer(user) | ({"Idempotency-Key": key} if key else {})
    client = Client(raise_request_exception=False, headers=headers)
    return client.post(path, body, content_type="application/json")


def test_a_repeated_request_gets_the_first_answer_and_is_not_carried_out_again() -> None:
    user = make_user()
    first = rename(user, "k", name="one")
    User.objects.update(display_name="changed since")
    second = rename(user, "k", name="one")
    assert (first.status_code, first.content) == (second.status_code, second.content) == (201, b'{"sessions":1}')
    assert first["Content-Type"] == second["Content-Type"] == "application/json"
    assert not first.has_header("Idempotency-Replayed")
    assert second["Idempotency-Replayed"] == "true"
    user.refresh_from_db()
    assert user.display_name == "changed since"


def test_without_a_key_every_request_is_carried_out() -> None:
    user = make_user()
    assert rename(user, None, name="one").json() == {"sessions": 1}
    assert rename(user, None, name="one").json() == {"sessions": 2}
    assert not IdempotentRequest.objects.exists()


@pytest.mark.parametrize("other", [{"name": "two"}, {"name": "one", "path": "/api/v1/rename?x=1"}])
def test_a_key_that_comes_back_with_another_request_is_refused(other: dict[str, str]) -> None:
    user = make_user()
    rename(user, "k", name="one")
    answer = rename(user, "k", **other)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.mismatch")
    user.refresh_from_db()
    assert user.display_name == "one"


def test_two_users_may_choose_the_same_key() -> None:
    rename(make_user(), "k", name="one")
    assert rename(make_user(), "k", name="two").status_code == 201
    assert IdempotentRequest.objects.count() == 2


@pytest.mark.parametrize(
    "ending", [{"status": 409}, {"status": 500}, {"error": "conflict"}, {"error": "database"}, {"error": "bug"}]
)
def test_a_refusal_is_undone_and_not_kept(ending: dict[str, Any]) -> None:
    user = make_user(display_name="before")
    assert rename(user, "k", name="one", **ending).status_code >= 400
    user.refresh_from_db()
    assert user.display_name == "before"
    assert not IdempotentRequest.objects.exists()
    assert rename(user, "k", name="one").status_code == 201


@pytest.mark.parametrize("path", ["/api/v1/auth/rename", "/api/v1/gateway/rename", "/api/v1/me/keys/rename"])
def test_routes_whose_answers_hold_secrets_ignore_the_header(path: str) -> None:
    user = make_user()
    answers = [rename(user, "k", path, name="one").json() for _ in range(2)]
    assert answers == [{"sessions": 1}, {"sessions": 2}]
    assert not IdempotentRequest.objects.exists()


@pytest.mark.parametrize("key", ["", "k" * 129, "with space", "naïve"])
def test_a_malformed_key_is_refused(key: str) -> None:
    user = make_user(display_name="before")
    client = Client(headers=bearer(user) | {"Idempotency-Key": key})
    answer = client.post("/api/v1/rename", {"name": "one"}, content_type="application/json")
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")
    user.refresh_from_db()
    assert user.display_name == "before"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_a_key_without_a_user_changes_nothing(headers: dict[str, str]) -> None:
    answer = Client(headers=headers | {"Idempotency-Key": "k"}).post(
        "/api/v1/echo", {"a": 1}, content_type="application/json"
    )
    assert answer.status_code == (401 if headers else 200)
    assert not IdempotentRequest.objects.exists()


def test_reading_ignores_the_header() -> None:
    headers = bearer(make_user()) | {"Idempotency-Key": "k"}
    assert Client(headers=headers).get("/api/v1/long-text?length=1").status_code == 200
    assert not IdempotentRequest.objects.exists()


def test_a_body_over_the_limit_is_refused_before_the_view(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = rename(make_user(), "k", name="a long name")
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


def test_a_key_costs_few_statements(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = make_user()
    headers = bearer(user)
    with django_assert_num_queries(9):  # savepoint, session once, 3 x claim, update, count, keep, release
        Client(headers=headers | {"Idempotency-Key": "k"}).post(
            "/api/v1/rename", {"name": "one"}, content_type="application/json"
        )


def test_an_old_key_is_free_again_and_is_pruned(settings: Any) -> None:
    user = make_user()
    rename(user, "old", name="one")
    settings.IDEMPOTENCY_KEPT_HOURS = 0
    assert rename(user, "old", name="two").status_code == 201
    assert prune_idempotent_requests() == 1
    assert not IdempotentRequest.objects.exists()


def test_young_keys_are_not_pruned() -> None:
    rename(make_user(), "young", name="one")
    assert prune_idempotent_requests() == 0
    assert IdempotentRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_concurrent_duplicate_waits_and_gets_the_first_answer() -> None:
    user = make_user()
    answers: list[Any] = []

    def send_duplicate() -> None:
        answers.append(rename(user, "k", name="one"))
        connections.close_all()

    with transaction.atomic():
        assert claim_key(UserId(user.id), key="k", fingerprint="not the same") is None
        thread = threading.Thread(target=send_duplicate)
        thread.start()
        wait_until_a_backend_waits()
        assert answers == []
    thread.join(timeout=60)
    assert answers[0].json()["code"] == "idempotency.mismatch"


@pytest.mark.django_db(transaction=True)
def test_a_concurrent_duplicate_takes_over_when_the_first_one_dies() -> None:
    user = make_user()
    answers: list[Any] = []

    def send_duplicate() -> None:
        answers.append(rename(user, "k", name="two"))
        connections.close_all()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        claim_key(UserId(user.id), key="k", fingerprint="any")
        User.objects.update(display_name="half done")
        # The duplicate waits for the key alone: the first one's other rows are not its business.
        thread = threading.Thread(target=send_duplicate)
        thread.start()
        wait_until_a_backend_waits()
        raise ZeroDivisionError
    thread.join(timeout=60)
    assert (answers[0].status_code, User.objects.get().display_name) == (201, "two")
    assert Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_half_way_leaves_nothing_and_the_retry_is_carried_out() -> None:
    user = make_user(display_name="before")
    database = connection.settings_dict
    script = f"""
import os, django
django.setup()
from django.db import transaction
from accounts.actions.idempotent_requests import Answer, claim_key, keep_answer
from accounts.models import User
with transaction.atomic():
    claim_key({str(user.id)!r}, key="k", fingerprint="any")
    User.objects.update(display_name="half done")
    keep_answer({str(user.id)!r}, key="k", answer=Answer(201, "", b""))
    os.kill(os.getpid(), 9)
"""
    url = f"postgres://{database['USER']}@/{database['NAME']}?host={database['HOST']}&port={database['PORT']}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "DATABASE_URL": url,
            "PGPASSWORD": database["PASSWORD"],
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        },
        cwd=BASE_DIR,
        timeout=180,
        check=False,
    )
    assert done.returncode == -9
    user.refresh_from_db()
    assert user.display_name == "before"
    assert rename(user, "k", name="after").status_code == 201
    user.refresh_from_db()
    assert user.display_name == "after"


def wait_until_a_backend_waits() -> None:
    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")
