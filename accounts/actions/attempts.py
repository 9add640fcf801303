"""Attempts to prove who one is: how often a password, or a code, may be tried. Whether it was right is for the caller to say."""

from __future__ import annotations

import hashlib

import msgspec
from django.conf import settings

from accounts.actions.known_devices import device_of
from accounts.models import User
from accounts.queries.users import find_by_login
from kernel.challenges import challenge_offered, require_challenge
from kernel.errors import RateLimited
from kernel.ids import UserId
from kernel.lockouts import Begun, lockouts
from kernel.metrics import limit_hit
from kernel.rate_limits import take


class Client(msgspec.Struct, frozen=True):
    """The device that a call comes from: the network that limits are counted by, and how it names itself.

    `device` is the token of a known device, `challenge` what a solved challenge gave; both may be empty or made up.
    """

    network: str
    user_agent: str = ""
    device: str = ""
    challenge: str = ""


class Attempt(msgspec.Struct, frozen=True):
    """An attempt that may go on. It counts as failed until `succeed` is called."""

    bucket: str
    user: User | None

    def succeed(self) -> None:
        """Forget the failures of where the attempt came from: the proof was right."""
        lockouts().forget(self.bucket)


def begin_password_attempt(*, login: str, client: Client) -> Attempt:
    """Count an attempt on the account that `login` names; all its names are one, and a login that nobody has is one by itself.

    Failures are counted for the account and the device when it is known for the account, else for the account and the network: so
    a stranger makes nobody wait but who shares their network. The first attempt from anywhere never waits. Raises
    `RateLimited`, or `ChallengeRequired` after some failures when a provider of challenges is set up.
    """
    user = find_by_login(login)
    account = user.id.hex if user else hashlib.sha256(login.lower().encode(errors="surrogatepass")).hexdigest()
    return Attempt(_begin("login", account, user, client), user)


def begin_code_attempt(*, purpose: str, user: User, client: Client) -> Attempt:
    """Count an attempt at a code of the user's; each `purpose` is counted by itself. Raises as `begin_password_attempt` does."""
    return Attempt(_begin(purpose, user.id.hex, user, client), user)


def _begin(purpose: str, account: str, user: User | None, client: Client) -> str:
    """Count the attempt and return where it is counted."""
    device = device_of(client.device, UserId(user.id)) if user else None
    if device is None:
        take(settings.RATE_LIMITS["login.address"], client.network)
    bucket = f"{purpose}:{account}:{client.network if device is None else f'device:{device}'}"
    crowd = f"{purpose}:{account}" if device is None else None
    if challenge_offered():
        _challenge_after_failures(lockouts().look(settings.LOCKOUT, bucket, crowd), client)
    begun = lockouts().begin(settings.LOCKOUT, bucket, crowd)
    if begun.wait:
        limit_hit("login.account")
        raise RateLimited(retry_after=begun.wait, limit="login.account")
    return bucket


def _challenge_after_failures(before: Begun, client: Client) -> None:
    """Demand a challenge where there were too many failures; who has to wait anyway is spared the work."""
    suspicious = before.crowded or before.failures >= settings.CHALLENGE_AFTER_FAILURES
    if suspicious and not before.wait:
        require_challenge(client.challenge)
