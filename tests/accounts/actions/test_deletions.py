"""Deleting an account: the grace, the way back, and the steps, which survive crashes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.actions import deletions
from accounts.actions.deactivations import deactivate_account
from accounts.actions.deletions import cancel_deletion, run_deletion, run_due_deletions, schedule_deletion
from accounts.actions.erasure import prune_reserved_usernames
from accounts.actions.tokens import read_deletion
from accounts.actions.users import deactivate_user, reactivate_user
from accounts.authentication import actor_of_access_token
from accounts.constants import StaffRole
from accounts.errors import (
    AccountDisabled,
    AccountGone,
    AccountTaken,
    DeletionScheduled,
    HoldsStaffRole,
    InvalidCredentials,
    ReauthenticationRequired,
    SessionEnded,
)
from accounts.events import AccountDeletionScheduled
from accounts.models import (
    AccountDeletion,
    AccountDeletionStep,
    Delivery,
    IdempotentRequest,
    ReservedUsername,
    Session,
    User,
)
from accounts.registries.deletions import DeletionPhase, DeletionStep, deletion_steps
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.errors import Conflict, Forbidden, NotFound, Unauthenticated
from kernel.ids import UserId, uuid7
from kernel.mail import Mail
from tests.accounts.outgoing import waiting
from tests.concurrency import at_once
from tests.event_log import events_of, types_of
from tests.factories.accounts import (
    CLIENT,
    PASSWORD,
    actor_for,
    actor_with_session,
    log_in,
    make_staff,
    make_user,
    sign_in,
    sign_up,
)
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db
TABLES = (User, Session, AccountDeletion, AccountDeletionStep)


def schedule(actor, user: User):
    return schedule_deletion(actor, user_id=UserId(user.pk))


def schedule_own(user: User):
    return schedule(actor_with_session(user), user)


def cancel(actor, user: User) -> None:
    cancel_deletion(actor, user_id=UserId(user.pk))


def run_when_due() -> None:
    with time_machine.travel(now() + timedelta(days=30, seconds=1)):
        run_due_deletions()


@pytest.fixture
def steps(monkeypatch):
    """Replace the steps of the apps by those that a test puts into this list."""
    put: list[DeletionStep] = []
    monkeypatch.setattr(deletions, "deletion_steps", lambda: put)
    return put


def test_a_scheduled_deletion_closes_the_account_at_once_and_says_when():
    user = make_user("ada")
    elsewhere = sign_in(user)
    with time_machine.travel(now(), tick=False):
        scheduled = schedule_own(user)
        assert scheduled.due_at == now() + timedelta(days=30)
    user.refresh_from_db()
    assert (user.is_active, user.inactive_because) == (False, "deletion")
    _, _, (_, name, event), *others = events_of(topic_for("user", user.pk))
    assert (name, event) == ("account.deletion_scheduled", AccountDeletionScheduled(due_at=scheduled.due_at))
    assert [other for _, other, _ in others] == ["session.revoked", "session.revoked"]
    with pytest.raises(SessionEnded):
        actor_of_access_token(elsewhere.access)
    assert not Session.objects.filter(revoked_at=None).exists()


def test_signing_in_during_the_grace_tells_what_is_scheduled_and_signs_nobody_in():
    user = make_user("ada")
    scheduled = schedule_own(user)
    with unchanged(*TABLES), pytest.raises(InvalidCredentials):
        log_in(login="ada", password="not the password", client=CLIENT)
    with unchanged(*TABLES), pytest.raises(DeletionScheduled) as caught:
        log_in(login="ada", password=PASSWORD, client=CLIENT)
    assert caught.value.data["due_at"] == scheduled.due_at
    assert read_deletion(caught.value.data["cancellation"]) == AccountDeletion.objects.get().pk


def test_a_cancelled_deletion_leaves_the_account_as_it_was():
    user = make_user("ada")
    schedule_own(user)
    cancel(actor_for(user), user)
    user.refresh_from_db()
    assert (user.is_active, user.inactive_because) == (True, "")
    assert types_of(topic_for("user", user.pk))[-1] == "account.deletion_cancelled"
    assert log_in(login="ada", password=PASSWORD, client=CLIENT).user.id == user.pk
    run_when_due()
    assert User.objects.get(pk=user.pk).username == "ada"
    with unchanged(*TABLES), pytest.raises(NotFound):
        cancel(actor_for(user), user)


def test_to_ask_twice_is_to_ask_once():
    user = make_user()
    first = schedule_own(user)
    guardian = make_staff(StaffRole.TRUST_AND_SAFETY)
    with unchanged(*TABLES):
        assert schedule(actor_for(guardian), user) == first


def test_a_deletion_can_be_asked_for_again_after_it_was_cancelled():
    user = make_user()
    for _ in range(2):
        schedule_own(user)
        cancel(actor_for(user), user)
    assert AccountDeletion.objects.exclude(cancelled_at=None).count() == 2


@pytest.mark.parametrize("inactive", ["left", "suspended"])
def test_a_cancellation_opens_no_account_that_was_closed_before(inactive):
    user = make_user("ada")
    if inactive == "left":
        deactivate_account(actor_with_session(user))
    else:
        deactivate_user(SYSTEM, user_id=UserId(user.pk))
    schedule(SYSTEM, user)
    cancel(SYSTEM, user)
    user.refresh_from_db()
    assert (user.is_active, user.inactive_because) == (False, inactive)


def test_an_old_sign_in_is_not_enough():
    user = make_user()
    actor = actor_with_session(user)
    with (
        time_machine.travel(now() + timedelta(minutes=16)),
        unchanged(*TABLES),
        pytest.raises(ReauthenticationRequired),
    ):
        schedule(actor, user)


def test_only_the_owner_and_staff_who_may_delete_ask_for_it():
    user, stranger = make_user(), make_user()
    for actor in (actor_with_session(stranger), actor_for(make_staff(StaffRole.SUPPORT)), ANONYMOUS):
        with unchanged(*TABLES), pytest.raises(Forbidden):
            schedule(actor, user)
    with unchanged(*TABLES), pytest.raises(NotFound):
        schedule_deletion(SYSTEM, user_id=UserId(uuid7()))


def test_only_the_owner_and_staff_who_restore_cancel_it():
    user, stranger = make_user(), make_user()
    schedule_own(user)
    for actor in (actor_with_session(stranger), actor_for(make_staff(StaffRole.MODERATOR)), ANONYMOUS):
        with unchanged(*TABLES), pytest.raises(Forbidden):
            cancel(actor, user)
    cancel(actor_for(make_staff(StaffRole.SUPPORT)), user)
    assert AccountDeletion.objects.get().cancelled_at is not None


def test_staff_do_not_delete_themselves_with_their_roles():
    user = make_staff(StaffRole.FINANCE)
    actor = actor_with_session(user)
    with unchanged(*TABLES), pytest.raises(HoldsStaffRole):
        schedule(actor, user)


def test_reactivating_does_not_pass_over_a_deletion():
    user = make_user()
    schedule_own(user)
    with unchanged(*TABLES), pytest.raises(Conflict):
        reactivate_user(SYSTEM, user_id=UserId(user.pk))


def test_before_its_time_nothing_is_deleted():
    user = make_user()
    schedule_own(user)
    with time_machine.travel(now() + timedelta(days=29)), unchanged(*TABLES):
        assert run_due_deletions() == 0
        run_deletion(AccountDeletion.objects.get().pk)


def test_when_its_time_has_come_nothing_is_left_that_tells_who_it_was():
    user = make_user("Ada", display_name="Ada Lovelace")
    User.objects.filter(pk=user.pk).update(
        custom_status_text="in Turin", custom_status_emoji="*", preferred_status="invisible", last_login=now()
    )
    IdempotentRequest.objects.create(user=user, key="k", fingerprint="f", body=b"ada@example.org")
    schedule_own(user)
    run_when_due()
    row = User.objects.values().get(pk=user.pk)
    assert row.pop("password").startswith("!")
    assert row == {
        "id": user.pk,
        "email": f"{user.pk}@deleted.invalid",
        "username": f"deleted-{user.pk.hex[8:]}",
        "display_name": "Deleted user",
        "is_active": False,
        "inactive_because": "deleted",
        "is_staff": False,
        "is_superuser": False,
        "last_login": None,
        "created_at": user.created_at,
        "preferred_status": "online",
        "custom_status_text": "",
        "custom_status_emoji": "",
        "custom_status_expires_at": None,
        "presence_revision": 1,
        "kind": "person",
        "owner_id": None,
    }
    assert not Session.objects.exists()
    assert not IdempotentRequest.objects.exists()
    deletion = AccountDeletion.objects.get()
    assert deletion.completed_at is not None
    assert [step.name for step in deletion.steps_done.order_by("done_at", "pk")] == [
        "accounts.access",
        "accounts.bots",
        "communities.memberships",
        "accounts.records",
        "chat.read_markers",
        "communities.applications",
        "communities.onboarding",
        "accounts.identity",
    ]


def test_a_deleted_user_neither_signs_in_nor_comes_back():
    user = make_user("ada")
    schedule_own(user)
    run_when_due()
    for login in ("ada", "ada@example.org", User.objects.get().username):
        with unchanged(*TABLES), pytest.raises(InvalidCredentials):
            log_in(login=login, password=PASSWORD, client=CLIENT)
    with unchanged(*TABLES), pytest.raises(Conflict):
        reactivate_user(SYSTEM, user_id=UserId(user.pk))
    with unchanged(*TABLES), pytest.raises(NotFound):
        cancel(SYSTEM, user)
    with unchanged(*TABLES), pytest.raises(AccountGone):
        schedule(SYSTEM, user)


def test_the_address_is_free_at_once_and_the_username_after_its_time(limiter):
    def sign_up_as(username: str, email: str):
        return sign_up(email=email, username=username, password=PASSWORD, client=CLIENT)

    schedule_own(make_user("Ada"))
    run_when_due()
    after = now() + timedelta(days=30, seconds=1)
    with time_machine.travel(after + timedelta(days=179)):
        for username in ("ada", "ADA"):
            with unchanged(User), pytest.raises(AccountTaken) as caught:
                sign_up_as(username, "ada@example.org")
            assert caught.value.data == {"field": "username"}
        assert sign_up_as("countess", "ada@example.org").user.username == "countess"
        assert prune_reserved_usernames() == 0
    with time_machine.travel(after + timedelta(days=181)):
        assert sign_up_as("ada", "other@example.org").user.username == "ada"
        assert prune_reserved_usernames() == 1
    assert not ReservedUsername.objects.exists()


def test_no_name_is_kept_in_clear():
    schedule_own(make_user("Ada"))
    run_when_due()
    (row,) = ReservedUsername.objects.values()
    assert "ada" not in str(row).lower()


def test_steps_run_by_phase_then_by_name():
    assert [step.name for step in deletion_steps()] == [
        "accounts.access",
        "accounts.bots",
        "communities.memberships",
        "accounts.records",
        "chat.read_markers",
        "communities.applications",
        "communities.onboarding",
        "accounts.identity",
    ]


def test_a_step_is_called_until_nothing_is_left_and_then_never_again(steps):
    left, after = [1, 2, 3], []

    def first(_: UserId) -> bool:
        left.pop()
        return not left

    steps += [
        DeletionStep("first", DeletionPhase.CONTENT, first),
        DeletionStep("second", DeletionPhase.IDENTITY, lambda user_id: after.append(user_id) or True),
    ]
    user = make_user()
    schedule_own(user)
    run_when_due()
    run_when_due()
    assert (left, after) == ([], [user.pk])


def test_a_failing_step_leaves_what_was_done_and_is_tried_again_later(steps):
    attempts, second = [], []

    def fail_twice(user_id: UserId) -> bool:
        User.objects.filter(pk=user_id).update(display_name="half done")
        attempts.append(user_id)
        if len(attempts) < 3:
            raise RuntimeError("the words of the error may tell of the user")
        return True

    steps += [
        DeletionStep("first", DeletionPhase.ACCESS, lambda _: True),
        DeletionStep("second", DeletionPhase.CONTENT, fail_twice),
        DeletionStep("third", DeletionPhase.IDENTITY, lambda user_id: second.append(user_id) or True),
    ]
    user = make_user(display_name="Ada")
    schedule_own(user)
    with time_machine.travel(now() + timedelta(days=31), tick=False) as clock:
        run_due_deletions()
        deletion = AccountDeletion.objects.get()
        assert (deletion.failures, deletion.last_error) == (1, "RuntimeError")
        assert deletion.retry_at == now() + timedelta(minutes=1)
        assert [step.name for step in deletion.steps_done.all()] == ["first"]
        assert User.objects.get(pk=user.pk).display_name == "Ada"
        with unchanged(*TABLES):
            assert run_due_deletions() == 0
        clock.shift(timedelta(minutes=1))
        run_due_deletions()
        deletion.refresh_from_db()
        assert (deletion.failures, deletion.retry_at) == (2, now() + timedelta(minutes=2))
        clock.shift(timedelta(minutes=2))
        run_due_deletions()
    deletion.refresh_from_db()
    assert deletion.completed_at is not None
    assert (attempts, second) == ([user.pk] * 3, [user.pk])


def test_a_deletion_that_fails_holds_up_no_other(steps):
    unlucky, other = make_user(), make_user()

    def fail_for_one(user_id: UserId) -> bool:
        if user_id == unlucky.pk:
            raise RuntimeError
        return True

    steps.append(DeletionStep("only", DeletionPhase.CONTENT, fail_for_one))
    for user in (unlucky, other):
        schedule_own(user)
    run_when_due()
    assert AccountDeletion.objects.get(user=unlucky).completed_at is None
    assert AccountDeletion.objects.get(user=other).completed_at is not None


def test_a_run_that_was_killed_goes_on_where_it_stopped(steps):
    class Killed(BaseException):
        pass

    done: list[str] = []

    def die(_: UserId) -> bool:
        if done == ["first"]:
            done.append("killed")
            raise Killed
        done.append("second")
        return True

    steps += [
        DeletionStep("first", DeletionPhase.ACCESS, lambda _: done.append("first") or True),
        DeletionStep("second", DeletionPhase.CONTENT, die),
    ]
    schedule_own(make_user())
    with pytest.raises(Killed):
        run_when_due()
    run_when_due()
    assert done == ["first", "killed", "second"]
    assert AccountDeletion.objects.get().completed_at is not None


def test_a_deletion_that_has_begun_is_not_cancelled(steps):
    def fail(_: UserId) -> bool:
        raise RuntimeError

    steps += [
        DeletionStep("first", DeletionPhase.ACCESS, lambda _: True),
        DeletionStep("second", DeletionPhase.CONTENT, fail),
    ]
    user = make_user("ada")
    schedule_own(user)
    run_when_due()
    for actor in (actor_for(user), SYSTEM):
        with unchanged(*TABLES), pytest.raises(NotFound):
            cancel(actor, user)
    with unchanged(*TABLES), pytest.raises(AccountDisabled):
        log_in(login="ada", password=PASSWORD, client=CLIENT)


def test_the_database_keeps_one_open_deletion_per_user():
    user = make_user()
    schedule_own(user)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccountDeletion.objects.create(user=user, due_at=now())


def test_an_anonymous_call_deletes_nothing():
    with pytest.raises(Unauthenticated):
        deactivate_account(ANONYMOUS)


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_one_deletion_one_does_each_step_once(steps):
    calls: list[str] = []
    for name in ("a", "b", "c"):
        steps.append(DeletionStep(name, DeletionPhase.CONTENT, lambda _, name=name: calls.append(name) or True))
    user = make_user()
    schedule_own(user)
    AccountDeletion.objects.update(due_at=now())
    at_once(run_due_deletions, run_due_deletions)
    run_due_deletions()
    assert calls == ["a", "b", "c"]
    assert AccountDeletion.objects.get().completed_at is not None


def subjects() -> list[tuple[str, str]]:
    return [(mail.to, mail.subject) for mail in waiting(Mail)]


def test_each_turn_is_told_by_mail_and_the_last_one_while_the_address_is_known():
    user = make_user("ada", display_name="Ada")
    with time_machine.travel(datetime(2026, 1, 1, 12, tzinfo=UTC)):
        schedule_own(user)
        cancel(actor_for(user), user)
        schedule_own(user)
    assert subjects() == [
        ("ada@example.org", "Your account will be deleted on 31 January 2026"),
        ("ada@example.org", "Your account will not be deleted"),
        ("ada@example.org", "Your account will be deleted on 31 January 2026"),
    ]
    assert "On 31 January 2026, 12:00 UTC it will be deleted" in waiting(Mail)[0].text
    Delivery.objects.all().delete()
    with time_machine.travel(datetime(2026, 2, 1, tzinfo=UTC)):
        run_due_deletions()
        assert subjects() == [("ada@example.org", "Your account has been deleted")]
