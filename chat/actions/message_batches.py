"""Posting messages, many at once: the write path of chat. One message is a batch of one (`chat.actions.messages`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db import transaction

from accounts.events import UserPayload
from accounts.payloads import user_payload
from accounts.queries.users import get_users
from chat.constants import ROOM_KIND, ChatPermission
from chat.errors import RoomIsArchived
from chat.events import MessageCreated, MessagePayload
from chat.models.locks import hold_room_topics
from chat.processing.text import checked_body, checked_nonce
from chat.queries.message_batches import LoadedFacts, Pair, Standing, find_standings
from chat.queries.messages import NonceKey, find_messages_in_rooms, find_repeated
from communities.access import Question, decide_all
from eventlog.append import Draft, HeldTopics, append
from eventlog.statements import numbers, pipeline, send, texts, uuids
from eventlog.topics import Topic, topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.decision import Decision, refusal
from kernel.errors import DomainError, InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, MessageId, RoomId, UserId, uuid7

_INSERT_MESSAGES = """
INSERT INTO chat_message (id, room_id, community_id, author_id, body, reply_to, seq, nonce, created_at)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::bigint[], %s::text[],
                     %s::timestamptz[])
"""


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that `actor` wants to post. The same nonce from the same actor in the same room is the same message."""

    actor: Actor
    room_id: RoomId
    body: str
    nonce: str
    reply_to: MessageId | None = None


class PostedMessage(msgspec.Struct, frozen=True):
    """A committed message and its place in the log."""

    topic: Topic
    seq: int
    id: MessageId
    payload: MessagePayload


class MessageDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A message that may be written as it is: checked, authorised, and not written before."""

    room_id: RoomId
    community_id: CommunityId
    author_id: UserId
    body: str
    nonce: str
    created_at: datetime
    reply_to: MessageId | None = None

    @property
    def key(self) -> NonceKey:
        """What makes it the same as an earlier message."""
        return NonceKey(self.room_id, self.author_id, self.nonce)


Outcome = PostedMessage | DomainError
_Draft = MessageDraft | DomainError


class _Form(NamedTuple):
    """What was written, as it is stored."""

    body: str
    nonce: str


class _Known(msgspec.Struct, frozen=True):
    """All that a batch is decided on, read behind the locks of its rooms' topics."""

    held: HeldTopics
    standings: dict[Pair, Standing]
    repeated: dict[NonceKey, MessagePayload]
    answered: Collection[tuple[RoomId, MessageId]]


def post_messages(requests: Sequence[NewMessage]) -> list[Outcome]:
    """Post messages of any actors to any rooms; return what became of each, in order.

    Participants of each room may, and a bad one does not harm its neighbours: its outcome is its error. A nonce that was
    used before gives the message of then. One transaction, a constant number of statements and of round trips, whatever
    the size. Holds the rooms' topics, so that every decision is made after all that the log holds. Emits
    `message.created` for each.
    """
    if not requests:
        return []
    forms = [_form_of(request) for request in requests]
    with transaction.atomic():
        known = _look_up(requests, forms)
        drafts = _drafted(requests, forms, known)
        accepted = [draft for draft in drafts if isinstance(draft, MessageDraft)]
        posted = _post(accepted, known.held, _authors(known), known.repeated)
    return [posted[draft.key] if isinstance(draft, MessageDraft) else draft for draft in drafts]


def unchecked_post(drafts: Sequence[MessageDraft], held: HeldTopics) -> dict[NonceKey, PostedMessage]:
    """Write messages that nobody is asked about again; of several with one nonce, the first alone, and none that is there already.

    Inside a transaction that holds the rooms' topics. At most five statements. Emits `message.created` for each new one.
    """
    if not drafts:
        return {}
    authors = {key: user_payload(user) for key, user in get_users({draft.author_id for draft in drafts}).items()}
    return _post(drafts, held, authors, find_repeated({draft.key for draft in drafts})())


def _form_of(request: NewMessage) -> _Form | DomainError:
    try:
        return _Form(checked_body(request.body), checked_nonce(request.nonce))
    except DomainError as error:
        return error


def _look_up(requests: Sequence[NewMessage], forms: Sequence[_Form | DomainError]) -> _Known:
    """Hold the topics and read what is known of everything in the batch: three or four statements in one round trip."""
    keys = {
        NonceKey(request.room_id, request.actor.user_id, form.nonce)
        for request, form in zip(requests, forms, strict=True)
        if request.actor.user_id is not None and isinstance(form, _Form)
    }
    places = {(request.room_id, request.reply_to) for request in requests if request.reply_to is not None}
    with pipeline():
        held = hold_room_topics({request.room_id for request in requests})
        standings = find_standings({(request.room_id, request.actor.user_id) for request in requests})
        repeated = find_repeated(keys)
        answered = find_messages_in_rooms(places) if places else set
        return _Known(held, standings(), repeated(), answered())


