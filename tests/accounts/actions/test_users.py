"""Making users for the system, profiles, and shutting users out."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress

from accounts.actions.users import create_user, deactivate_user, import_users, reactivate_user, update_profile
from accounts.authentication import actor_of_access_token
from accounts.errors import InvalidCredentials, SessionEnded
from accounts.events import SessionRevoked, UserUpdated
from accounts.models import Session, User
from accounts.payloads import me_payload
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from kernel.ids import UserId, uuid7
from tests.event_log import events_of
from tests.factories.accounts import CLIENT, PASSWORD, actor_for, log_in, make_user, sign_in

pytestmark = pytest.mark.django_db


def events_for(user: User):
    events = events_of(topic_for("user", user.id))
    return [(name, event) for _, name, event in events if name != "session.started"]


def addresses():
    return list(EmailAddress.objects.values_list("email", "primary", "verified"))


@pytest.fixture
def administrator():
    return actor_for(make_user(is_staff=True, is_superuser=True))


def test_the_system_makes_a_user_who_can_log_in():
    user = create_user(SYSTEM, email="ada@example.org", username="ada", password=PASSWORD)
    assert log_in(login="ada", password=PASSWORD, client=CLIENT).user.id == user.id
    assert addresses() == [("ada@example.org", True, True)]


def test_imported_users_have_an_address_that_is_not_verified_and_present_ones_get_none():
    make_user("bob")
    users = import_users(SYSTEM, display_names={"ada": "Ada", "bob": "Bob"})
    assert addresses() == [(users["ada"].email, True, False)]


def test_nobody_else_makes_users():
    for actor in (ANONYMOUS, actor_for(make_user("bob")), actor_for(make_user("staff", is_staff=True))):
        with pytest.raises(Forbidden):
            create_user(actor, email="ada@example.org", username="ada", password=PASSWORD)
        with pytest.raises(Forbidden):
            import_users(actor, display_names={"ada": "Ada"})
    assert set(User.objects.values_list("username", flat=True)) == {"bob", "staff"}


def test_an_import_makes_absent_users_and_finds_present_ones():
    bob = make_user("Bob")
    users = import_users(SYSTEM, display_names={"ada": "Ada L.", "bob": "not his name"})
    assert users["bob"] == bob
    assert users["bob"].display_name == "Bob"
    assert (users["ada"].username, users["ada"].display_name) == ("ada", "Ada L.")
    assert import_users(SYSTEM, display_names={"ada": "x", "BOB": "y"}) == users
    assert User.objects.count() == 2


def test_an_import_takes_a_constant_number_of_statements(django_assert_num_queries):
    with django_assert_num_queries(6):  # savepoint, find, insert, find, insert addresses, release
        users = import_users(SYSTEM, display_names={f"nick{number}": "Nick" for number in range(200)})
    assert len(users) == 200


def test_two_spellings_of_one_imported_name_are_one_user():
    users = import_users(SYSTEM, display_names={"Ada": "Ada", "ada": "Ada"})
    assert list(users) == ["ada"]
    assert User.objects.count() == 1


def test_an_imported_user_cannot_log_in():
    user = import_users(SYSTEM, display_names={"ada": "Ada"})["ada"]
    assert not user.has_usable_password()
    assert user.email == f"{user.id}@imported.invalid"
    for password in ("", user.password):
        with pytest.raises(InvalidCredentials):
            log_in(login="ada", password=password, client=CLIENT)


def test_an_import_with_one_impossible_name_makes_nobody():
    with pytest.raises(InvalidInput):
        import_users(SYSTEM, display_names={"ada": "Ada", "a b": "AB"})
    assert not User.objects.exists()


def test_a_user_changes_their_display_name_and_their_devices_learn_of_it():
    user = make_user("ada")
    payload = update_profile(actor_for(user), display_name=" Ada \u2764 ")
    user.refresh_from_db()
    assert user.display_name == "Ada \u2764"
    assert payload == me_payload(user)
    assert events_for(user) == [("user.updated", UserUpdated(user=payload))]


@pytest.mark.parametrize("name", ["", "   ", "a" * 65, "a\0b", "a\nb", "\u202eb", "\ud800"])
def test_a_display_name_that_does_not_show_is_refused(name):
    user = make_user("ada")
    with pytest.raises(InvalidInput) as caught:
        update_profile(actor_for(user), display_name=name)
    assert caught.value.data["field"] == "display_name"
    user.refresh_from_db()
    assert user.display_name == "Ada"
    assert events_for(user) == []


def test_a_profile_without_changes_is_no_event():
    user = make_user("ada")
    assert update_profile(actor_for(user)) == me_payload(user)
    assert events_for(user) == []


def test_nobody_has_no_profile():
    with pytest.raises(Unauthenticated):
        update_profile(ANONYMOUS, display_name="Nobody")


def test_a_deactivated_user_is_out_of_every_session_at_once(administrator):
    user, other = make_user(), make_user()
    tokens = [sign_in(user), sign_in(user)]
    stays = sign_in(other)
    deactivate_user(administrator, user_id=UserId(user.id))
    sessions = Session.objects.filter(user=user).order_by("id")
    assert events_for(user) == [("session.revoked", SessionRevoked(session=session.id)) for session in sessions]
    for signed_in in tokens:
        with pytest.raises(SessionEnded):
            actor_of_access_token(signed_in.access)
    assert actor_of_access_token(stays.access).actor.user_id == other.id


def test_deactivating_takes_a_constant_number_of_statements(administrator, django_assert_max_num_queries):
    user = make_user()
    for _ in range(20):
        sign_in(user)
    with django_assert_max_num_queries(11):  # the last one looks for API keys
        deactivate_user(administrator, user_id=UserId(user.id))
    assert len(events_for(user)) == 20


def test_a_reactivated_user_logs_in_again_and_old_sessions_stay_ended(administrator):
    user = make_user("ada")
    old = sign_in(user)
    deactivate_user(administrator, user_id=UserId(user.id))
    reactivate_user(administrator, user_id=UserId(user.id))
    with pytest.raises(SessionEnded):
        actor_of_access_token(old.access)
    log_in(login="ada", password=PASSWORD, client=CLIENT)


def test_only_administrators_shut_users_out(administrator):
    user, stranger = make_user(), make_user()
    token = sign_in(user).access
    for actor in (ANONYMOUS, actor_for(stranger), actor_for(user)):
        with pytest.raises(Forbidden):
            deactivate_user(actor, user_id=UserId(user.id))
        with pytest.raises(Forbidden):
            reactivate_user(actor, user_id=UserId(user.id))
    with pytest.raises(Conflict):
        deactivate_user(administrator, user_id=administrator.require_user())
    with pytest.raises(NotFound):
        deactivate_user(administrator, user_id=UserId(uuid7()))
    assert actor_of_access_token(token).actor.user_id == user.id
    assert events_for(user) == []
