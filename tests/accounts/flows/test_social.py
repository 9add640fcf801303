"""Signing in with an account somewhere else: a browser by redirects, a mobile app by a token, against a real provider."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialLogin, SocialToken
from django.test import Client, RequestFactory

from accounts.actions.deletions import schedule_deletion
from accounts.events import SocialAccountConnected, SocialAccountDisconnected
from accounts.flows.social import SocialAdapter
from accounts.models import AccountDeletion, Delivery, Session, User
from accounts.storage.web_sessions import SessionStore
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.errors import InvalidInput
from kernel.ids import UserId
from kernel.mail import Mail
from tests.accounts.flows.conftest import BROWSER, AppClient
from tests.accounts.outgoing import waiting
from tests.event_log import events_of
from tests.factories.accounts import PASSWORD, make_user
from tests.oidc_provider import OidcProvider, running_provider
from tests.unchanged import unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("oidc")]  # one provider process

CLIENT = {"client_id": "portcullis", "secret": "s3cret"}
BACK = "http://testserver/#/"


@pytest.fixture(scope="module")
def running() -> Iterator[OidcProvider]:
    """Run one provider for all tests here."""
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: OidcProvider, settings: Any) -> OidcProvider:
    """Return a provider named club that is configured here, and that knows Ada."""
    app = {"provider_id": "club", "name": "The Club", **CLIENT, "settings": {"server_url": running.url}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    running.knows("ada-1", email="ada@club.example", email_verified=True, name="Ada  Lovelace\u202e")
    return running


class Browser(Client):
    """The web client's browser, which keeps cookies and sends the token against forged requests."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True)
        self.config = self.get(f"{BROWSER}/config").json()["data"]

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request below the browser's prefix."""
        return getattr(self, method)(
            f"{BROWSER}{path}", body or {}, content_type="application/json", headers={"X-CSRFToken": self.csrf}
        )

    @property
    def csrf(self) -> str:
        """The token that goes with what changes something."""
        return self.cookies["csrftoken"].value

    def leave_for(self, name: str, process: str = "login") -> Any:
        """Ask to be sent to a provider."""
        form = {"provider": name, "callback_url": BACK, "process": process, "csrfmiddlewaretoken": self.csrf}
        return self.post(f"{BROWSER}/auth/provider/redirect", form)

    def visit(self, provider: OidcProvider, process: str = "login", **form: str) -> Any:
        """Go to the provider, answer its page, and come back."""
        there = self.leave_for("club", process)
        assert there.status_code == 302, there.content
        back = urlsplit(provider.answer(there["Location"], **form))
        assert back.path == "/accounts/oidc/club/login/callback/"
        return self.get(f"{back.path}?{back.query}")


@pytest.fixture
def browser(provider: OidcProvider) -> Browser:
    """Return a browser that nobody is signed in with."""
    return Browser()


def sign_up_with(browser: Browser, provider: OidcProvider, **body: str) -> Any:
    """Come from the provider for the first time, and choose a name."""
    browser.visit(provider, sub="ada-1")
    return browser.send("post", "/auth/provider/signup", {"username": "ada", "email": "ada@club.example"} | body)


def grace_proves_herself(browser: Browser) -> None:
    """Sign in with a password, and give it once more, as connecting and disconnecting ask for."""
    for path, body in (
        ("/auth/login", {"username": "grace", "password": PASSWORD}),
        ("/auth/reauthenticate", {"password": PASSWORD}),
    ):
        answer = browser.send("post", path, body)
        assert answer.status_code == 200, answer.content


def error_of(response: Any) -> list[str] | None:
    """Return the error with which a browser is sent to the web client."""
    assert response.status_code == 302
    address = urlsplit(response["Location"])
    return parse_qs(address.query or urlsplit(address.fragment).query).get("error")


def test_the_configuration_names_the_providers_and_no_secret(browser):
    [offered] = browser.config["socialaccount"]["providers"]
    assert (offered["id"], offered["name"], offered["flows"]) == (
        "club",
        "The Club",
        ["provider_redirect", "provider_token"],
    )
    assert "s3cret" not in str(browser.config)


