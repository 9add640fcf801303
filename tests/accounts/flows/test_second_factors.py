"""Second factors from sign-in to settings, as a mobile app with tokens and a browser with cookies see them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.actions.sessions import revoke_session
from accounts.actions.trusted_devices import distrust_device
from accounts.authentication import actor_of_access_token
from accounts.constants import StaffPermission, StaffRole
from accounts.models import Session, TrustedDevice, WebSession
from accounts.policies import has_staff_permission
from eventlog.topics import topic_for
from kernel.actor import user_actor
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import SessionId, UserId
from kernel.mail import Mail
from tests.accounts.flows.conftest import BROWSER
from tests.accounts.outgoing import waiting
from tests.event_log import types_of
from tests.factories.accounts import PASSWORD, actor_for, make_staff, make_user
from tests.factories.accounts import sign_in as sign_in_as
from tests.factories.second_factors import code_of, factors, flow, give_totp, recovery_codes
from tests.passkeys import SoftwareAuthenticator
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

ADA = {"username": "ada", "password": PASSWORD}
FACTORS = "/account/authenticators"


class BrowserClient(Client):
    """A browser: cookies, and the CSRF token from one of them in a header."""

    def __init__(self) -> None:
        super().__init__(headers={"user-agent": "Browser/1"}, enforce_csrf_checks=True)
        self.get(f"{BROWSER}/config")

    def call(self, method, path, body=None, **headers):
        token = {"X-CSRFToken": self.cookies["csrftoken"].value}
        payload = {} if body is None else {"data": body}
        return getattr(self, method)(
            f"{BROWSER}{path}", content_type="application/json", headers=token | headers, **payload
        )


@pytest.fixture(params=["app", "browser"])
def client_of_either_kind(request, app):
    return app if request.param == "app" else BrowserClient()


@pytest.fixture
def user():
    return make_user("ada")


def sign_in(client, **headers):
    return client.call("post", "/auth/login", ADA, **headers)


def signed_in(client, **body):
    """Sign in past the second factor with the present code."""
    assert flow(sign_in(client), "mfa_authenticate")["is_pending"] is True
    answer = client.call("post", "/auth/2fa/authenticate", {"code": code_of()} | body)
    assert answer.status_code == 200, answer.content
    return answer


def prove_again(client, code=None):
    body = {"code": code} if code else {"password": PASSWORD}
    path = "/auth/2fa/reauthenticate" if code else "/auth/reauthenticate"
    answer = client.call("post", path, body)
    assert answer.status_code == 200, answer.content


def codes_of(answer):
    return [error["code"] for error in answer.json()["errors"]]


def told(user):
    """Return what the user's devices were told of but sign-ins."""
    return [name for name in types_of(topic_for("user", user.id)) if not name.startswith("session.")]


def sessions():
    return Session.objects.count()


# --- Signing in ---


def test_a_login_waits_for_the_second_factor_and_goes_on_with_its_code(client_of_either_kind, user):
    give_totp(user)
    answer = sign_in(client_of_either_kind)
    assert answer.status_code == 401
    assert flow(answer, "mfa_authenticate") == {
        "id": "mfa_authenticate",
        "is_pending": True,
        "types": ["recovery_codes", "totp"],
    }
    assert "access_token" not in (answer.json().get("meta") or {})
    assert sessions() == 0
    answer = client_of_either_kind.call("post", "/auth/2fa/authenticate", {"code": code_of()})
    assert (answer.status_code, answer.json()["data"]["user"]["username"]) == (200, "ada")
    assert sessions() == 1


def test_an_app_gets_its_tokens_after_the_second_factor(app, user):
    give_totp(user)
    meta = signed_in(app).json()["meta"]
    assert actor_of_access_token(meta["access_token"]).actor.user_id == user.id
    assert meta.keys() >= {"access_token", "refresh_token", "expires_in", "session_token"}


@pytest.mark.parametrize("code", ["000000", "", None, 7, [], {"a": 1}, "x" * 33, "nul\0"])
def test_a_wrong_code_lets_nobody_in_and_says_no_more(client_of_either_kind, user, code):
    give_totp(user)
    sign_in(client_of_either_kind)
    with unchanged(Authenticator, Session):
        answer = client_of_either_kind.call("post", "/auth/2fa/authenticate", {"code": code})
    assert answer.status_code == 400
    assert sessions() == 0


