"""Forgotten and changed passwords, end to end: who gets a mail, what a code is good for, and which sessions end."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import check_password

from accounts.events import SessionRevoked
from accounts.models import Delivery, Session, User
from eventlog.topics import topic_for
from kernel.mail import Mail
from tests.accounts.flows.conftest import AppClient
from tests.accounts.outgoing import waiting
from tests.event_log import events_of
from tests.factories.accounts import PASSWORD, make_user, sign_in
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

NEW = "a wholly new sentence"


@pytest.fixture
def ada() -> User:
    user = make_user("ada")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def revoked(user: User) -> list[object]:
    events = [event for _, _, event in events_of(topic_for("user", user.id))]
    return [event.session for event in events if isinstance(event, SessionRevoked)]


def mails() -> list[Mail]:
    return waiting(Mail)


def has_password(user: User, password: str) -> bool:
    return check_password(password, User.objects.get(pk=user.pk).password)


def ask(app, email: str):
    return app.call("post", "/auth/password/request", {"email": email})


def test_a_forgotten_password_is_reset_by_a_code_and_every_session_ends(app, ada):
    sign_in(ada)
    session = Session.objects.get()
    assert ask(app, "Ada@Example.org").status_code == 401
    (mail,) = mails()
    code = re.search(r"Your code is (\S+)", mail.text)[1]
    assert (mail.to, mail.subject) == ("ada@example.org", f"{code} is your code for a new password")
    answer = app.call("post", "/auth/password/reset", {"key": code, "password": NEW})
    assert answer.status_code == 401  # nobody is signed in by it
    assert has_password(ada, NEW)
    assert revoked(ada) == [session.id]
    assert mails()[-1].subject == "Your password was reset"
    assert app.call("post", "/auth/password/reset", {"key": code, "password": PASSWORD}).status_code == 409


def test_a_code_is_good_for_three_guesses(app, ada):
    ask(app, "ada@example.org")
    code = re.search(r"Your code is (\S+)", mails()[0].text)[1]
    for _ in range(3):
        app.call("post", "/auth/password/reset", {"key": "BBBB-BBBB", "password": NEW})
    assert app.call("post", "/auth/password/reset", {"key": code, "password": NEW}).status_code == 409
    assert has_password(ada, PASSWORD)


def test_a_code_is_good_in_the_session_that_asked_for_it_alone(app, ada):
    ask(app, "ada@example.org")
    code = re.search(r"Your code is (\S+)", mails()[0].text)[1]
    stranger = AppClient()
    assert stranger.call("post", "/auth/password/reset", {"key": code, "password": NEW}).status_code == 409
    assert has_password(ada, PASSWORD)


def test_asking_for_an_address_that_nobody_has_looks_the_same_and_tells_its_owner(ada):
    answers = []
    for email in ("ada@example.org", "nobody@example.org"):
        answer = ask(AppClient(), email)
        body = answer.json()
        body["meta"]["session_token"] = len(body["meta"]["session_token"])
        answers.append((answer.status_code, body))
    assert answers[0] == answers[1]
    assert [(mail.to, mail.subject) for mail in mails()][1] == ("nobody@example.org", "No account has this address")


def test_an_address_is_sent_five_resets_an_hour(app, ada):
    answers = [ask(AppClient(), "ada@example.org").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert len(mails()) == 5


def test_a_forgotten_password_is_reset_by_a_link_where_the_setting_says_so(app, ada, settings):
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = False
    assert ask(app, "ada@example.org").status_code == 200
    (mail,) = mails()
    key = re.search(r"/#/reset-password/(\S+)", mail.text)[1]
    answer = app.call("post", "/auth/password/reset", {"key": key, "password": NEW})
    assert answer.status_code == 401
    assert has_password(ada, NEW)
    answer = app.call("post", "/auth/password/reset", {"key": key, "password": PASSWORD})
    assert answer.json()["errors"][0]["code"] == "invalid_password_reset"
    assert has_password(ada, NEW)


def test_a_changed_password_ends_all_other_sessions_and_is_told_by_mail(app, ada):
    sign_in(ada)
    other = Session.objects.get()
    app.call("post", "/auth/login", {"username": "ada", "password": PASSWORD})
    Delivery.objects.all().delete()
    answer = app.call("post", "/account/password/change", {"current_password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 200, answer.content
    assert has_password(ada, NEW)
    assert revoked(ada) == [other.id]
    assert [mail.subject for mail in mails()] == ["Your password was changed"]
    assert "Phone/1" in mails()[0].text
    assert app.call("get", "/auth/session").status_code == 200
    assert app.get("/api/v1/me", headers={"Authorization": f"Bearer {app.access}"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"current_password": "not the password", "new_password": NEW},
        {"new_password": NEW},
        {"current_password": PASSWORD, "new_password": "short"},
        {"current_password": PASSWORD, "new_password": "x" * 257},
    ],
    ids=["wrong", "absent", "too short", "too long"],
)
def test_a_refused_change_of_password_changes_nothing(app, ada, body):
    app.access = sign_in(ada).access
    with unchanged(User, Session, Delivery):
        assert app.call("post", "/account/password/change", body).status_code == 400


def test_a_stranger_cannot_change_a_password(app, ada):
    with unchanged(User, Session, Delivery):
        body = {"current_password": PASSWORD, "new_password": NEW}
        assert app.call("post", "/account/password/change", body).status_code == 401
