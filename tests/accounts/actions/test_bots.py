"""Bots: who may own how many, that nobody signs in as one, and what is left when one is deleted."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.actions.bots import create_bot, delete_bot, update_bot
from accounts.actions.deletions import run_due_deletions, schedule_deletion
from accounts.actions.sessions import prove_password
from accounts.actions.users import deactivate_user, reactivate_user
from accounts.authentication import actor_of_access_token
from accounts.errors import AccountTaken, InvalidCredentials, KeyEnded, TooManyBots
from accounts.events import ApiKeyRevoked, BotCreated, BotDeleted, BotUpdated, SessionRevoked, UserUpdated
from accounts.models import AccountDeletion, ApiKey, Session, User
from accounts.payloads import me_payload, user_payload
from chat.models import Message
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.errors import InvalidInput, KeyNotAccepted, NotFound, RateLimited, Unauthenticated
from kernel.ids import uuid7
from kernel.wire import encode_json
from tests.event_log import events_of
from tests.factories.accounts import (
    CLIENT,
    PASSWORD,
    actor_for,
    actor_with_session,
    make_bot,
    make_key,
    make_user,
    sign_in,
)
from tests.factories.chat import make_room, post
from tests.factories.communities import make_community, make_member
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


def told(user) -> list[object]:
    """What the user's devices are told, but for their own coming."""
    return [event for _, name, event in events_of(topic_for("user", user.id)) if name != "session.started"]


def test_a_person_makes_a_bot_that_is_a_user_with_an_owner():
    owner = make_user()
    made = create_bot(actor_for(owner), username="tide_watch", display_name=" Tide watch ")
    bot = User.objects.get(username="tide_watch")
    assert (bot.kind, bot.owner, bot.display_name, bot.is_active) == ("bot", owner, "Tide watch", True)
    assert bot.email == f"{bot.id}@bots.invalid"
    assert not bot.has_usable_password()
    assert told(owner) == [BotCreated(bot=made)]
    assert told(bot) == []


def test_a_bot_is_marked_wherever_users_are_shown_and_people_are_not():
    owner = make_user()
    bot = make_bot(owner)
    assert b'"bot":true' in encode_json(user_payload(bot))
    assert b'"bot":true' in encode_json(me_payload(bot))
    assert b"bot" not in encode_json(user_payload(owner))


@pytest.mark.parametrize("name", ["", "a", "with space", "x" * 33, "\u0430da"])
def test_a_bot_needs_a_name_as_people_do(name):
    actor = actor_for(make_user())
    with unchanged(User), pytest.raises(InvalidInput):
        create_bot(actor, username=name)


def test_a_bot_cannot_take_a_name_that_somebody_has():
    actor = actor_for(make_user("ada"))
    with unchanged(User), pytest.raises(AccountTaken):
        create_bot(actor, username="ADA")


def test_a_person_owns_ten_bots_at_most_and_a_deleted_one_makes_room(settings):
    settings.BOTS_MAX = 1
    owner = make_user()
    first = create_bot(actor_for(owner), username="first")
    with unchanged(User), pytest.raises(TooManyBots):
        create_bot(actor_for(owner), username="second")
    delete_bot(actor_for(owner), bot_id=first.id)
    create_bot(actor_for(owner), username="second")


def test_bots_are_made_ten_times_an_hour_at_most(settings):
    settings.BOTS_MAX = 100
    actor = actor_for(make_user())
    for number in range(10):
        create_bot(actor, username=f"helper{number}")
    with unchanged(User), pytest.raises(RateLimited):
        create_bot(actor, username="helper10")


def test_neither_nobody_nor_a_bot_nor_a_key_makes_bots():
    owner = make_user()
    texts = [make_key(owner)[0], make_key(make_bot(owner))[0]]
    actors = [actor_of_access_token(text).actor for text in texts]
    with unchanged(User):
        for actor in actors:
            with pytest.raises(KeyNotAccepted):
                create_bot(actor, username="offspring")
        for actor in (ANONYMOUS, SYSTEM):
            with pytest.raises(Unauthenticated):
                create_bot(actor, username="offspring")


def test_nobody_signs_in_as_a_bot():
    bot = make_bot(make_user(), "helper")
    for login, password in (("helper", ""), ("helper", "!"), (bot.email, PASSWORD), (bot.email, bot.password)):
        with pytest.raises(InvalidCredentials):
            prove_password(login=login, password=password, client=CLIENT)
    with pytest.raises(InvalidCredentials):
        sign_in(bot)
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"password": "argon2$x"}, {"owner": None}, {"is_staff": True}, {"is_superuser": True}, {"kind": "person"}],
    ids=repr,
)
def test_the_database_refuses_a_bot_with_a_password_without_an_owner_or_with_power(wrong):
    bot = make_bot(make_user())
    with transaction.atomic(), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=bot.pk).update(**wrong)


