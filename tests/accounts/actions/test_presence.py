"""Choosing what one is shown as: what is kept, what is refused, and that the user's devices learn of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.actions.presence import NewCustomStatus, prefer_presence
from accounts.constants import PreferredStatus
from accounts.events import CustomStatus, PresencePreference, UserUpdated
from accounts.models import User
from accounts.payloads import me_payload, presence_preference
from accounts.queries.presence import RevisedPreference, presence_preferences
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS
from kernel.errors import InvalidInput, Unauthenticated
from kernel.ids import UserId, uuid7
from tests.event_log import events_of
from tests.factories.accounts import actor_for, make_user
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.actions.presence.now", lambda: NOON)
    monkeypatch.setattr("accounts.payloads.now", lambda: NOON)


def events_for(user: User):
    return [event for _, _, event in events_of(topic_for("user", user.id))]


def test_a_user_who_never_chose_is_shown_as_their_devices_say():
    assert me_payload(make_user()).presence == PresencePreference(status=PreferredStatus.ONLINE, custom=None)


def test_a_choice_is_kept_and_told_to_the_users_devices():
    user = make_user()
    chosen = prefer_presence(actor_for(user), status=PreferredStatus.INVISIBLE)
    user.refresh_from_db()
    assert chosen == presence_preference(user) == PresencePreference(status=PreferredStatus.INVISIBLE)
    assert events_for(user) == [UserUpdated(user=me_payload(user))]


def test_what_is_not_given_stays_and_none_takes_the_custom_status_away():
    user = make_user()
    actor = actor_for(user)
    prefer_presence(actor, custom=NewCustomStatus(text=" At sea ", emoji="\u26f5", expires_in=60))
    chosen = prefer_presence(actor, status=PreferredStatus.DO_NOT_DISTURB)
    at_sea = CustomStatus(text="At sea", emoji="\u26f5", expires_at=NOON + timedelta(seconds=60))
    assert chosen == PresencePreference(status=PreferredStatus.DO_NOT_DISTURB, custom=at_sea)
    assert prefer_presence(actor, custom=None) == PresencePreference(status=PreferredStatus.DO_NOT_DISTURB)


def test_a_custom_status_ends_by_itself(monkeypatch):
    user = make_user()
    prefer_presence(actor_for(user), custom=NewCustomStatus(text="At sea", expires_in=60))
    user.refresh_from_db()
    assert presence_preference(user).custom is not None
    monkeypatch.setattr("accounts.payloads.now", lambda: NOON + timedelta(seconds=60))
    assert presence_preference(user).custom is None


@pytest.mark.parametrize(
    ("custom", "field"),
    [
        (NewCustomStatus(text="x" * 129), "custom.text"),
        (NewCustomStatus(text="a\nb"), "custom.text"),
        (NewCustomStatus(text="\u202eb"), "custom.text"),
        (NewCustomStatus(emoji="x" * 17), "custom.emoji"),
        (NewCustomStatus(text="x", expires_in=0), "custom.expires_in"),
        (NewCustomStatus(text="x", expires_in=30 * 86_400 + 1), "custom.expires_in"),
    ],
)
def test_a_custom_status_that_does_not_show_or_never_ends_changes_nothing(custom, field):
    actor = actor_for(make_user())
    with unchanged(User), pytest.raises(InvalidInput) as caught:
        prefer_presence(actor, status=PreferredStatus.IDLE, custom=custom)
    assert caught.value.data["field"] == field


def test_a_choice_of_nothing_and_a_choice_of_nobody_change_nothing():
    actor = actor_for(make_user())
    with unchanged(User):
        assert prefer_presence(actor) == PresencePreference()
        with pytest.raises(Unauthenticated):
            prefer_presence(ANONYMOUS, status=PreferredStatus.IDLE)


def test_preferences_of_many_are_read_in_one_query_with_their_revisions(django_assert_num_queries):
    ann, ben = make_user(), make_user()
    prefer_presence(actor_for(ann), status=PreferredStatus.IDLE)
    prefer_presence(actor_for(ann), status=PreferredStatus.INVISIBLE)
    with django_assert_num_queries(1):
        found = presence_preferences([UserId(ann.id), UserId(ben.id), UserId(uuid7())])
    assert found == {
        ann.id: RevisedPreference(2, PresencePreference(status=PreferredStatus.INVISIBLE)),
        ben.id: RevisedPreference(0, PresencePreference()),
    }