def test_who_comes_for_the_first_time_chooses_a_name_and_is_signed_in(browser, provider):
    assert error_of(browser.visit(provider, sub="ada-1")) is None
    assert not User.objects.exists()
    pending = browser.send("get", "/auth/session")
    assert pending.status_code == 401
    assert [flow["id"] for flow in pending.json()["data"]["flows"] if flow.get("is_pending")] == ["provider_signup"]
    answer = browser.send("post", "/auth/provider/signup", {"username": "ada", "email": "ada@club.example"})
    assert answer.status_code == 200, answer.content
    user = User.objects.get()
    assert (user.username, user.email, user.display_name) == ("ada", "ada@club.example", "ada")
    assert user.has_usable_password() is False
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("ada@club.example", True, True)
    assert SocialAccount.objects.get().uid == "ada-1"
    assert Session.objects.get().user_id == user.id


def test_two_providers_may_know_us_as_the_same_client(browser, provider, settings):
    [app] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    other = app | {"provider_id": "choir", "name": "The Choir"}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app, other], "OAUTH_PKCE_ENABLED": True}}
    answer = sign_up_with(browser, provider)
    assert answer.status_code == 200, answer.content
    assert SocialAccount.objects.get().provider == "club"


def test_a_name_that_shows_as_what_it_is_is_taken_over(browser, provider):
    provider.knows("ada-1", email="ada@club.example", email_verified=True, name="Ada  Lovelace")
    assert sign_up_with(browser, provider).status_code == 200
    assert User.objects.get().display_name == "Ada Lovelace"


def test_who_comes_again_is_signed_in_at_once(browser, provider):
    sign_up_with(browser, provider)
    again = Browser()
    again.visit(provider, sub="ada-1")
    answer = again.send("get", "/auth/session")
    assert (answer.status_code, answer.json()["data"]["user"]["username"]) == (200, "ada")
    assert Session.objects.count() == 2
    assert SocialAccount.objects.count() == 1


def test_no_token_of_a_provider_is_kept(browser, provider):
    sign_up_with(browser, provider)
    assert not SocialToken.objects.exists()


def test_a_name_or_address_that_is_taken_is_named_and_nothing_is_made(browser, provider):
    make_user("ada")
    browser.visit(provider, sub="ada-1")
    with unchanged(User, SocialAccount, Session):
        taken = browser.send("post", "/auth/provider/signup", {"username": "ADA", "email": "other@club.example"})
    assert taken.status_code == 400
    assert [error["param"] for error in taken.json()["errors"]] == ["username"]


def test_an_address_of_somebody_else_leads_to_no_account_of_theirs(browser, provider):
    owner = make_user("grace")
    provider.knows("mallory", email=owner.email, email_verified=True)
    with unchanged(User, SocialAccount, Session):
        browser.visit(provider, sub="mallory")
        answer = browser.send("post", "/auth/provider/signup", {"username": "mallory", "email": owner.email})
    assert answer.status_code in {400, 401, 409}
    assert browser.send("get", "/auth/session").status_code == 401


def test_who_is_signed_in_connects_an_account_and_signs_in_with_it_later(browser, provider):
    user = make_user("grace")
    grace_proves_herself(browser)
    assert error_of(browser.visit(provider, "connect", sub="ada-1")) is None
    [connected] = browser.send("get", "/account/providers").json()["data"]
    assert (connected["uid"], connected["provider"]["id"]) == ("ada-1", "club")
    other = Browser()
    other.visit(provider, sub="ada-1")
    assert other.send("get", "/auth/session").json()["data"]["user"]["id"] == str(user.id)


def told_grace() -> list[Any]:
    topic = topic_for("user", User.objects.get(username="grace").id)
    return [event for _, name, event in events_of(topic) if name.startswith("social_account.")]


