"""Giving a verified phone number up over REST. Setting one is in the tests of the flows."""

from __future__ import annotations

import pytest

from accounts.actions.phone_numbers import remove_phone_number, unchecked_set_phone_number
from accounts.errors import ReauthenticationRequired
from accounts.events import PhoneNumberRemoved, PhoneNumberVerified
from accounts.models import Delivery, User, VerifiedPhone
from accounts.queries.phone_numbers import find_by_phone
from eventlog.topics import topic_for
from kernel.ids import UserId
from kernel.mail import Mail
from tests.accounts.outgoing import waiting
from tests.event_log import events_of
from tests.factories.accounts import CLIENT, PASSWORD, actor_for, bearer, key_header, log_in, make_key, make_user
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

NUMBER = "+447700900123"
ROUTE = "/api/v1/me/phone"


def user_with_number(name: str) -> User:
    user = make_user(name)
    unchecked_set_phone_number(UserId(user.id), number=NUMBER)
    return user


def test_a_number_that_is_given_up_is_nobodys_and_signs_nobody_in(api):
    ada, bob = user_with_number("ada"), make_user("bob")
    assert api.delete(ROUTE, headers=bearer(ada)).status_code == 204
    assert find_by_phone(NUMBER) is None
    refused = api.post("/api/v1/auth/login", {"login": NUMBER, "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (401, "auth.invalid_credentials")
    unchecked_set_phone_number(UserId(bob.id), number=NUMBER)
    assert log_in(login=NUMBER, password=PASSWORD, client=CLIENT).user.id == bob.id


def test_the_user_is_told_by_mail_and_on_every_device(api):
    ada = user_with_number("ada")
    headers = bearer(ada)
    Delivery.objects.all().delete()
    api.delete(ROUTE, headers=headers)
    (mail,) = waiting(Mail)
    assert (mail.to, mail.subject) == (ada.email, "Your phone number was removed")
    assert NUMBER in mail.text
    changes = [event for _, name, event in events_of(topic_for("user", ada.id)) if name.startswith("phone_number.")]
    assert changes == [PhoneNumberVerified(number=NUMBER), PhoneNumberRemoved()]


def test_a_number_that_is_not_there_is_not_found(api):
    user_with_number("ada")
    headers = bearer(make_user("bob"))
    with unchanged(VerifiedPhone, Delivery):
        assert api.delete(ROUTE, headers=headers).status_code == 404


def test_a_number_is_not_given_up_without_a_proof_of_late(api):
    user = user_with_number("ada")
    with unchanged(VerifiedPhone, Delivery):
        assert api.delete(ROUTE).status_code == 401
        assert api.delete(ROUTE, headers=key_header(make_key(user)[0])).status_code == 403
    with unchanged(VerifiedPhone, Delivery), pytest.raises(ReauthenticationRequired):
        remove_phone_number(actor_for(user))
