"""API keys: who may make, rotate and revoke them, how many, for how long, and what is told to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import api_keys
from accounts.actions.api_keys import create_api_key, note_key_use, prune_api_keys, revoke_api_key, rotate_api_key
from accounts.authentication import actor_of_access_token
from accounts.errors import KeyEnded, KeyRotated, ReauthenticationRequired, TooManyKeys
from accounts.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from accounts.models import ApiKey, Delivery, Session
from accounts.processing.key_texts import read_key_text
from accounts.tasks import prune_api_keys as prune_job
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.errors import InvalidInput, KeyNotAccepted, NotFound, RateLimited, Unauthenticated
from kernel.ids import uuid7
from kernel.mail import Mail
from kernel.scopes import Scope
from tests.accounts.outgoing import waiting
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.accounts import actor_for, actor_with_session, make_bot, make_key, make_user
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

READING = [Scope.CHAT_READ]


def told(user) -> list[object]:
    """What the user's devices are told, but for their own coming."""
    return [event for _, name, event in events_of(topic_for("user", user.id)) if name != "session.started"]


def make(actor, **changes):
    return create_api_key(actor, **({"name": "script", "scopes": READING, "days": 30} | changes))


def works(secret: str) -> bool:
    try:
        actor_of_access_token(secret)
    except KeyEnded:
        return False
    return True


def test_a_person_makes_a_key_and_is_told_the_secret_once():
    person = make_user()
    made = make(actor_with_session(person), name=" Nightly export ", scopes=[Scope.CHAT_WRITE, Scope.CHAT_READ])
    row = ApiKey.objects.get()
    parts = read_key_text(made.secret)
    assert (row.prefix, row.secret_hash) == (parts.prefix, parts.hash)
    assert (row.user, row.created_by, row.name, row.revoked_at, row.last_used_at) == (
        person,
        person,
        "Nightly export",
        None,
        None,
    )
    assert made.key.scopes == [Scope.CHAT_READ, Scope.CHAT_WRITE]
    assert made.key.prefix == f"ptc_{parts.prefix}"
    assert row.expires_at - row.created_at > timedelta(days=29, hours=23)
    assert told(person) == [ApiKeyCreated(key=made.key)]


def test_the_secret_is_in_no_row_and_in_no_event():
    person = make_user()
    secret = make(actor_with_session(person)).secret.split("_")[2]
    assert secret not in str(list(ApiKey.objects.values()))
    assert secret not in str(told(person))


def test_an_owner_makes_a_key_for_a_bot_and_both_are_told():
    owner = make_user()
    bot = make_bot(owner)
    made = make(actor_with_session(owner), bot_id=bot.id)
    row = ApiKey.objects.get()
    assert (row.user, row.created_by) == (bot, owner)
    assert actor_of_access_token(made.secret).actor.kind == "bot"
    assert told(owner) == told(bot) == [ApiKeyCreated(key=made.key)]


@pytest.mark.parametrize("whose", ["nobody's", "another's", "deleted", "a person"])
def test_nobody_makes_a_key_for_who_is_not_their_bot(whose):
    owner, other = make_user(), make_user()
    bot_id = {
        "nobody's": uuid7(),
        "another's": make_bot(other).id,
        "deleted": make_bot(owner, is_active=False).id,
        "a person": other.id,
    }[whose]
    actor = actor_with_session(owner)
    with unchanged(ApiKey), pytest.raises(NotFound):
        make(actor, bot_id=bot_id)


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"name": " "}, {"name": "x" * 65}, {"name": "a\u202eb"}, {"scopes": []}, {"days": 0}, {"days": 366}],
    ids=repr,
)
def test_a_key_with_a_wrong_name_scope_or_lifetime_is_not_made(changes):
    actor = actor_with_session(make_user())
    with unchanged(ApiKey), pytest.raises(InvalidInput):
        make(actor, **changes)


def test_a_person_has_ten_living_keys_at_most_and_each_bot_ten_of_its_own(settings, limiter):
    settings.API_KEYS_MAX = 2
    owner = make_user()
    bot, actor = make_bot(owner), actor_with_session(owner)
    first = make(actor).key
    make(actor)
    with unchanged(ApiKey), pytest.raises(TooManyKeys):
        make(actor)
    make(actor, bot_id=bot.id)
    revoke_api_key(actor, key_id=first.id)
    make(actor)
    ApiKey.objects.update(expires_at=now())
    make(actor)


@pytest.mark.django_db(transaction=True)
def test_of_many_keys_made_at_once_no_more_come_to_be_than_there_may(settings):
    settings.API_KEYS_MAX = 2
    actor = actor_with_session(make_user())
    outcomes = at_once(*[lambda: make(actor)] * 4)
    assert ApiKey.objects.count() == 2
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NewApiKey"] * 2 + ["TooManyKeys"] * 2


def test_keys_are_made_and_rotated_twenty_times_an_hour_at_most():
    actor = actor_with_session(make_user())
    made = make(actor)
    for _ in range(9):
        revoke_api_key(actor, key_id=made.key.id)
        made = rotate_api_key(actor, key_id=make(actor).key.id, overlap_hours=0)
    make(actor)
    with unchanged(ApiKey), pytest.raises(RateLimited):
        make(actor)


