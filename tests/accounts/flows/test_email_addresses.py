"""E-mail addresses, end to end: verified by link or code, and changed after a fresh proof of who asks."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from allauth.account.models import EmailAddress

from accounts.events import UserUpdated
from accounts.models import Delivery, ReservedUsername, Session, User
from accounts.queries.deletions import hash_of_username
from eventlog.topics import topic_for
from kernel.clock import now
from kernel.mail import Mail
from tests.accounts.outgoing import waiting
from tests.event_log import events_of
from tests.factories.accounts import PASSWORD, make_user
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

ADA = {"email": "ada@example.org", "username": "ada", "password": PASSWORD}
NEW = "ada@lovelace.example"


@pytest.fixture
def mandatory(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True


@pytest.fixture
def ada(app) -> User:
    """Ada is signed in, and has a verified address."""
    user = make_user("ada")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    app.call("post", "/auth/login", {"username": "ada", "password": PASSWORD})
    Delivery.objects.all().delete()
    return user


def key_in(mail: Mail) -> str:
    return unquote(re.search(r"/#/verify-email/(\S+)", mail.text)[1])


def addresses() -> list[tuple[str, bool, bool]]:
    return list(EmailAddress.objects.order_by("pk").values_list("email", "primary", "verified"))


def reauthenticate(app) -> None:
    assert app.call("post", "/auth/reauthenticate", {"password": PASSWORD}).status_code == 200


def test_the_link_in_the_mail_of_a_sign_up_verifies_the_address_once(app):
    app.call("post", "/auth/signup", ADA)
    (mail,) = waiting(Mail)
    assert mail.subject == "Welcome: confirm your e-mail address"
    answer = app.call("get", "/auth/email/verify", **{"X-Email-Verification-Key": key_in(mail)})
    assert answer.json()["data"]["email"] == "ada@example.org"
    assert app.call("post", "/auth/email/verify", {"key": key_in(mail)}).status_code == 200
    assert addresses() == [("ada@example.org", True, True)]
    assert app.call("post", "/auth/email/verify", {"key": key_in(mail)}).status_code == 400


@pytest.mark.parametrize("change", [lambda key: key[:-1], lambda key: "", lambda key: "x:y:z"])
def test_a_link_that_was_changed_verifies_nothing(app, change):
    app.call("post", "/auth/signup", ADA)
    key = key_in(waiting(Mail)[0])
    with unchanged(User, Session, EmailAddress):
        assert app.call("post", "/auth/email/verify", {"key": change(key)}).status_code == 400


def test_the_code_of_a_sign_up_is_good_for_three_guesses(app, mandatory):
    app.call("post", "/auth/signup", ADA)
    code = waiting(Mail)[0].subject.split()[0]
    for _ in range(3):
        app.call("post", "/auth/email/verify", {"key": "BBBB-BBBB"})
    assert app.call("post", "/auth/email/verify", {"key": code}).status_code == 409
    assert addresses() == [("ada@example.org", True, False)]
    assert not Session.objects.exists()


def test_another_code_can_be_had_and_takes_the_place_of_the_one_before(app, mandatory):
    app.call("post", "/auth/signup", ADA)
    assert app.call("post", "/auth/email/verify/resend").status_code == 200
    first, second = (mail.subject.split()[0] for mail in waiting(Mail))
    assert app.call("post", "/auth/email/verify", {"key": first}).status_code == 400
    assert app.call("post", "/auth/email/verify", {"key": second}).status_code == 200
    assert addresses() == [("ada@example.org", True, True)]


@pytest.mark.parametrize("taken", [False, True])
def test_another_code_can_be_asked_for_three_times_whether_or_not_the_address_is_taken(app, mandatory, taken):
    if taken:
        make_user("ada")
    app.call("post", "/auth/signup", ADA | {"username": "new"})
    answers = [app.call("post", "/auth/email/verify/resend") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 409]
    assert len(waiting(Mail)) == (1 if taken else 4)


def test_a_change_of_address_asks_who_it_is_first(app, ada):
    with unchanged(User, EmailAddress, Delivery):
        answer = app.call("post", "/account/email", {"email": NEW})
    assert answer.status_code == 401
    assert {"id": "reauthenticate"} in answer.json()["data"]["flows"]


def test_an_address_is_changed_when_the_new_one_is_verified_and_the_old_one_is_told(app, ada):
    reauthenticate(app)
    assert app.call("post", "/account/email", {"email": NEW}).status_code == 200
    assert addresses() == [("ada@example.org", True, True), (NEW, False, False)]
    assert User.objects.get().email == "ada@example.org"
    (mail,) = waiting(Mail)
    assert mail.to == NEW
    assert app.call("post", "/auth/email/verify", {"key": key_in(mail)}).status_code == 200
    assert addresses() == [(NEW, True, True)]
    assert User.objects.get().email == NEW
    told = waiting(Mail)[-1]
    assert (told.to, told.subject) == ("ada@example.org", "Your e-mail address was changed")
    events = [event for _, _, event in events_of(topic_for("user", ada.id)) if isinstance(event, UserUpdated)]
    assert [event.user.email for event in events] == [NEW]


def test_an_address_is_changed_by_code_where_addresses_must_be_verified(app, ada, mandatory):
    reauthenticate(app)
    app.call("post", "/account/email", {"email": NEW})
    (mail,) = waiting(Mail)
    assert app.call("post", "/auth/email/verify", {"key": mail.subject.split()[0]}).status_code == 200
    assert addresses() == [(NEW, True, True)]


def test_a_change_to_somebody_elses_address_looks_like_any_other_and_changes_nothing(app, ada):
    make_user("bob")
    reauthenticate(app)
    assert app.call("post", "/account/email", {"email": "bob@example.org"}).status_code == 200
    with unchanged(User, EmailAddress, Session):
        answer = app.call("post", "/auth/email/verify", {"key": key_in(waiting(Mail)[0])})
    assert (answer.status_code, answer.json()["code"]) == (409, "account.taken")


def test_a_stranger_sees_and_changes_no_address(app, ada):
    app.access = app.session_token = ""
    with unchanged(User, EmailAddress, Delivery):
        for method, body in (("get", None), ("post", {"email": NEW}), ("delete", {"email": "ada@example.org"})):
            assert app.call(method, "/account/email", body).status_code in {401, 409}


@pytest.mark.parametrize("taken", [False, True])
def test_a_name_that_is_kept_free_is_refused_whether_or_not_the_address_is_taken(app, mandatory, taken):
    if taken:
        make_user("ada")
    until = now() + timedelta(days=1)
    ReservedUsername.objects.create(name_hash=hash_of_username("gone"), until=until)
    with unchanged(User, EmailAddress, Delivery, Session):
        answer = app.call("post", "/auth/signup", ADA | {"username": "Gone"})
    assert answer.status_code == 400
    assert [(error["param"], error["code"]) for error in answer.json()["errors"]] == [("username", "username_taken")]
