"""Bots begin, are renamed and end. A bot is a user: what it may do where is decided as for everybody."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from accounts.actions.deactivations import unchecked_shut_out
from accounts.actions.users import unchecked_create_bot, unchecked_rename
from accounts.constants import InactiveBecause
from accounts.errors import TooManyBots
from accounts.events import BotCreated, BotDeleted, BotPayload, BotUpdated, UserUpdated
from accounts.models import AccountDeletion, User
from accounts.models.locks import lock_user
from accounts.payloads import bot_payload, me_payload
from accounts.policies import get_bot_for, require_person
from accounts.queries.bots import bots_of
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import UserId
from kernel.metrics import limit_hit
from kernel.rate_limits import take


@transaction.atomic
def create_bot(actor: Actor, *, username: str, display_name: str = "") -> BotPayload:
    """Make a bot that the person who acts owns. Nobody can sign in as it; it comes with a key that its owner makes.

    Locks the person. Emits `bot.created`. Raises `InvalidInput`, `AccountTaken`, `TooManyBots`, `RateLimited`, or `KeyNotAccepted`.
    """
    owner_id = require_person(actor)
    take(settings.RATE_LIMITS["bot_create.user"], str(owner_id))
    owner = lock_user(owner_id)
    if owner is None or not owner.is_active:
        raise NotFound
    if bots_of(owner_id).count() >= settings.BOTS_MAX:
        limit_hit("account.bots")
        raise TooManyBots(f"A person owns at most {settings.BOTS_MAX} bots. Delete one first.")
    bot = unchecked_create_bot(owner=owner, username=username, display_name=display_name)
    payload = bot_payload(bot)
    append([Draft(topic_for("user", owner_id), BotCreated(bot=payload))])
    return payload


@transaction.atomic
def update_bot(actor: Actor, *, bot_id: UserId, display_name: str | None = None) -> BotPayload:
    """Change what others see of a bot of the person who acts; None keeps what is there.

    Locks the bot. Emits `user.updated` to the bot and `bot.updated` to its owner when something was given. Raises `InvalidInput` or
    `NotFound`.
    """
    bot = get_bot_for(actor, bot_id)
    if display_name is None:
        return bot_payload(bot)
    bot = unchecked_rename(bot_id, display_name)
    append(
        [
            Draft(topic_for("user", bot_id), UserUpdated(user=me_payload(bot))),
            Draft(topic_for("user", actor.require_user()), BotUpdated(bot=bot_payload(bot))),
        ]
    )
    return bot_payload(bot)


@transaction.atomic
def delete_bot(actor: Actor, *, bot_id: UserId) -> None:
    """End a bot of the person who acts: its keys are revoked now, and then it is deleted as every account is, without a grace.

    What it wrote stays, without its name. Locks the bot, then its keys. Emits `api_key.revoked` for each key and `bot.deleted` to the
    owner. Raises `NotFound`.
    """
    get_bot_for(actor, bot_id)
    bot = lock_user(bot_id)
    if bot is None or not bot.is_active:
        raise NotFound
    _unchecked_delete(bot, requested_by=actor.require_user())
    append([Draft(topic_for("user", actor.require_user()), BotDeleted(bot=bot_id))])


def delete_bots_of(owner_id: UserId) -> bool:
    """Delete the bots of a person who is being deleted; a step of that, see `accounts.registries.deletions`. There are few of them."""
    for bot_id in sorted(bots_of(owner_id).values_list("pk", flat=True)):
        bot = lock_user(UserId(bot_id))
        if bot is not None and bot.is_active:
            _unchecked_delete(bot, requested_by=None)
    return True


def _unchecked_delete(bot: User, *, requested_by: UserId | None) -> None:
    """Shut out a locked bot and let the job delete it, for which its time has come."""
    AccountDeletion.objects.create(user=bot, requested_by_id=requested_by, due_at=now())
    unchecked_shut_out(bot, InactiveBecause.DELETION)
