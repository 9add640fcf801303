"""From tokens and tickets to actors: who gets in, who does not, and at what cost."""

from __future__ import annotations

from datetime import datetime, timedelta

import jwt
import pytest
import time_machine
from django.conf import settings
from django.test import RequestFactory

from accounts.actions.sessions import revoke_session
from accounts.actions.tickets import issue_ticket
from accounts.actions.tokens import read_access_token
from accounts.authentication import (
    SessionTokenAuthentication,
    actor_of_access_token,
    live_users,
    unchecked_actor_of_access_token,
    unchecked_redeem_tickets,
)
from accounts.errors import SessionEnded, TicketInvalid, TokenExpired, TokenInvalid
from accounts.models import Session, User
from kernel.actor import user_actor
from kernel.clock import now
from tests.factories.accounts import actor_with_session, bearer, make_user, sign_in

pytestmark = pytest.mark.django_db


def test_the_first_use_of_an_access_token_names_its_user_and_session_in_one_statement(django_assert_num_queries):
    user = make_user()
    access = sign_in(user).access
    with django_assert_num_queries(1):
        authenticated = actor_of_access_token(access)
    claims = read_access_token(access)
    assert authenticated.actor == user_actor(user.id, Session.objects.get().id)
    assert authenticated.expires_at == claims.expires_at


def test_a_refused_token_costs_no_statement(django_assert_num_queries):
    signed_in = sign_in(make_user())
    with django_assert_num_queries(0):
        for token in (signed_in.refresh, signed_in.access + "x", "x" * 3000, ""):
            with pytest.raises(TokenInvalid):
                actor_of_access_token(token)
        with time_machine.travel(now() + timedelta(minutes=6)), pytest.raises(TokenExpired):
            actor_of_access_token(signed_in.access)


@pytest.mark.parametrize(
    "end",
    [
        lambda: Session.objects.update(revoked_at=now()),
        lambda: Session.objects.update(expires_at=now()),
        lambda: User.objects.update(is_active=False),
        lambda: Session.objects.all().delete(),
        lambda: User.objects.all().delete(),
    ],
    ids=["revoked", "expired", "user inactive", "session deleted", "user deleted"],
)
def test_a_good_token_of_an_ended_session_is_refused(end):
    access = sign_in(make_user()).access
    end()
    with pytest.raises(SessionEnded) as caught:
        actor_of_access_token(access)
    assert (caught.value.code, caught.value.http_status) == ("auth.session_ended", 401)


def test_a_token_that_pairs_a_user_with_the_session_of_another_is_refused():
    victim, thief = make_user(), make_user()
    claims = jwt.decode(sign_in(thief).access, options={"verify_signature": False})
    forged = jwt.encode(claims | {"sub": str(victim.id)}, settings.SECRET_KEY, algorithm="HS256")
    with pytest.raises(SessionEnded):
        actor_of_access_token(forged)


def test_a_ticket_signs_in_once_for_as_long_as_an_access_token():
    actor = actor_with_session(make_user())
    ticket = issue_ticket(actor).ticket
    with time_machine.travel(datetime.fromisoformat("2030-01-01T12:00:00Z"), tick=False):
        Session.objects.update(expires_at=now() + timedelta(days=1))
        (authenticated,) = unchecked_redeem_tickets([ticket])
        assert authenticated.actor == actor
        assert authenticated.expires_at == now() + timedelta(minutes=5)
    (refusal,) = unchecked_redeem_tickets([ticket])
    assert isinstance(refusal, TicketInvalid)


def test_a_good_token_says_who_it_was_made_for_without_a_statement_and_the_user_is_found_while_the_session_lives(
    django_assert_num_queries,
):
    user = make_user()
    access = sign_in(user).access
    with django_assert_num_queries(0):
        actor = unchecked_actor_of_access_token(access).actor
    assert actor == actor_of_access_token(access).actor
    assert live_users([actor]) == [user]


def test_of_many_actors_those_whose_session_lives_get_their_user_in_one_statement(django_assert_num_queries):
    living, ended, expired, inactive = (make_user() for _ in range(4))
    actors = [actor_with_session(user) for user in (living, ended, expired, inactive)]
    again = actor_with_session(living)
    revoke_session(actors[1], session_id=actors[1].session_id)
    Session.objects.filter(pk=actors[2].session_id).update(expires_at=now())
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    stranger = user_actor(living.pk, actors[3].session_id)
    with django_assert_num_queries(1):
        found = live_users([*actors, stranger, again, user_actor(living.pk)])
    assert [user if isinstance(user, User) else user.code for user in found] == [
        living,
        "auth.session_ended",
        "auth.session_ended",
        "auth.session_ended",
        "auth.session_ended",
        living,
        "auth.session_ended",
    ]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer", "auth.token_invalid"),
        ("Bearer  ", "auth.token_invalid"),
        ("bearer a b", "auth.token_invalid"),
        ("Bearer \xff", "auth.token_invalid"),
        ("Basic YWRhOmFkYQ==", "auth.required"),
        ("", "auth.required"),
    ],
)
def test_a_header_without_a_good_token_is_refused(api, header, code):
    answer = api.get("/api/v1/me", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_the_scheme_is_read_in_any_case(api):
    user = make_user()
    token = bearer(user)["Authorization"].removeprefix("Bearer ")
    assert api.get("/api/v1/me", headers={"Authorization": f"bEARER {token}"}).json()["id"] == str(user.id)


def test_an_authenticated_request_adds_no_statement_to_what_its_view_asks(api, django_assert_num_queries):
    headers = bearer(make_user())
    api.get("/api/v1/me", headers=headers)
    with django_assert_num_queries(1):  # the user, whom the view shows
        assert api.get("/api/v1/me", headers=headers).status_code == 200
    with django_assert_num_queries(0):
        assert api.post("/api/v1/gateway/ticket", headers=headers).status_code == 200


def test_what_a_view_reads_of_the_user_is_loaded_then(django_assert_num_queries):
    user = make_user("ada")
    request = RequestFactory().get("/", headers=bearer(user))
    found, _ = SessionTokenAuthentication().authenticate(request)
    with django_assert_num_queries(0):
        assert (found, found.pk, found.is_authenticated, found.is_active) == (user, user.pk, True, True)
    with django_assert_num_queries(1):
        assert found.email == "ada@example.org"