def test_making_and_rotating_a_key_asks_for_a_recent_sign_in():
    actor = actor_with_session(make_user())
    key = make(actor).key
    Session.objects.update(created_at=now() - timedelta(minutes=15))
    with unchanged(ApiKey):
        with pytest.raises(ReauthenticationRequired) as refusal:
            make(actor)
        with pytest.raises(ReauthenticationRequired):
            rotate_api_key(actor, key_id=key.id, overlap_hours=1)
    assert refusal.value.data == {"max_age": 900, "flows": [{"id": "reauthenticate"}]}
    revoke_api_key(actor, key_id=key.id)


def test_the_recent_sign_in_must_be_of_the_session_that_acts():
    person = make_user()
    old = actor_with_session(person)
    Session.objects.update(created_at=now() - timedelta(days=1))
    actor_with_session(person)
    with unchanged(ApiKey), pytest.raises(ReauthenticationRequired):
        make(old)


def test_nobody_and_no_key_and_no_bot_manages_keys():
    owner = make_user()
    bot = make_bot(owner)
    keys = [make_key(owner), make_key(bot)]
    row = keys[0][1]
    for text, _ in keys:
        actor = actor_of_access_token(text).actor
        with unchanged(ApiKey):
            for act in (
                lambda actor=actor: make(actor),
                lambda actor=actor: rotate_api_key(actor, key_id=row.id, overlap_hours=1),
                lambda actor=actor: revoke_api_key(actor, key_id=row.id),
            ):
                with pytest.raises(KeyNotAccepted):
                    act()
    with unchanged(ApiKey):
        with pytest.raises(Unauthenticated):
            make(ANONYMOUS)
        with pytest.raises(Unauthenticated):
            revoke_api_key(ANONYMOUS, key_id=row.id)
        with pytest.raises(ReauthenticationRequired):
            make(actor_for(owner))


def test_a_rotated_key_lives_until_its_overlap_ends_and_its_successor_is_as_it_was():
    owner = make_user()
    bot = make_bot(owner)
    text, old = make_key(bot, Scope.CHAT_READ, Scope.CHAT_WRITE, days=30)
    made = rotate_api_key(actor_with_session(owner), key_id=old.id, overlap_hours=2)
    old.refresh_from_db()
    assert (made.key.name, made.key.scopes) == (old.name, [Scope.CHAT_READ, Scope.CHAT_WRITE])
    assert (made.key.user, made.key.rotated_from) == (bot.id, old.id)
    assert abs(made.key.expires_at - made.key.created_at - timedelta(days=30)) < timedelta(seconds=5)
    assert told(bot) == told(owner) == [ApiKeyRotated(key=made.key, old=old.id, old_expires_at=old.expires_at)]
    assert works(text)
    assert works(made.secret)
    with time_machine.travel(now() + timedelta(hours=2, seconds=1)):
        assert not works(text)
        assert works(made.secret)


def test_without_an_overlap_the_old_key_ends_at_once():
    person = make_user()
    text, old = make_key(person)
    made = rotate_api_key(actor_with_session(person), key_id=old.id, overlap_hours=0)
    assert not works(text)
    assert works(made.secret)
    assert told(person)[1:] == [ApiKeyRevoked(key=old.id)]


def test_an_overlap_never_prolongs_a_key():
    person = make_user()
    _, old = make_key(person, days=1 / 24)
    rotate_api_key(actor_with_session(person), key_id=old.id, overlap_hours=168)
    before = old.expires_at
    old.refresh_from_db()
    assert old.expires_at == before


def test_a_key_is_rotated_once_and_never_more_than_two_of_a_line_are_good():
    person = make_user()
    actor = actor_with_session(person)
    first_text, first = make_key(person)
    second = rotate_api_key(actor, key_id=first.id, overlap_hours=24)
    with unchanged(ApiKey), pytest.raises(KeyRotated):
        rotate_api_key(actor, key_id=first.id, overlap_hours=24)
    third = rotate_api_key(actor, key_id=second.key.id, overlap_hours=24)
    assert [works(text) for text in (first_text, second.secret, third.secret)] == [False, True, True]
    assert told(person)[-1] == ApiKeyRevoked(key=first.id)


def test_a_key_that_waits_for_its_end_counts_with_its_successor(settings):
    settings.API_KEYS_MAX = 1
    person = make_user()
    actor = actor_with_session(person)
    made = make(actor)
    rotate_api_key(actor, key_id=made.key.id, overlap_hours=24)
    with unchanged(ApiKey), pytest.raises(TooManyKeys):
        make(actor)


@pytest.mark.parametrize("hours", [-1, 169])
def test_an_overlap_has_a_limit(hours):
    person = make_user()
    _, key = make_key(person)
    actor = actor_with_session(person)
    with unchanged(ApiKey), pytest.raises(InvalidInput):
        rotate_api_key(actor, key_id=key.id, overlap_hours=hours)