def test_an_owner_renames_a_bot_and_both_are_told():
    owner = make_user()
    bot = make_bot(owner)
    renamed = update_bot(actor_for(owner), bot_id=bot.id, display_name=" High water ")
    bot.refresh_from_db()
    assert bot.display_name == renamed.display_name == "High water"
    assert told(owner) == [BotUpdated(bot=renamed)]
    assert told(bot) == [UserUpdated(user=me_payload(bot))]
    with unchanged(User):
        assert update_bot(actor_for(owner), bot_id=bot.id) == renamed


def test_nobody_changes_or_deletes_what_is_not_their_bot():
    owner, other = make_user(), make_user()
    bot, gone = make_bot(owner), make_bot(owner, is_active=False)
    attempts = [(other, bot.id), (owner, other.id), (owner, owner.id), (owner, gone.id), (owner, uuid7())]
    with unchanged(User):
        for person, bot_id in attempts:
            with pytest.raises(NotFound):
                update_bot(actor_for(person), bot_id=bot_id, display_name="Mine")
            with pytest.raises(NotFound):
                delete_bot(actor_for(person), bot_id=bot_id)


def test_a_deleted_bot_keeps_its_name_and_loses_its_keys():
    owner = make_user()
    bot = make_bot(owner, "helper")
    (text, key), (_, other) = make_key(bot), make_key(bot)
    own_text, _ = make_key(owner)
    delete_bot(actor_for(owner), bot_id=bot.id)
    with pytest.raises(KeyEnded):
        actor_of_access_token(text)
    revoked = [ApiKeyRevoked(key=key.id), ApiKeyRevoked(key=other.id)]
    assert told(bot) == revoked
    assert told(owner) == [*revoked, BotDeleted(bot=bot.id)]
    assert actor_of_access_token(own_text).actor.user_id == owner.id
    with pytest.raises(AccountTaken):
        create_bot(actor_for(owner), username="helper")


def test_a_deactivated_person_loses_all_keys_and_those_of_their_bots_for_good():
    owner = make_user()
    bot = make_bot(owner)
    texts = [make_key(owner)[0], make_key(bot)[0]]
    keys = list(ApiKey.objects.order_by("pk"))
    session = actor_with_session(owner).session_id
    deactivate_user(SYSTEM, user_id=owner.id)
    assert told(owner) == [SessionRevoked(session=session), *(ApiKeyRevoked(key=key.id) for key in keys)]
    assert told(bot) == [ApiKeyRevoked(key=keys[1].id)]
    reactivate_user(SYSTEM, user_id=owner.id)
    for text in texts:
        with pytest.raises(KeyEnded):
            actor_of_access_token(text)


def test_shutting_out_who_has_many_keys_and_bots_takes_as_many_statements_as_for_one():
    counts = []
    for amount in (1, 5):
        owner = make_user()
        for _ in range(amount):
            make_key(owner)
            make_key(make_bot(owner))
        with CaptureQueriesContext(connection) as queries:
            deactivate_user(SYSTEM, user_id=owner.id)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert not ApiKey.objects.filter(revoked_at=None).exists()


def test_a_deleted_bot_leaves_its_communities_and_loses_its_name_but_not_what_it_wrote():
    owner = make_user()
    bot = make_bot(owner, "helper")
    make_key(bot)
    membership = make_member(make_community(), bot)
    message = post(membership, make_room(membership.community))
    delete_bot(actor_for(owner), bot_id=bot.id)
    run_due_deletions()
    bot.refresh_from_db()
    membership.refresh_from_db()
    message_of_bot = Message.objects.get(pk=message.id)
    assert (bot.kind, bot.owner, bot.inactive_because) == ("bot", owner, "deleted")
    assert "helper" not in bot.username
    assert membership.status == "removed"
    assert message_of_bot.author_id == bot.id
    assert not ApiKey.objects.exists()


def test_the_bots_of_a_deleted_person_are_deleted_too():
    owner = make_user()
    bots = [make_bot(owner), make_bot(owner)]
    make_key(owner)
    schedule_deletion(actor_with_session(owner), user_id=owner.id)
    AccountDeletion.objects.update(due_at=now())
    run_due_deletions()
    run_due_deletions()
    assert set(User.objects.filter(pk__in=[owner.pk, *(bot.pk for bot in bots)]).values_list("inactive_because")) == {
        ("deleted",)
    }
    assert not ApiKey.objects.exists()
