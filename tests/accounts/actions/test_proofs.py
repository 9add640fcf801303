"""Proving a second factor: which codes and passkeys are taken, each once, at what rate, and what is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator

from accounts.actions.attempts import Client
from accounts.actions.passkeys import add_passkey
from accounts.actions.proofs import prove_by_code, prove_by_passkey, prove_by_passkey_alone
from accounts.errors import SecondFactorRefused
from accounts.events import RecoveryCodeUsed
from accounts.models import Delivery
from accounts.processing.passkeys import Holder, begin_registration, begin_signing, key_of, relying_party
from eventlog.topics import topic_for
from kernel.clock import now
from kernel.errors import RateLimited
from kernel.mail import Mail
from kernel.rate_limits import RateLimit
from tests.accounts.outgoing import waiting
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.accounts import CLIENT, actor_for, make_user
from tests.factories.second_factors import code_of, give_totp, recovery_codes
from tests.factories.totp import STEP
from tests.passkeys import SoftwareAuthenticator
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user("ada")


def prove(user, code):
    return prove_by_code(user, code=code, client=CLIENT)


def give_passkey(user, device, *, passwordless=True):
    holder = Holder(user.id.bytes, user.username, user.display_name)
    options, state = begin_registration(relying_party(), holder, known=[], passwordless=passwordless)
    return add_passkey(actor_for(user), state=state, credential=device.create(options))


def question(user, *, passwordless=False):
    known = [key_of(one.data["credential"]) for one in Authenticator.objects.filter(user=user, type="webauthn")]
    return begin_signing(relying_party(), known=known, passwordless=passwordless)


def test_the_code_that_the_app_shows_is_taken_once(user):
    give_totp(user)
    code = code_of()
    factor = prove(user, code)
    assert (factor.type, factor.last_used_at is not None) == ("totp", True)
    with unchanged(Authenticator, Delivery), pytest.raises(SecondFactorRefused):
        prove(user, code)


@time_machine.travel("2026-03-01 12:00:00Z", tick=False)
@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, False), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(user, steps, taken):
    give_totp(user)
    if taken:
        assert prove(user, code_of(steps=steps)).type == "totp"
        return
    with pytest.raises(SecondFactorRefused):
        prove(user, code_of(steps=steps))


def test_a_code_from_before_the_last_one_is_worth_nothing(user):
    with time_machine.travel(now(), tick=False) as clock:
        give_totp(user)
        clock.shift(timedelta(seconds=10 * STEP))
        earlier = code_of(steps=0)
        prove(user, code_of(steps=1))
        with pytest.raises(SecondFactorRefused):
            prove(user, earlier)


@pytest.mark.parametrize("typed", ["{0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}", " {0} ", "{0[0]}-{0}"])
def test_blanks_and_dashes_in_a_code_are_slips(user, typed):
    give_totp(user)
    code = code_of()
    given = typed.format(code)
    if given.replace("-", "").strip().replace(" ", "") == code:
        assert prove(user, given).type == "totp"
    else:
        with pytest.raises(SecondFactorRefused):
            prove(user, given)


@pytest.mark.parametrize("code", ["", "0", "not a code", "\ud800", "\uff11\uff12\uff13\uff14\uff15\uff16", "0" * 32])
def test_what_is_no_code_is_refused_like_a_wrong_one(user, code):
    give_totp(user)
    with unchanged(Authenticator, Delivery), pytest.raises(SecondFactorRefused):
        prove(user, code)


def test_nobody_proves_what_they_have_not(user):
    with unchanged(Authenticator, Delivery), pytest.raises(SecondFactorRefused):
        prove(user, "123456")


def test_the_code_of_somebody_else_is_refused(user):
    give_totp(make_user("eve"))
    with pytest.raises(SecondFactorRefused):
        prove(user, code_of())


@pytest.mark.django_db(transaction=True)
def test_of_two_who_send_a_code_at_once_one_is_let_in():
    user = make_user()
    give_totp(user)
    code = code_of()
    outcomes = at_once(lambda: prove(user, code), lambda: prove(user, code))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Authenticator", "SecondFactorRefused"]


def test_a_recovery_code_is_taken_once_and_its_owner_is_told(user):
    give_totp(user)
    Delivery.objects.all().delete()
    first, *others = recovery_codes(user)
    assert prove(user, first).type == "recovery_codes"
    assert recovery_codes(user) == others
    assert [event for _, name, event in events_of(topic_for("user", user.id)) if name == "recovery_code.used"] == [
        RecoveryCodeUsed(left=9)
    ]
    (mail,) = waiting(Mail)
    assert (mail.to, mail.subject) == ("ada@example.org", "A recovery code was used")
    assert "left: 9" in mail.text
    with unchanged(Authenticator, Delivery), pytest.raises(SecondFactorRefused):
        prove(user, first)


def test_recovery_codes_have_ten_digits_and_differ_between_people(user):
    give_totp(user)
    other = make_user()
    give_totp(other)
    codes = recovery_codes(user)
    assert (len(codes), {len(code) for code in codes}) == (10, {10})
    assert not set(codes) & set(recovery_codes(other))


def test_guessing_is_slowed_down_and_a_right_code_begins_anew(user):
    give_totp(user)
    for _ in range(5):
        with pytest.raises(SecondFactorRefused):
            prove(user, "000000")
    with pytest.raises(RateLimited) as caught:
        prove(user, code_of())
    assert 29 < caught.value.retry_after <= 30


def test_in_a_day_only_so_many_codes_are_tried_wherever_they_come_from(user, settings):
    give_totp(user)
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"second_factor.day": RateLimit("second_factor.day", 3, 86_400)}
    for number in range(2):
        with pytest.raises(SecondFactorRefused):
            prove_by_code(user, code="000000", client=Client(network=f"192.0.2.{number}"))
    with pytest.raises(RateLimited) as caught:
        prove_by_code(user, code=code_of(), client=Client(network="192.0.2.99"))
    assert caught.value.data == {"limit": "second_factor.day"}


def test_the_secret_of_the_app_and_the_seed_of_the_codes_are_not_in_clear_in_the_database(user):
    give_totp(user)
    stored = str(list(Authenticator.objects.values("data")))
    assert "JBSWY3DP" not in stored
    assert not [code for code in recovery_codes(user) if code in stored]


def test_a_passkey_proves_and_its_counter_is_kept(user):
    device = SoftwareAuthenticator()
    passkey = give_passkey(user, device)
    options, state = question(user)
    proven = prove_by_passkey(user, state=state, credential=device.get(options))
    assert (proven.pk, proven.data["sign_count"], proven.last_used_at is not None) == (passkey.pk, 2, True)


def test_a_passkey_alone_names_its_user(user):
    device = SoftwareAuthenticator()
    passkey = give_passkey(user, device)
    options, state = begin_signing(relying_party(), known=[], passwordless=True)
    proven, factor = prove_by_passkey_alone(state=state, credential=device.get(options))
    assert (proven.id, factor.pk) == (user.id, passkey.pk)


@pytest.mark.parametrize("handle", [b"", b"nobody", b"\0" * 16, b"x" * 64])
def test_a_passkey_that_names_nobody_is_refused_like_any_other(user, handle):
    device = SoftwareAuthenticator()
    give_passkey(user, device)
    device.passkeys[0].user_handle = handle
    options, state = begin_signing(relying_party(), known=[], passwordless=True)
    with unchanged(Authenticator, Delivery), pytest.raises(SecondFactorRefused):
        prove_by_passkey_alone(state=state, credential=device.get(options))


def test_a_passkey_that_names_somebody_else_is_refused(user):
    eve, device = make_user("eve"), SoftwareAuthenticator()
    give_passkey(eve, device)
    give_passkey(user, SoftwareAuthenticator())
    device.passkeys[0].user_handle = user.id.bytes
    options, state = begin_signing(relying_party(), known=[], passwordless=True)
    with unchanged(Authenticator, Delivery), pytest.raises(SecondFactorRefused):
        prove_by_passkey_alone(state=state, credential=device.get(options))


def test_a_counter_that_does_not_grow_is_refused_and_its_owner_is_told_once(user):
    device = SoftwareAuthenticator()
    give_passkey(user, device)
    Delivery.objects.all().delete()
    for _ in range(2):
        device.passkeys[0].sign_count = 0
        options, state = question(user)
        with pytest.raises(SecondFactorRefused):
            prove_by_passkey(user, state=state, credential=device.get(options))
    (mail,) = waiting(Mail)
    assert mail.subject == "A passkey was refused"
    assert Authenticator.objects.get(type="webauthn").data["sign_count"] == 1


def test_a_passkey_that_never_counts_is_taken_each_time(user):
    device = SoftwareAuthenticator(counts=False)
    give_passkey(user, device)
    for _ in range(2):
        options, state = question(user)
        assert prove_by_passkey(user, state=state, credential=device.get(options)).type == "webauthn"


def test_a_passkey_that_was_removed_is_refused(user):
    device = SoftwareAuthenticator()
    give_passkey(user, device)
    options, state = question(user)
    Authenticator.objects.filter(type="webauthn").delete()
    with pytest.raises(SecondFactorRefused):
        prove_by_passkey(user, state=state, credential=device.get(options))