def test_who_connects_and_disconnects_an_account_is_told_by_mail_and_on_every_device(browser, provider):
    make_user("grace")
    grace_proves_herself(browser)
    Delivery.objects.all().delete()
    browser.visit(provider, "connect", sub="ada-1")
    assert told_grace() == [SocialAccountConnected(provider="club")]
    browser.send("delete", "/account/providers", {"provider": "club", "account": "ada-1"})
    assert told_grace() == [SocialAccountConnected(provider="club"), SocialAccountDisconnected(provider="club")]
    added, removed = waiting(Mail)
    assert (added.to, added.subject) == ("grace@example.org", "Another way to sign in was added")
    assert removed.subject == "A way to sign in was removed"
    assert "The Club" in added.text
    assert "The Club" in removed.text


def request_of_nobody(rf: RequestFactory) -> Any:
    request = rf.get("/")
    request.session = SessionStore()
    return request


def coming_without_a_form(username: str) -> SocialLogin:
    """Return what allauth has when it signs somebody up by itself."""
    user = User(email="ada@club.example", username=username, display_name="Ada")
    return SocialLogin(user=user, account=SocialAccount(provider="club", uid="ada-1"))


def test_without_a_form_the_account_is_made_of_what_the_provider_says(rf):
    user = SocialAdapter().save_user(request_of_nobody(rf), coming_without_a_form("ada"))
    assert (user.username, user.email, user.has_usable_password()) == ("ada", "ada@club.example", False)
    assert SocialAccount.objects.get().user == user


@pytest.mark.parametrize("username", ["", "a", "no spaces"])
def test_without_a_form_and_without_a_good_name_nobody_is_signed_up(rf, username):
    with unchanged(User, SocialAccount), pytest.raises(InvalidInput) as refusal:
        SocialAdapter().save_user(request_of_nobody(rf), coming_without_a_form(username))
    assert set(refusal.value.data["errors"]) == {"username"}


def test_connecting_asks_for_the_password_once_more(browser, provider):
    make_user("grace")
    browser.send("post", "/auth/login", {"username": "grace", "password": PASSWORD})
    with unchanged(SocialAccount):
        assert error_of(browser.visit(provider, "connect", sub="ada-1")) == ["reauthentication_required"]


def test_an_account_that_is_connected_elsewhere_is_not_taken_away(browser, provider):
    sign_up_with(browser, provider)
    make_user("grace")
    other = Browser()
    grace_proves_herself(other)
    assert error_of(other.visit(provider, "connect", sub="ada-1")) == ["connected_other"]
    assert SocialAccount.objects.get().user.username == "ada"
    assert other.send("get", "/account/providers").json()["data"] == []


