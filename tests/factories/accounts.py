"""Users and sessions for tests, made without the checks that slow tests down."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import count

from django.contrib.auth.models import Group
from django.test import Client as HttpClient

from accounts.actions.attempts import Client
from accounts.actions.sessions import prove_password, start_session, unchecked_start_session
from accounts.actions.sign_up import make_account
from accounts.actions.staff_roles import sync_staff_roles
from accounts.constants import StaffRole
from accounts.events import SignedIn
from accounts.models import ApiKey, User
from accounts.processing.key_texts import new_key_text
from kernel.actor import SYSTEM, Actor, user_actor
from kernel.clock import now
from kernel.ids import SessionId, UserId
from kernel.scopes import Scope

PASSWORD = "correct horse battery"
CLIENT = Client(network="192.0.2.1", user_agent="tests/1.0")

_numbers = count(1)


def make_user(
    username: str | None = None,
    *,
    password: str = PASSWORD,
    display_name: str = "",
    is_active: bool = True,
    is_staff: bool = False,
    is_superuser: bool = False,
) -> User:
    """Insert a user; the e-mail address is `<username>@example.org` and the password `PASSWORD`."""
    username = username or f"user{next(_numbers)}"
    user = User(
        email=f"{username.lower()}@example.org",
        username=username,
        display_name=display_name or username.title(),
        is_active=is_active,
        is_staff=is_staff,
        is_superuser=is_superuser,
    )
    user.set_password(password)
    user.save()
    return user


def make_bot(owner: User, username: str | None = None, *, is_active: bool = True) -> User:
    """Insert a bot of a person."""
    username = username or f"bot{next(_numbers)}"
    bot = User(
        kind="bot",
        owner=owner,
        email=f"{username}@bots.invalid",
        username=username,
        display_name=username.title(),
        is_active=is_active,
    )
    bot.set_unusable_password()
    bot.save()
    return bot


def make_key(user: User, *scopes: Scope, days: float = 30) -> tuple[str, ApiKey]:
    """Insert an API key of a user with these scopes, all of them if none is named; return its text and its row."""
    text, parts = new_key_text()
    key = ApiKey(user=user, name="script", prefix=parts.prefix, secret_hash=parts.hash, created_by=user.owner or user)
    key.scopes = [scope.value for scope in scopes or Scope]
    key.expires_at = now() + timedelta(days=days)
    key.save()
    return text, key


def key_header(text: str) -> dict[str, str]:
    """Return the header that a REST client with this key sends."""
    return {"Authorization": f"Bearer {text}"}


def sign_in(user: User) -> SignedIn:
    """Start a session for the user and return its tokens."""
    return unchecked_start_session(user, CLIENT)


def log_in(*, login: str, password: str, client: Client) -> SignedIn:
    """Prove the password and start a session, as a login does when no other step is left."""
    return start_session(prove_password(login=login, password=password, client=client), client).signed_in


def sign_up(**account: str | Client) -> SignedIn:
    """Make an account as anybody may, and start its first session."""
    user = make_account(**account)
    assert user is not None
    return unchecked_start_session(user, account["client"])


def actor_for(user: User) -> Actor:
    """Return the actor for a user without a session, as for the server's own work."""
    return user_actor(UserId(user.id))


def actor_with_session(user: User) -> Actor:
    """Start a session for the user and return its actor."""
    sign_in(user)
    session = user.sessions.latest("id")
    return user_actor(UserId(user.id), SessionId(session.id))


def bearer(user: User) -> dict[str, str]:
    """Start a session for the user and return the header that a REST client of it sends."""
    return {"Authorization": f"Bearer {sign_in(user).access}"}


def make_staff(*roles: StaffRole, username: str | None = None) -> User:
    """Insert a user with these staff roles, whose permissions are put in step."""
    sync_staff_roles(SYSTEM)
    user = make_user(username, is_staff=True)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def enter_panel(client: HttpClient, user: User, *, method: str = "password") -> None:
    """Sign the browser in as the user, who has just given such a proof: enough for the admin panel, if they are staff."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": method, "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
