"""From API keys to actors: who gets in, what a refusal tells, and at what cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.actions.tickets import issue_ticket
from accounts.authentication import (
    actor_of_access_token,
    actors_of_api_keys,
    live_users,
    unchecked_redeem_tickets,
)
from accounts.errors import KeyEnded, KeyInvalid
from accounts.models import ApiKey, User
from accounts.processing.key_texts import new_key_text
from kernel.actor import Actor, key_actor
from kernel.clock import now
from kernel.errors import DomainError
from kernel.scopes import KeyGrant, Scope
from tests.factories.accounts import actor_with_session, bearer, key_header, make_bot, make_key, make_user

pytestmark = pytest.mark.django_db


def grant_of(key: ApiKey) -> KeyGrant:
    return KeyGrant(key.id, frozenset(map(Scope, key.scopes)), key.expires_at)


def used(key: ApiKey) -> ApiKey:
    """Note a use, so that the next one costs the lookup alone."""
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=now())
    return key


def test_a_key_names_its_user_its_scopes_and_its_end_in_one_statement(django_assert_num_queries):
    person = make_user()
    bot = make_bot(person)
    for user, kind in ((person, "user"), (bot, "bot")):
        text, key = make_key(user, Scope.CHAT_READ)
        used(key)
        with django_assert_num_queries(1):
            authenticated = actor_of_access_token(text)
        assert authenticated.actor == Actor(kind=kind, user_id=user.id, key=grant_of(key))
        assert authenticated.expires_at == key.expires_at


def test_of_many_keys_each_gets_its_own_answer_in_one_statement(django_assert_num_queries):
    (living, row), (ended, other) = make_key(make_user()), make_key(make_user())
    used(row)
    ApiKey.objects.filter(pk=other.pk).update(revoked_at=now())
    unknown, _ = new_key_text()
    with django_assert_num_queries(1):
        outcomes = actors_of_api_keys([living, ended, unknown, "ptc_nonsense", living])
    codes = [outcome.code if isinstance(outcome, DomainError) else outcome.actor.user_id for outcome in outcomes]
    assert codes == [row.user_id, "auth.key_ended", "auth.key_invalid", "auth.key_invalid", row.user_id]


def with_other_secret(text: str) -> str:
    """A well-formed key with the prefix of another one, as somebody would make who knows what is shown."""
    from accounts.processing.key_texts import _checksum

    body = text.rpartition("_")[0] + "_" + new_key_text()[0].rpartition("_")[2][:43]
    return body + _checksum(body)


def test_an_unknown_prefix_and_a_wrong_secret_look_alike(api, django_assert_num_queries):
    text, _ = make_key(make_user())
    answers = []
    for wrong in (new_key_text()[0], with_other_secret(text)):
        with django_assert_num_queries(1):
            answers.append(api.get("/api/v1/me", headers=key_header(wrong)))
    assert {answer.status_code for answer in answers} == {401}
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "auth.key_invalid"
    assert len({tuple(sorted(set(answer.headers) - {"X-Request-ID"})) for answer in answers}) == 1


def test_a_malformed_key_costs_no_statement(django_assert_num_queries):
    text, _ = make_key(make_user())
    with django_assert_num_queries(0):
        for wrong in (
            "ptc_",
            text[:-1],
            text + "x",
            text[:-1] + ("a" if text[-1] != "a" else "b"),
            "ptc_" + "x" * 9000,
        ):
            with pytest.raises(KeyInvalid):
                actor_of_access_token(wrong)


def test_secrets_are_compared_in_constant_time_also_when_there_is_nothing_to_compare_with(monkeypatch):
    from accounts import authentication

    compared = []
    compare = authentication.compare_digest
    monkeypatch.setattr(authentication, "compare_digest", lambda a, b: compared.append((a, b)) or compare(a, b))
    text, _ = make_key(make_user())
    actors_of_api_keys([text, with_other_secret(text), new_key_text()[0]])
    assert len(compared) == 3
    assert all(len(shown) == len(stored) == 64 for shown, stored in compared)


@pytest.mark.parametrize(
    "end",
    [
        lambda: ApiKey.objects.update(revoked_at=now()),
        lambda: ApiKey.objects.update(expires_at=now()),
        lambda: User.objects.filter(kind="bot").update(is_active=False),
        lambda: User.objects.filter(kind="person").update(is_active=False),
    ],
    ids=["revoked", "expired", "bot inactive", "owner inactive"],
)
def test_a_key_that_has_ended_is_refused_and_says_so_to_who_has_its_secret_only(end):
    text, key = make_key(make_bot(make_user()))
    actor = actor_of_access_token(text).actor
    used(key)
    before = ApiKey.objects.get().last_used_at
    end()
    with pytest.raises(KeyEnded) as caught:
        actor_of_access_token(text)
    assert (caught.value.code, caught.value.http_status) == ("auth.key_ended", 401)
    with pytest.raises(KeyInvalid):
        actor_of_access_token(with_other_secret(text))
    (refusal,) = live_users([actor])
    assert isinstance(refusal, KeyEnded)
    assert ApiKey.objects.get().last_used_at == before


def test_sessions_and_keys_are_looked_after_together_in_one_statement_each(django_assert_num_queries):
    person = make_user()
    bot = make_bot(person)
    session = actor_with_session(person)
    own, other = (actor_of_access_token(make_key(user)[0]).actor for user in (person, bot))
    with django_assert_num_queries(2):
        assert live_users([session, own, other]) == [person, person, bot]


def test_a_key_whose_end_was_moved_since_it_was_shown_is_asked_for_again():
    text, _ = make_key(make_user())
    actor = actor_of_access_token(text).actor
    ApiKey.objects.update(expires_at=now() + timedelta(hours=1))
    (refusal,) = live_users([actor])
    assert isinstance(refusal, KeyEnded)


def test_a_ticket_got_with_a_key_stands_for_the_key_and_lasts_as_long():
    bot = make_bot(make_user())
    text, key = make_key(bot, Scope.CHAT_READ)
    ticket = issue_ticket(actor_of_access_token(text).actor).ticket
    (authenticated,) = unchecked_redeem_tickets([ticket])
    assert authenticated.actor == key_actor(bot.id, grant_of(key), is_bot=True)
    assert authenticated.expires_at == key.expires_at


def test_a_scope_that_there_is_no_more_opens_nothing_and_harms_nobody(api):
    person = make_user()
    text, _ = make_key(person, Scope.PROFILE_READ)
    ApiKey.objects.update(scopes=["gone:read", "profile:read"])
    assert actor_of_access_token(text).actor.key.scopes == {Scope.PROFILE_READ}


def test_a_key_works_over_rest_for_what_its_scopes_name(api):
    text, _ = make_key(make_bot(make_user(), "helper"), Scope.PROFILE_READ)
    assert api.get("/api/v1/me", headers=key_header(text)).json()["username"] == "helper"
    refused = api.patch("/api/v1/me", {"display_name": "Changed"}, headers=key_header(text))
    assert (refused.status_code, refused.json()["code"], refused.json()["scope"]) == (
        403,
        "auth.scope_missing",
        "profile:write",
    )
    assert User.objects.get(username="helper").display_name == "Helper"


CLOSED = [
    ("post", "auth/logout"),
    ("get", "me/keys"),
    ("post", "me/keys"),
    ("delete", "me/keys/{key}"),
    ("post", "me/keys/{key}/rotate"),
    ("get", "me/bots"),
    ("post", "me/bots"),
    ("get", "me/bots/{bot}"),
    ("patch", "me/bots/{bot}"),
    ("delete", "me/bots/{bot}"),
    ("get", "me/bots/{bot}/keys"),
    ("post", "me/bots/{bot}/keys"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_no_key_makes_more_of_itself(api, method, path):
    owner = make_user()
    bot = make_bot(owner)
    for user in (owner, bot):
        text, key = make_key(user)
        used(key)
        before = (list(ApiKey.objects.values()), list(User.objects.values()))
        answer = getattr(api, method)(f"/api/v1/{path.format(key=key.id, bot=bot.id)}", headers=key_header(text))
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.key_not_accepted")
        assert (list(ApiKey.objects.values()), list(User.objects.values())) == before


def test_a_key_in_the_address_is_refused_even_when_it_is_good(api):
    person = make_user()
    text, _ = make_key(person)
    for path in (f"me?api_key={text}", f"me?x=%70tc_{text[4:]}", f"communities/{text}", f"communities?search={text}"):
        for headers in ({}, bearer(person), key_header(text)):
            answer = api.get(f"/api/v1/{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "auth.key_in_address")
            assert text not in answer.content.decode()


def test_a_key_is_counted_by_itself_and_not_with_its_user(api, limiter):
    person = make_user()
    text, key = make_key(person)
    api.get("/api/v1/me", headers=key_header(text))
    api.patch("/api/v1/me", {"display_name": "Ada"}, headers=key_header(text))
    assert limiter.taken == {("key.read", str(key.id)): 1, ("key.write", str(key.id)): 1}
    limiter.taken["key.read", str(key.id)] = 600
    refused = api.get("/api/v1/me", headers=key_header(text))
    assert (refused.status_code, refused.json()["limit"]) == (429, "key.read")
    assert "Retry-After" in refused.headers
    assert api.get("/api/v1/me", headers=bearer(person)).status_code == 200


def test_wrong_keys_are_counted_by_address(api, limiter):
    for _ in range(20):
        assert api.get("/api/v1/me", headers=key_header(new_key_text()[0])).status_code == 401
    refused = api.get("/api/v1/me", headers=key_header(new_key_text()[0]))
    assert (refused.status_code, refused.json()["limit"]) == (429, "key_guess.address")
    text, _ = make_key(make_user())
    assert api.get("/api/v1/me", headers=key_header(text)).status_code == 200


def test_an_idempotency_key_does_not_open_to_one_api_key_what_another_was_answered(api):
    person = make_user()
    (writing, _), (reading, _) = make_key(person, Scope.PROFILE_WRITE), make_key(person, Scope.PROFILE_READ)
    again = {"Idempotency-Key": "once"}
    body = {"display_name": "Countess"}
    first = api.patch("/api/v1/me", body, headers=key_header(writing) | again)
    assert first.status_code == 200
    assert api.patch("/api/v1/me", body, headers=key_header(writing) | again).headers["Idempotency-Replayed"] == "true"
    refused = api.patch("/api/v1/me", body, headers=key_header(reading) | again)
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope_missing")


def test_a_key_expires_by_the_clock(api):
    text, key = make_key(make_user())
    with time_machine.travel(key.expires_at + timedelta(seconds=1)):
        answer = api.get("/api/v1/me", headers=key_header(text))
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.key_ended")