def test_the_last_way_to_sign_in_cannot_be_disconnected(browser, provider):
    sign_up_with(browser, provider)
    with unchanged(SocialAccount):
        answer = browser.send("delete", "/account/providers", {"provider": "club", "account": "ada-1"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "no_password")


def test_a_connected_account_can_be_disconnected(browser, provider):
    make_user("grace")
    grace_proves_herself(browser)
    browser.visit(provider, "connect", sub="ada-1")
    answer = browser.send("delete", "/account/providers", {"provider": "club", "account": "ada-1"})
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert not SocialAccount.objects.exists()


def test_who_denies_at_the_provider_comes_back_with_that_said(browser, provider):
    there = urlsplit(browser.leave_for("club")["Location"])
    state = parse_qs(there.query)["state"][0]
    back = urlsplit(provider.answer(there.geturl(), action="deny"))  # which forgets the state, unlike RFC 6749, 4.1.2.1
    with unchanged(User, Session):
        assert error_of(browser.get(f"{back.path}?{back.query}&state={state}")) == ["cancelled"]


def test_a_deactivated_user_is_told_so_and_not_signed_in(browser, provider):
    sign_up_with(browser, provider)
    User.objects.update(is_active=False)
    with unchanged(Session):
        assert error_of(Browser().visit(provider, sub="ada-1")) == ["account.disabled"]


def test_who_is_to_be_deleted_gets_the_token_that_keeps_the_account_where_no_server_sees_it(browser, provider, api):
    sign_up_with(browser, provider)
    user = User.objects.get()
    schedule_deletion(SYSTEM, user_id=UserId(user.id))
    with unchanged(Session):
        answer = Browser().visit(provider, sub="ada-1")
    assert error_of(answer) == ["account.deletion_scheduled"]
    address = urlsplit(answer["Location"])
    told = parse_qs(urlsplit(address.fragment).query)
    assert (address.query, datetime.fromisoformat(told["due_at"][0])) == ("", AccountDeletion.objects.get().due_at)
    proof = {"Authorization": f"Bearer {told['cancellation'][0]}"}
    assert api.delete("/api/v1/me/deletion", headers=proof).status_code == 204
    assert User.objects.get().is_active


def test_a_callback_that_nobody_asked_for_signs_nobody_in(browser, provider):
    own = urlsplit(provider.answer(browser.leave_for("club")["Location"], sub="ada-1"))
    victim = Browser()
    with unchanged(User, Session):
        assert victim.get(f"{own.path}?{own.query}").status_code == 302
    assert victim.send("get", "/auth/session").status_code == 401


def test_a_callback_with_a_code_that_was_used_signs_nobody_in(browser, provider):
    back = urlsplit(provider.answer(browser.leave_for("club")["Location"], sub="ada-1"))
    browser.get(f"{back.path}?{back.query}")
    with unchanged(User, Session):
        browser.get(f"{back.path}?{back.query}")
    assert not User.objects.exists()


def test_a_request_without_the_token_against_forgery_is_refused(browser):
    form = {"provider": "club", "callback_url": BACK, "process": "login"}
    assert browser.post(f"{BROWSER}/auth/provider/redirect", form).status_code == 403


def test_a_browser_is_sent_to_no_strange_address_afterwards(browser):
    form = {
        "provider": "club",
        "callback_url": "https://evil.example/",
        "process": "login",
        "csrfmiddlewaretoken": browser.csrf,
    }
    answer = browser.post(f"{BROWSER}/auth/provider/redirect", form)
    assert error_of(answer) == ["unknown"]
    assert "evil.example" not in answer["Location"]


@pytest.mark.parametrize("url", ["http://localhost:9/", "http://localhost:9/.well-known/openid-configuration"])
def test_a_provider_that_is_away_is_said_in_the_web_client(browser, settings, url):
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = url
    assert error_of(browser.leave_for("club")) == ["service.unavailable"]


def test_a_mobile_app_signs_up_and_in_with_the_providers_token(provider):
    token = provider.token_for("ada-1", redirect_uri="app://done", **CLIENT)
    body = {"provider": "club", "process": "login", "token": {"client_id": "portcullis", "id_token": token["id_token"]}}
    app = AppClient()
    assert app.call("post", "/auth/provider/token", body).status_code == 401
    answer = app.call("post", "/auth/provider/signup", {"username": "ada", "email": "ada@club.example"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["meta"]["access_token"]
    again = AppClient().call("post", "/auth/provider/token", body)
    assert (again.status_code, again.json()["data"]["user"]["username"]) == (200, "ada")


@pytest.mark.parametrize("damage", ["another client", "changed", "not a token"])
def test_a_token_that_was_not_made_for_us_signs_nobody_in(provider, damage):
    token = provider.token_for("ada-1", redirect_uri="app://done", **CLIENT)["id_token"]
    if damage == "another client":
        token = provider.token_for("ada-1", redirect_uri="app://done", client_id="other", secret="x")["id_token"]
    elif damage == "changed":
        token = token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB")
    else:
        token = "no.token.atall"
    body = {"provider": "club", "process": "login", "token": {"client_id": "portcullis", "id_token": token}}
    with unchanged(User, SocialAccount, Session):
        answer = AppClient().call("post", "/auth/provider/token", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_token")
