"""A proof given once more below `/_allauth/` opens what REST wants a recent proof for, and a refusal says which proof would do."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.models import ApiKey, Session
from kernel.clock import now
from tests.accounts.flows.conftest import AppClient, BrowserClient
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.second_factors import code_of, give_totp, recovery_codes
from tests.passkeys import SoftwareAuthenticator
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

DRAFT = {"name": "script", "scopes": ["chat:read"], "days": 1}
BY_PASSWORD = [{"id": "reauthenticate"}]
ADA = {"username": "ada", "password": PASSWORD}


@pytest.fixture(params=["app", "browser"])
def client(request) -> AppClient | BrowserClient:
    return request.getfixturevalue(request.param)


def signed_in_long_ago(client, code=None):
    client.call("get", "/config")
    client.call("post", "/auth/login", ADA)
    if code:
        assert client.call("post", "/auth/2fa/authenticate", {"code": code}).status_code == 200
    Session.objects.update(created_at=now() - timedelta(hours=1))


def make_key(client):
    path = "/api/v1/me/keys"
    if isinstance(client, BrowserClient):
        return client.call("post", path, DRAFT)
    return client.generic_json("post", path, {"data": DRAFT}, {"Authorization": f"Bearer {client.access}"})


def wanted(client):
    """Return the flows that the refusal names."""
    with unchanged(ApiKey):
        answer = make_key(client)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.reauthentication_required")
    return answer.json()["flows"]


def test_the_password_given_again_is_a_recent_proof_for_a_quarter_of_an_hour(client):
    make_user("ada")
    signed_in_long_ago(client)
    assert wanted(client) == BY_PASSWORD
    assert client.call("post", "/auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    assert make_key(client).status_code == 201
    if isinstance(client, BrowserClient):  # an app's access token is over before that
        with time_machine.travel(now() + timedelta(minutes=15, seconds=1)):
            assert wanted(client) == BY_PASSWORD


def test_a_wrong_password_proves_nothing(client):
    make_user("ada")
    signed_in_long_ago(client)
    assert client.call("post", "/auth/reauthenticate", {"password": "not the password"}).status_code == 400
    assert wanted(client) == BY_PASSWORD


@pytest.mark.parametrize("kind", ["totp", "recovery code"])
def test_who_has_a_second_factor_proves_with_that_and_not_with_the_password(client, kind):
    user = make_user("ada")
    give_totp(user)
    codes = recovery_codes(user)
    signed_in_long_ago(client, codes[0])
    client.call("post", "/auth/reauthenticate", {"password": PASSWORD})
    (flow,) = wanted(client)
    assert (flow["id"], set(flow["types"])) == ("mfa_reauthenticate", {"totp", "recovery_codes"})
    code = code_of() if kind == "totp" else codes[1]
    assert client.call("post", "/auth/2fa/reauthenticate", {"code": code}).status_code == 200
    assert make_key(client).status_code == 201


def test_a_passkey_is_a_recent_proof(browser):
    make_user("ada")
    signed_in_long_ago(browser)
    browser.call("post", "/auth/reauthenticate", {"password": PASSWORD})
    device, route = SoftwareAuthenticator(), "/account/authenticators/webauthn"
    offer = browser.call("get", route).json()["data"]["creation_options"]
    browser.call("post", route, {"credential": device.create(offer)})
    with time_machine.travel(now() + timedelta(minutes=20)):
        (flow,) = wanted(browser)
        assert "webauthn" in flow["types"]
        options = browser.call("get", "/auth/webauthn/reauthenticate").json()["data"]["request_options"]
        browser.call("post", "/auth/webauthn/reauthenticate", {"credential": device.get(options)})
        assert make_key(browser).status_code == 201


def test_a_proof_is_good_for_the_session_in_which_it_was_given_alone(client):
    make_user("ada")
    other = AppClient()
    signed_in_long_ago(other)
    signed_in_long_ago(client)
    client.call("post", "/auth/reauthenticate", {"password": PASSWORD})
    assert wanted(other) == BY_PASSWORD


def test_who_has_neither_password_nor_factor_has_to_sign_in_again(app):
    user = make_user("ada")
    signed_in_long_ago(app)
    user.set_unusable_password()
    user.save()
    assert wanted(app) == []
