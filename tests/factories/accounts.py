"""Users and sessions for tests, made without the checks that slow tests down."""

from __future__ import annotations

import time
from itertools import count

from django.contrib.auth.models import Group
from django.test import Client as HttpClient

from accounts.actions.attempts import Client
from accounts.actions.sessions import prove_password, start_session, unchecked_start_session
from accounts.actions.sign_up import make_account
from accounts.actions.staff_roles import sync_staff_roles
from accounts.constants import StaffRole
from accounts.events import SignedIn
from accounts.models import User
from kernel.actor import SYSTEM, Actor, user_actor
from kernel.ids import SessionId, UserId

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
