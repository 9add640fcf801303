"""Phone numbers, end to end: verified by SMS, owned by one user, and good to sign in with."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress

from accounts.actions.phone_numbers import unchecked_set_phone_number
from accounts.errors import PhoneTaken
from accounts.models import Delivery, Session, User, VerifiedPhone
from kernel.ids import UserId
from kernel.mail import Mail
from kernel.sms import Sms
from tests.accounts.flows.conftest import AppClient
from tests.accounts.outgoing import waiting
from tests.factories.accounts import PASSWORD, make_user
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

NUMBER = "+447700900123"


def signed_in(name: str) -> AppClient:
    user = make_user(name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    app = AppClient()
    app.call("post", "/auth/login", {"username": name, "password": PASSWORD})
    app.call("post", "/auth/reauthenticate", {"password": PASSWORD})
    Delivery.objects.all().delete()
    return app


def code_sent() -> str:
    sms = waiting(Sms)[-1]
    return next(word for word in sms.text.replace(".", " ").split() if word.isdigit() and len(word) == 6)


@pytest.fixture(autouse=True)
def _served(settings):
    settings.SMS_PREFIXES = ["+44"]


def test_a_number_is_the_users_once_the_code_that_was_sent_to_it_is_typed():
    app = signed_in("ada")
    answer = app.call("post", "/account/phone", {"phone": "+44 (0)7700 900-123"})
    assert answer.status_code == 202, answer.content
    assert answer.json()["data"] == [{"phone": NUMBER, "verified": False}]
    assert not VerifiedPhone.objects.exists()
    assert [sms.to for sms in waiting(Sms)] == [NUMBER]
    assert app.call("post", "/auth/phone/verify", {"code": code_sent()}).status_code == 200
    phone = VerifiedPhone.objects.get()
    assert (phone.user.username, phone.number) == ("ada", NUMBER)
    assert app.call("get", "/account/phone").json()["data"] == [{"phone": NUMBER, "verified": True}]


def test_the_user_is_told_of_a_new_number_by_mail():
    app = signed_in("ada")
    app.call("post", "/account/phone", {"phone": NUMBER})
    code = code_sent()
    Delivery.objects.all().delete()
    app.call("post", "/auth/phone/verify", {"code": code})
    (mail,) = waiting(Mail)
    assert (mail.to, mail.subject) == ("ada@example.org", "Your phone number was changed")


def test_a_code_is_good_for_three_guesses():
    app = signed_in("ada")
    app.call("post", "/account/phone", {"phone": NUMBER})
    code = code_sent()
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(3):
        app.call("post", "/auth/phone/verify", {"code": wrong})
    assert app.call("post", "/auth/phone/verify", {"code": code}).status_code == 409
    assert not VerifiedPhone.objects.exists()


@pytest.mark.parametrize(("number", "code"), [("12345", "phone.invalid"), ("+15005550006", "phone.not_served")])
def test_a_number_that_gets_no_sms_is_refused(number, code):
    app = signed_in("ada")
    with unchanged(VerifiedPhone, Delivery):
        answer = app.call("post", "/account/phone", {"phone": number})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


def test_a_number_that_somebody_has_merely_typed_is_free_for_its_owner():
    first, owner = signed_in("bob"), signed_in("ada")
    first.call("post", "/account/phone", {"phone": NUMBER})
    stale = code_sent()
    owner.call("post", "/account/phone", {"phone": NUMBER})
    assert owner.call("post", "/auth/phone/verify", {"code": code_sent()}).status_code == 200
    answer = first.call("post", "/auth/phone/verify", {"code": stale})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "phone_taken")
    assert VerifiedPhone.objects.get().user.username == "ada"


def test_a_number_has_one_owner_whoever_asks():
    ada, bob = make_user("ada"), make_user("bob")
    unchecked_set_phone_number(UserId(ada.id), number=NUMBER)
    with unchanged(VerifiedPhone), pytest.raises(PhoneTaken):
        unchecked_set_phone_number(UserId(bob.id), number=NUMBER)


def test_a_number_is_changed_after_a_fresh_proof_alone():
    app = signed_in("ada")
    fresh = AppClient()
    fresh.call("post", "/auth/login", {"username": "ada", "password": PASSWORD})
    Delivery.objects.all().delete()
    with unchanged(VerifiedPhone, Delivery):
        assert fresh.call("post", "/account/phone", {"phone": NUMBER}).status_code == 401
    assert app.call("post", "/account/phone", {"phone": NUMBER}).status_code == 202


@pytest.mark.parametrize("route", ["rest", "allauth"])
def test_a_verified_number_signs_in(api, app, route):
    user = make_user("ada")
    unchecked_set_phone_number(UserId(user.id), number=NUMBER)
    if route == "rest":
        answer = api.post("/api/v1/auth/login", {"login": "+44 7700 900123", "password": PASSWORD})
    else:
        answer = app.call("post", "/auth/login", {"phone": NUMBER, "password": PASSWORD})
    assert answer.status_code == 200, answer.content
    assert Session.objects.get().user_id == user.id


def test_a_number_that_nobody_owns_gets_the_answer_of_a_wrong_password(api):
    user = make_user("ada")
    unchecked_set_phone_number(UserId(user.id), number=NUMBER)
    with unchanged(User, Session):
        answers = [
            api.post("/api/v1/auth/login", {"login": login, "password": "not the password"})
            for login in (NUMBER, "+447700900999", "+nonsense")
        ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(401, "auth.invalid_credentials")}