def test_wrong_used_and_expired_codes_get_one_answer(app, user):
    with time_machine.travel(now(), tick=False):  # a step that begins meanwhile has another code
        give_totp(user)
        codes = "000000", code_of(steps=0), code_of(steps=-9)
        sign_in(app)
        answers = [app.call("post", "/auth/2fa/authenticate", {"code": code}) for code in codes]
    assert {(answer.status_code, answer.content) for answer in answers} == {(400, answers[0].content)}
    assert answers[0].json()["errors"] == [
        {"message": "This code is not right, or was used already.", "code": "incorrect_code", "param": "code"}
    ]


def test_a_recovery_code_does_when_the_phone_is_lost(client_of_either_kind, user):
    give_totp(user)
    code = recovery_codes(user)[0]
    sign_in(client_of_either_kind)
    answer = client_of_either_kind.call("post", "/auth/2fa/authenticate", {"code": f"{code[:5]}-{code[5:]}"})
    assert answer.status_code == 200
    assert told(user)[-1] == "recovery_code.used"


def test_without_a_password_first_no_code_is_taken(client_of_either_kind, user):
    give_totp(user)
    with unchanged(Authenticator, Session):
        for path in ("/auth/2fa/authenticate", "/auth/2fa/reauthenticate"):
            answer = client_of_either_kind.call("post", path, {"code": code_of()})
            assert answer.status_code == 401


def test_too_many_codes_say_when_to_come_back(app, user):
    give_totp(user)
    sign_in(app)
    for _ in range(5):
        app.call("post", "/auth/2fa/authenticate", {"code": "000000"})
    answer = app.call("post", "/auth/2fa/authenticate", {"code": code_of()})
    assert (answer.status_code, answer.json()["code"]) == (429, "rate.limited")
    assert answer.headers["Retry-After"] == "30"
    assert sessions() == 0


def test_a_password_that_changes_between_password_and_code_ends_the_login(app, user):
    give_totp(user)
    sign_in(app)
    user.set_password("another password")
    user.save()
    answer = app.call("post", "/auth/2fa/authenticate", {"code": code_of()})
    assert (answer.status_code, sessions()) == (401, 0)


# --- Setting up ---


def test_an_app_is_set_up_with_the_code_that_it_shows(client_of_either_kind, user):
    client = client_of_either_kind
    sign_in(client)
    offer = client.call("get", f"{FACTORS}/totp")
    meta = offer.json()["meta"]
    assert offer.status_code == 404
    assert meta["totp_url"] == f"otpauth://totp/ada?secret={meta['secret']}&issuer=Portcullis"
    assert meta["totp_svg"].startswith("<?xml") or meta["totp_svg"].startswith("<svg")
    assert meta["secret"] not in str(list(WebSession.objects.values("session_data")))
    refused = client.call("post", f"{FACTORS}/totp", {"code": code_of(meta["secret"])})
    assert [one["id"] for one in refused.json()["data"]["flows"] if not one.get("types")] >= ["reauthenticate"]
    assert (refused.status_code, factors(user)) == (401, [])
    prove_again(client)
    answer = client.call("post", f"{FACTORS}/totp", {"code": code_of(meta["secret"])})
    assert (answer.status_code, answer.json()["data"]["type"]) == (200, "totp")
    assert factors(user) == ["recovery_codes", "totp"]
    assert told(user) == ["second_factor.added", "recovery_codes.replaced"]
    assert "A second factor was added" in [mail.subject for mail in waiting(Mail)]
    assert client.call("get", f"{FACTORS}/totp").json()["data"]["type"] == "totp"


def test_a_wrong_first_code_sets_up_nothing(app, user):
    sign_in(app)
    prove_again(app)
    app.call("get", f"{FACTORS}/totp")
    with unchanged(Authenticator):
        answer = app.call("post", f"{FACTORS}/totp", {"code": "000000"})
    assert (answer.status_code, codes_of(answer)) == (400, ["incorrect_code"])


def test_a_code_without_an_offer_sets_up_nothing(app, user):
    sign_in(app)
    prove_again(app)
    answer = app.call("post", f"{FACTORS}/totp", {"code": code_of()})
    assert (answer.status_code, factors(user)) == (400, [])