@pytest.mark.parametrize("state", ["unknown", "another's", "revoked", "expired"])
def test_what_is_not_there_is_not_rotated(state):
    person = make_user()
    actor = actor_with_session(person)
    _, key = make_key(make_user() if state == "another's" else person)
    if state == "revoked":
        ApiKey.objects.update(revoked_at=now())
    if state == "expired":
        ApiKey.objects.update(expires_at=now())
    with unchanged(ApiKey), pytest.raises(NotFound):
        rotate_api_key(actor, key_id=uuid7() if state == "unknown" else key.id, overlap_hours=1)


def test_a_revoked_key_is_refused_from_then_on_and_both_its_bot_and_the_owner_are_told_once():
    owner = make_user()
    bot = make_bot(owner)
    text, key = make_key(bot)
    actor = actor_with_session(owner)
    revoke_api_key(actor, key_id=key.id)
    assert not works(text)
    with unchanged(ApiKey):
        revoke_api_key(actor, key_id=key.id)
    assert told(bot) == told(owner) == [ApiKeyRevoked(key=key.id)]


def test_administrators_and_the_system_revoke_anyones_key():
    administrator = make_user(is_staff=True, is_superuser=True)
    for actor in (actor_with_session(administrator), SYSTEM):
        text, key = make_key(make_user())
        revoke_api_key(actor, key_id=key.id)
        assert not works(text)


def test_an_administrators_key_administers_nothing():
    text, _ = make_key(make_user(is_staff=True, is_superuser=True))
    _, victim = make_key(make_user())
    actor = actor_of_access_token(text).actor
    with unchanged(ApiKey), pytest.raises(KeyNotAccepted):
        revoke_api_key(actor, key_id=victim.id)


def test_a_stranger_learns_nothing_of_a_key_by_revoking_it():
    _, key = make_key(make_user())
    stranger = actor_with_session(make_user())
    with unchanged(ApiKey):
        for key_id in (key.id, uuid7()):
            with pytest.raises(NotFound):
                revoke_api_key(stranger, key_id=key_id)


def test_when_a_key_was_used_is_noted_at_most_every_ten_minutes(django_assert_num_queries):
    text, key = make_key(make_user())
    actor_of_access_token(text)
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    with time_machine.travel(first + timedelta(minutes=9, seconds=59)), django_assert_num_queries(1):
        actor_of_access_token(text)
    with time_machine.travel(first + timedelta(minutes=10)):
        actor_of_access_token(text)
    key.refresh_from_db()
    assert key.last_used_at >= first + timedelta(minutes=10)


@pytest.mark.django_db(transaction=True)
def test_noting_the_use_of_a_key_waits_for_nobody():
    """The lookup of the row skips what is locked; `at_once` would time out if it did not."""
    _, key = make_key(make_user())
    with CaptureQueriesContext(connection) as queries:
        note_key_use(key)
    assert any("SKIP LOCKED" in query["sql"] for query in queries.captured_queries)


def mails() -> list[tuple[str, str, str]]:
    return [(mail.to, mail.subject, mail.text) for mail in waiting(Mail)]


def test_the_owner_is_told_by_mail_of_each_new_key_and_of_its_successor_and_not_the_secret():
    person = make_user()
    bot = make_bot(person, "gull")
    actor = actor_with_session(person)
    Delivery.objects.all().delete()
    made = make(actor, name="export", bot_id=bot.id)
    successor = rotate_api_key(actor, key_id=made.key.id, overlap_hours=1)
    (to, subject, text), (_, replaced, _) = mails()
    assert (to, subject, replaced) == (person.email, "A new API key was made", "An API key was replaced")
    assert "“export” can act as your bot gull with: chat:read." in text
    for secret in (made.secret, successor.secret):
        assert secret.split("_")[2] not in str(mails())


def test_keys_that_ended_long_ago_are_forgotten_and_no_others(settings):
    assert settings.API_KEYS_KEPT_DAYS == 90
    ends = {
        "live": {},
        "revoked lately": {"revoked_at": now() - timedelta(days=89)},
        "revoked long ago": {"revoked_at": now() - timedelta(days=91)},
        "expired lately": {"expires_at": now() - timedelta(days=89)},
        "expired long ago": {"expires_at": now() - timedelta(days=91)},
    }
    person = make_user()
    for name, end in ends.items():
        ApiKey.objects.filter(pk=make_key(person)[1].pk).update(name=name, **end)
    prune_job(timestamp=0)
    assert set(ApiKey.objects.values_list("name", flat=True)) == {"live", "revoked lately", "expired lately"}


def test_the_successor_of_a_forgotten_key_lives_on(monkeypatch):
    monkeypatch.setattr(api_keys, "API_KEYS_PRUNED_AT_ONCE", 1)
    person = make_user()
    old, older, new = (make_key(person)[1] for _ in range(3))
    ApiKey.objects.filter(pk=new.pk).update(rotated_from=old)
    ApiKey.objects.filter(pk__in=[old.pk, older.pk]).update(expires_at=now() - timedelta(days=91))
    assert prune_api_keys() == 2
    assert ApiKey.objects.get().rotated_from is None
