"""Devices where a user is not asked for a second factor for a while: begun after a proof of one, and over at any change of them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.actions.attempts import Client
from accounts.constants import TRUSTED_DEVICE_TOKENS_MAX, TRUSTED_DEVICES_MAX, USER_AGENT_MAX_LENGTH
from accounts.events import TrustedDeviceAdded, TrustedDeviceRemoved
from accounts.models import TrustedDevice, User
from accounts.models.locks import lock_user
from accounts.payloads import trusted_device_payload
from accounts.queries.trusted_devices import trusted_devices
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import UserId


@transaction.atomic
def trust_device(user: User, client: Client) -> str:
    """Trust the device of somebody who has just proved a second factor, and return the token that it shows at the next sign-in.

    Locks the user. The token is nowhere else. One device too many forgets the oldest. Emits `trusted_device.added`.
    """
    lock_user(UserId(user.id))
    token = secrets.token_urlsafe(32)
    device = TrustedDevice.objects.create(
        user=user,
        token_hash=_hash_of(token),
        password_digest=user.get_session_auth_hash(),
        user_agent=client.user_agent[:USER_AGENT_MAX_LENGTH],
        expires_at=now() + timedelta(days=settings.TRUSTED_DEVICE_DAYS),
    )
    kept = TrustedDevice.objects.filter(user=user).order_by("-pk").values("pk")[:TRUSTED_DEVICES_MAX]
    TrustedDevice.objects.filter(user=user).exclude(pk__in=kept).delete()
    append([Draft(topic_for("user", user.id), TrustedDeviceAdded(device=trusted_device_payload(device)))])
    return token


def use_trusted_device(user: User, *, tokens: Sequence[str]) -> bool:
    """Tell whether one of these tokens is of a device that the user trusts, and note that it was used. Nobody acts yet.

    A browser shows the tokens of everybody who has signed in with it; only the first few are looked at.
    """
    hashes = [_hash_of(token) for token in tokens[:TRUSTED_DEVICE_TOKENS_MAX]]
    if not hashes:
        return False
    return trusted_devices(user).filter(token_hash__in=hashes).update(last_used_at=now()) > 0


@transaction.atomic
def distrust_device(actor: Actor, *, device_id: UUID) -> None:
    """Stop trusting one of the actor's own devices. Emits `trusted_device.removed`. Raises `NotFound`."""
    user_id = actor.require_user()
    deleted, _ = TrustedDevice.objects.filter(pk=device_id, user_id=user_id).delete()
    if not deleted:
        raise NotFound
    append([Draft(topic_for("user", user_id), TrustedDeviceRemoved(device=device_id))])


@transaction.atomic
def distrust_all_devices(actor: Actor) -> None:
    """Stop trusting all devices of the actor. Emits `trusted_device.removed` when there was one."""
    unchecked_trust_no_device(actor.require_user())


def unchecked_trust_no_device(user_id: UserId) -> None:
    """Forget every device that the user trusts, as after a change of password. Emits `trusted_device.removed` when there was one."""
    deleted, _ = TrustedDevice.objects.filter(user_id=user_id).delete()
    if deleted:
        append([Draft(topic_for("user", user_id), TrustedDeviceRemoved(device=None))])


def prune_trusted_devices() -> int:
    """Delete the devices that are past their time and return how many, for the job."""
    deleted, _ = TrustedDevice.objects.filter(expires_at__lte=now()).delete()
    return deleted


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