def _drafted(requests: Sequence[NewMessage], forms: Sequence[_Form | DomainError], known: _Known) -> list[_Draft]:
    """Decide about every request; one question per user and room."""
    at = now()
    decisions = _decisions(requests, known)
    return [
        _draft(request, form, known, decisions.get((request.room_id, request.actor)), at)
        for request, form in zip(requests, forms, strict=True)
    ]


def _decisions(requests: Sequence[NewMessage], known: _Known) -> dict[tuple[RoomId, Actor], Decision]:
    """Return the decision about every actor in every room that exists.

    A room that was made after the topics were held is not held, and not there yet.
    """
    asked = {
        (request.room_id, request.actor): known.standings[request.room_id, request.actor.user_id].resource
        for request in requests
        if (request.room_id, request.actor.user_id) in known.standings
        and topic_for(ROOM_KIND, request.room_id) in known.held.heads
    }
    questions = [Question(actor, ChatPermission.SEND_MESSAGE, resource) for (_, actor), resource in asked.items()]
    return dict(zip(asked, decide_all(questions, facts=LoadedFacts(known.standings)), strict=True))


def _draft(
    request: NewMessage, form: _Form | DomainError, known: _Known, decision: Decision | None, at: datetime
) -> _Draft:
    if decision is None:
        return NotFound()
    if not decision.allowed:
        return refusal(decision)
    if request.actor.user_id is None:
        return Unauthenticated()
    standing = known.standings[request.room_id, request.actor.user_id]
    if standing.is_archived:
        return RoomIsArchived()
    if isinstance(form, DomainError):
        return form
    if request.reply_to is not None and (request.room_id, request.reply_to) not in known.answered:
        return InvalidInput("The message that this answers is not in this room.", field="reply_to")
    return MessageDraft(
        room_id=request.room_id,
        community_id=standing.resource.community_id,
        author_id=request.actor.user_id,
        body=form.body,
        nonce=form.nonce,
        created_at=at,
        reply_to=request.reply_to,
    )


def _authors(known: _Known) -> dict[UserId, UserPayload]:
    return {UserId(standing.author.id): standing.author for standing in known.standings.values() if standing.author}


def _post(
    drafts: Sequence[MessageDraft],
    held: HeldTopics,
    authors: Mapping[UserId, UserPayload],
    repeated: Mapping[NonceKey, MessagePayload],
) -> dict[NonceKey, PostedMessage]:
    """Write what is new, and return it together with what is not."""
    fresh: dict[NonceKey, MessageDraft] = {}
    for draft in drafts:
        if draft.key not in repeated:
            fresh.setdefault(draft.key, draft)
    written = _write(list(fresh.values()), held, authors)
    old = {key: _posted(topic_for(ROOM_KIND, key.room_id), message) for key, message in repeated.items()}
    return {**old, **dict(zip(fresh, written, strict=True))}


def _write(
    drafts: Sequence[MessageDraft], held: HeldTopics, authors: Mapping[UserId, UserPayload]
) -> list[PostedMessage]:
    """Number the messages, log and insert them: three statements in one round trip. The rows get their seqs from the log."""
    if not drafts:
        return []
    messages: list[MessagePayload] = []
    with pipeline():
        appended = append([_event(draft, authors[draft.author_id], messages) for draft in drafts], held=held)
        _insert(drafts, messages)
    return [_posted(entry.topic, message) for entry, message in zip(appended, messages, strict=True)]


def _event(draft: MessageDraft, author: UserPayload, messages: list[MessagePayload]) -> Draft:
    """Return the draft of a message's event, which adds the message to `messages` as it is numbered."""

    def created(seq: int) -> MessageCreated:
        message = _payload(draft, seq, author)
        messages.append(message)
        return MessageCreated(message=message)

    return Draft(topic_for(ROOM_KIND, draft.room_id), created)


def _payload(draft: MessageDraft, seq: int, author: UserPayload) -> MessagePayload:
    return MessagePayload(
        id=uuid7(),
        room=draft.room_id,
        seq=seq,
        author=author,
        body=draft.body,
        reply_to=draft.reply_to,
        nonce=draft.nonce,
        created_at=draft.created_at,
        edited_at=None,
        deleted=False,
    )


def _insert(drafts: Sequence[MessageDraft], messages: Sequence[MessagePayload]) -> None:
    send(
        _INSERT_MESSAGES,
        [
            uuids([message.id for message in messages]),
            uuids([message.room for message in messages]),
            uuids([draft.community_id for draft in drafts]),
            uuids([draft.author_id for draft in drafts]),
            texts([message.body for message in messages]),
            uuids([message.reply_to for message in messages]),
            numbers([message.seq for message in messages]),
            texts([message.nonce for message in messages]),
            texts([message.created_at.isoformat() for message in messages]),
        ],
    )


def _posted(topic: Topic, message: MessagePayload) -> PostedMessage:
    return PostedMessage(topic, message.seq, MessageId(message.id), message)