def test_an_account_whose_address_is_not_verified_gets_no_second_factor(app, user):
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    sign_in(app)
    prove_again(app)
    answers = [app.call("get", f"{FACTORS}/{kind}") for kind in ("totp", "webauthn")]
    assert {(answer.status_code, *codes_of(answer)) for answer in answers} == {(409, "unverified_email")}


def test_a_second_app_is_refused(app, user):
    sign_in(app)
    prove_again(app)
    secret = app.call("get", f"{FACTORS}/totp").json()["meta"]["secret"]
    give_totp(user)
    prove_again(app, recovery_codes(user)[0])
    with unchanged(Authenticator):
        answer = app.call("post", f"{FACTORS}/totp", {"code": code_of(secret)})
    assert (answer.status_code, answer.json()["code"]) == (409, "second_factor.present")


# --- A fresh proof ---


CHANGES = [
    ("delete", "/totp", None),
    ("post", "/recovery-codes", {}),
    ("get", "/recovery-codes", None),
    ("get", "/webauthn", None),
    ("put", "/webauthn", {"id": 1, "name": "x"}),
    ("delete", "/webauthn", {"authenticators": [1]}),
    ("post", "/webauthn", {"credential": {}}),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_nothing_is_changed_or_shown_without_a_fresh_proof(client_of_either_kind, user, method, path, body):
    give_totp(user)
    signed_in(client_of_either_kind)
    with unchanged(Authenticator, TrustedDevice):
        answer = client_of_either_kind.call(method, FACTORS + path, body)
    assert answer.status_code == 401
    assert [one["id"] for one in answer.json()["data"]["flows"]] == ["mfa_reauthenticate"]
    assert answer.json()["meta"]["is_authenticated"] is True


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_strangers_change_and_see_nothing(client_of_either_kind, user, method, path, body):
    give_totp(user)
    with unchanged(Authenticator, TrustedDevice):
        answer = client_of_either_kind.call(method, FACTORS + path, body)
    assert (answer.status_code, answer.json()["meta"]["is_authenticated"]) == (401, False)


def test_where_there_is_a_second_factor_a_password_is_not_proof_enough(app, user):
    give_totp(user)
    signed_in(app)
    prove_again(app)
    assert (app.call("delete", f"{FACTORS}/totp").status_code, factors(user)) == (401, ["recovery_codes", "totp"])
    prove_again(app, recovery_codes(user)[0])
    assert (app.call("delete", f"{FACTORS}/totp").status_code, factors(user)) == (200, [])


def test_a_proof_is_fresh_for_five_minutes(app, user):
    give_totp(user)
    with time_machine.travel(now(), tick=False) as clock:
        signed_in(app)
        prove_again(app, recovery_codes(user)[0])
        clock.shift(timedelta(seconds=299))
        assert app.call("get", f"{FACTORS}/webauthn").status_code == 200
        clock.shift(timedelta(seconds=2))
        app.access = ""
        assert app.call("get", f"{FACTORS}/webauthn").status_code == 401


# --- Taking away ---


def test_with_the_last_factor_the_recovery_codes_go_and_the_owner_is_told(client_of_either_kind, user):
    give_totp(user)
    signed_in(client_of_either_kind)
    prove_again(client_of_either_kind, recovery_codes(user)[0])
    assert client_of_either_kind.call("delete", f"{FACTORS}/totp").status_code == 200
    assert factors(user) == []
    assert told(user)[-2:] == ["second_factor.removed", "second_factor.removed"]
    assert waiting(Mail)[-1].subject == "Your last second factor was removed"
    assert sign_in(type(client_of_either_kind)()).status_code == 200


# --- Recovery codes ---


def test_recovery_codes_are_shown_once(client_of_either_kind, user):
    give_totp(user)
    expected = recovery_codes(user)
    signed_in(client_of_either_kind)
    prove_again(client_of_either_kind, expected[0])
    first, second = (client_of_either_kind.call("get", f"{FACTORS}/recovery-codes").json()["data"] for _ in range(2))
    assert first["unused_codes"] == expected[1:]
    assert "unused_codes" not in second
    assert (second["unused_code_count"], second["total_code_count"]) == (9, 10)


def test_new_recovery_codes_replace_the_old_ones(client_of_either_kind, user):
    give_totp(user)
    old = recovery_codes(user)
    signed_in(client_of_either_kind)
    prove_again(client_of_either_kind, old[0])
    answer = client_of_either_kind.call("post", f"{FACTORS}/recovery-codes", {})
    new = answer.json()["data"]["unused_codes"]
    assert (answer.status_code, len(new), set(new) & set(old)) == (200, 10, set())
    assert new == recovery_codes(user)
    assert waiting(Mail)[-1].subject == "You have new recovery codes"
    assert client_of_either_kind.call("post", "/auth/2fa/reauthenticate", {"code": old[1]}).status_code == 400


def test_recovery_codes_alone_are_no_second_factor(app, user):
    sign_in(app)
    prove_again(app)
    with unchanged(Authenticator):
        answer = app.call("post", f"{FACTORS}/recovery-codes", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "second_factor.absent")
    assert app.call("get", f"{FACTORS}/recovery-codes").status_code == 404


# --- Passkeys ---


def add_passkey(client, device, *, passwordless=True, **more):
    query = "?passwordless" if passwordless else ""
    offer = client.call("get", f"{FACTORS}/webauthn{query}").json()["data"]["creation_options"]
    return client.call("post", f"{FACTORS}/webauthn", {"credential": device.create(offer)} | more)


def with_passkey(client, **more):
    """Sign in, and make a passkey."""
    device = SoftwareAuthenticator()
    sign_in(client)
    prove_again(client)
    answer = add_passkey(client, device, **more)
    assert answer.status_code == 200, answer.content
    return device, answer.json()["data"]


def ask(client, path):
    return client.call("get", path).json()["data"]["request_options"]


def test_a_passkey_is_made_named_renamed_and_removed(client_of_either_kind, user):
    client = client_of_either_kind
    _, passkey = with_passkey(client, name="Work phone")
    assert (passkey["name"], passkey["is_passwordless"]) == ("Work phone", True)
    renamed = client.call("put", f"{FACTORS}/webauthn", {"id": passkey["id"], "name": " Old phone "})
    assert renamed.json()["data"]["name"] == "Old phone"
    listed = client.call("get", FACTORS).json()["data"]
    assert [(one["type"], one.get("name")) for one in listed] == [("webauthn", "Old phone"), ("recovery_codes", None)]
    gone = client.call("delete", f"{FACTORS}/webauthn", {"authenticators": [passkey["id"]]})
    assert (gone.status_code, factors(user)) == (200, [])
    assert told(user) == [
        "second_factor.added",
        "recovery_codes.replaced",
        "second_factor.updated",
        "second_factor.removed",
        "second_factor.removed",
    ]


def test_a_passkey_without_a_name_gets_one(app, user):
    _, passkey = with_passkey(app)
    assert passkey["name"] == "Passkey 1"


def test_somebody_elses_passkey_is_neither_renamed_nor_removed(app, user):
    make_user("eve")
    thief = type(app)()
    thief.call("post", "/auth/login", ADA | {"username": "eve"})
    prove_again(thief)
    _, passkey = with_passkey(app)
    with unchanged(Authenticator):
        answers = [
            thief.call("put", f"{FACTORS}/webauthn", {"id": passkey["id"], "name": "mine"}),
            thief.call("put", f"{FACTORS}/webauthn", {"id": passkey["id"] + 99, "name": "mine"}),
            thief.call("delete", f"{FACTORS}/webauthn", {"authenticators": [passkey["id"]]}),
        ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}


def test_a_passkey_is_a_second_factor(client_of_either_kind, user):
    device, _ = with_passkey(client_of_either_kind)
    client = type(client_of_either_kind)()
    assert flow(sign_in(client), "mfa_authenticate")["types"] == ["recovery_codes", "webauthn"]
    options = ask(client, "/auth/webauthn/authenticate")
    before = sessions()
    answer = client.call("post", "/auth/webauthn/authenticate", {"credential": device.get(options)})
    assert (answer.status_code, sessions()) == (200, before + 1)


def test_a_passkey_signs_in_without_a_name_or_password(client_of_either_kind, user):
    device, _ = with_passkey(client_of_either_kind)
    client = type(client_of_either_kind)()
    options = ask(client, "/auth/webauthn/login")
    assert options["publicKey"]["userVerification"] == "required"
    assert not options["publicKey"].get("allowCredentials")
    answer = client.call("post", "/auth/webauthn/login", {"credential": device.get(options)})
    assert (answer.status_code, answer.json()["data"]["user"]["username"]) == (200, "ada")


def test_a_passkey_that_its_user_has_not_unlocked_signs_nobody_in(client_of_either_kind, user):
    device, _ = with_passkey(client_of_either_kind)
    device.verifies_user = False
    client = type(client_of_either_kind)()
    options = ask(client, "/auth/webauthn/login")
    before = sessions()
    answer = client.call("post", "/auth/webauthn/login", {"credential": device.get(options)})
    assert (answer.status_code, codes_of(answer), sessions()) == (400, ["incorrect_code"], before)


def test_a_signature_is_taken_once(app, user):
    device, _ = with_passkey(app)
    client = type(app)()
    signed = device.get(ask(client, "/auth/webauthn/login"))
    assert client.call("post", "/auth/webauthn/login", {"credential": signed}).status_code == 200
    other = type(app)()
    ask(other, "/auth/webauthn/login")
    assert other.call("post", "/auth/webauthn/login", {"credential": signed}).status_code == 400


def test_a_question_is_answered_once_even_wrongly(app, user):
    device, _ = with_passkey(app)
    client = type(app)()
    options = ask(client, "/auth/webauthn/login")
    assert client.call("post", "/auth/webauthn/login", {"credential": {"id": "x"}}).status_code == 400
    assert client.call("post", "/auth/webauthn/login", {"credential": device.get(options)}).status_code == 400


def test_what_was_signed_as_a_second_factor_does_not_sign_in_alone(app, user):
    device, _ = with_passkey(app)
    client = type(app)()
    sign_in(client)
    options = ask(client, "/auth/webauthn/authenticate")
    before = sessions()
    answer = client.call("post", "/auth/webauthn/login", {"credential": device.get(options)})
    assert (answer.status_code, sessions()) == (400, before)


def test_who_is_deactivated_cannot_come_in_with_a_passkey(app, user):
    device, _ = with_passkey(app)
    user.is_active = False
    user.save()
    client = type(app)()
    answer = client.call(
        "post", "/auth/webauthn/login", {"credential": device.get(ask(client, "/auth/webauthn/login"))}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "account.disabled")


def test_a_passkey_is_a_fresh_proof(client_of_either_kind, user):
    device, _ = with_passkey(client_of_either_kind)
    client = type(client_of_either_kind)()
    client.call("post", "/auth/webauthn/login", {"credential": device.get(ask(client, "/auth/webauthn/login"))})
    assert client.call("get", f"{FACTORS}/recovery-codes").status_code == 401
    signed = device.get(ask(client, "/auth/webauthn/reauthenticate"))
    assert client.call("post", "/auth/webauthn/reauthenticate", {"credential": signed}).status_code == 200
    assert client.call("get", f"{FACTORS}/recovery-codes").status_code == 200


@pytest.mark.parametrize("credential", [None, 7, "text", [], {}, {"id": "x"}, {"rawId": 1, "response": {}}])
def test_what_is_no_credential_is_refused(client_of_either_kind, user, credential):
    ask(client_of_either_kind, "/auth/webauthn/login")
    answer = client_of_either_kind.call("post", "/auth/webauthn/login", {"credential": credential})
    assert (answer.status_code, sessions()) == (400, 0)


@pytest.mark.parametrize("ids", [None, 7, "1", [], ["1"], [0], [-1], [True], [2**70], list(range(1, 30)), {}])
def test_what_names_no_passkeys_removes_none(app, user, ids):
    with_passkey(app)
    with unchanged(Authenticator):
        answer = app.call("delete", f"{FACTORS}/webauthn", {"authenticators": ids})
    assert answer.status_code == 400


# --- Trusted devices ---


def test_an_app_that_is_trusted_is_not_asked_again(app, user):
    give_totp(user)
    token = signed_in(app, trust=True).json()["meta"]["trusted_device"]
    again = type(app)()
    assert sign_in(again, **{"X-Trusted-Device": token}).status_code == 200
    assert told(user)[-1] == "trusted_device.added"
    assert token not in json.dumps(list(TrustedDevice.objects.values()), default=str)


def test_a_browser_that_is_trusted_is_not_asked_again(user):
    give_totp(user)
    browser = BrowserClient()
    signed_in(browser, trust=True)
    cookie = browser.cookies["trusted_devices"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 30 * 86_400)
    browser.call("delete", "/auth/session")
    assert sign_in(browser).status_code == 200


def test_who_does_not_ask_for_trust_gets_none(client_of_either_kind, user):
    give_totp(user)
    answer = signed_in(client_of_either_kind)
    assert "trusted_devices" not in answer.cookies
    assert "trusted_device" not in (answer.json().get("meta") or {})
    assert not TrustedDevice.objects.exists()


def test_one_browser_is_trusted_by_several_people(user):
    eve = make_user("eve")
    give_totp(user)
    give_totp(eve)
    browser = BrowserClient()
    signed_in(browser, trust=True)
    browser.call("delete", "/auth/session")
    browser.call("post", "/auth/login", ADA | {"username": "eve"})
    browser.call("post", "/auth/2fa/authenticate", {"code": code_of(), "trust": True})
    browser.call("delete", "/auth/session")
    assert sign_in(browser).status_code == 200
    browser.call("delete", "/auth/session")
    assert browser.call("post", "/auth/login", ADA | {"username": "eve"}).status_code == 200


@pytest.mark.parametrize("end", ["expiry", "another factor", "removal of it", "another password", "somebody else"])
def test_trust_ends(app, user, end):
    give_totp(user)
    token = signed_in(app, trust=True).json()["meta"]["trusted_device"]
    login, later = dict(ADA), now()
    if end == "expiry":
        later += timedelta(days=30, seconds=1)
    elif end == "another factor":
        prove_again(app, recovery_codes(user)[0])
        add_passkey(app, SoftwareAuthenticator())
    elif end == "removal of it":
        distrust_device(actor_for(user), device_id=TrustedDevice.objects.get().id)
    elif end == "another password":
        user.set_password("another password")
        user.save()
        login["password"] = "another password"
    else:
        give_totp(make_user("eve"))
        login["username"] = "eve"
    with time_machine.travel(later):
        answer = type(app)().call("post", "/auth/login", login, **{"X-Trusted-Device": token})
    assert flow(answer, "mfa_authenticate")["is_pending"] is True


# --- Staff ---


@pytest.fixture
def support(settings):
    """One of the staff, where they need a second factor, and who has one."""
    settings.STAFF_SECOND_FACTOR = True
    support = make_staff(StaffRole.SUPPORT, username="ada")
    give_totp(support)
    return support


def actor_of(client):
    if isinstance(client, BrowserClient):
        return user_actor(UserId(Session.objects.get().user_id), SessionId(Session.objects.get().id))
    return actor_of_access_token(client.access).actor


def test_staff_have_their_rights_in_a_session_that_has_seen_their_second_factor(client_of_either_kind, support):
    signed_in(client_of_either_kind)
    assert has_staff_permission(actor_of(client_of_either_kind), StaffPermission.END_SESSIONS)


def test_staff_who_came_in_without_their_second_factor_have_no_rights_until_they_prove_it(app, support):
    app.access = sign_in_as(support).access
    own, other = actor_of(app), make_user("bob")
    session_id = actor_of_access_token(sign_in_as(other).access).actor.session_id
    with unchanged(Session), pytest.raises(NotFound):
        revoke_session(own, session_id=session_id)
    prove_again(app, code_of())
    revoke_session(own, session_id=session_id)
    assert Session.objects.get(pk=session_id).revoked_at is not None


def test_the_password_alone_gives_staff_no_rights(app, support):
    app.access = sign_in_as(support).access
    prove_again(app)
    assert not has_staff_permission(actor_of(app), StaffPermission.END_SESSIONS)


def test_a_second_factor_that_was_shown_in_one_session_gives_no_rights_in_another(app, support):
    signed_in(app)
    stolen = actor_of_access_token(sign_in_as(support).access).actor
    assert has_staff_permission(actor_of(app), StaffPermission.END_SESSIONS)
    assert not has_staff_permission(stolen, StaffPermission.END_SESSIONS)
