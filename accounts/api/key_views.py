"""The routes of API keys and bots: parse, call one action or query, return. A person signed in by a session alone gets in here."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions.api_keys import create_api_key, revoke_own_api_key, rotate_api_key
from accounts.actions.bots import create_bot, delete_bot, update_bot
from accounts.api.requests import actor_of, body_of
from accounts.api.serializers import ApiKeyDraftSerializer, BotDraftSerializer, ProfileSerializer, RotationSerializer
from accounts.events import ApiKeyPayload, BotPayload, NewApiKey
from accounts.payloads import api_key_payload, bot_payload
from accounts.policies import get_bot_for, require_person
from accounts.queries.api_keys import living_keys
from accounts.queries.bots import bots_of
from kernel.ids import ApiKeyId, UserId
from kernel.scopes import Scope
from kernel.wire import Page


class MyKeysView(APIView):
    """The API keys of the signed-in person."""

    @extend_schema(responses={200: Page[ApiKeyPayload]})
    def get(self, request: Request) -> Response:
        """List one's own living keys, newest first; their number is limited, so there is one page."""
        return _page_of_keys(require_person(actor_of(request)))

    @extend_schema(request=ApiKeyDraftSerializer, responses={201: NewApiKey})
    def post(self, request: Request) -> Response:
        """Make a key that acts for oneself. The secret is told this once."""
        return _new_key(request, bot_id=None)


class MyKeyView(APIView):
    """One key of the signed-in person, or of one of their bots."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke the key: it is refused and its sockets are closed."""
        revoke_own_api_key(actor_of(request), key_id=ApiKeyId(key_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotationView(APIView):
    """The successor of a key."""

    @extend_schema(request=RotationSerializer, responses={201: NewApiKey})
    def post(self, request: Request, key_id: UUID) -> Response:
        """Replace the key by a new one; the old one lives on for some hours. The secret is told this once."""
        overlap_hours = body_of(request, RotationSerializer)["overlap_hours"]
        made = rotate_api_key(actor_of(request), key_id=ApiKeyId(key_id), overlap_hours=overlap_hours)
        return _secret(made)


class MyBotsView(APIView):
    """The bots of the signed-in person."""

    @extend_schema(responses={200: Page[BotPayload]})
    def get(self, request: Request) -> Response:
        """List one's own bots, newest first; their number is limited, so there is one page."""
        bots = bots_of(require_person(actor_of(request)))
        return Response(Page(items=[bot_payload(bot) for bot in bots], next=None))

    @extend_schema(request=BotDraftSerializer, responses={201: BotPayload})
    def post(self, request: Request) -> Response:
        """Make a bot."""
        made = create_bot(actor_of(request), **body_of(request, BotDraftSerializer))
        return Response(made, status=status.HTTP_201_CREATED)


class MyBotView(APIView):
    """One bot of the signed-in person."""

    @extend_schema(responses={200: BotPayload})
    def get(self, request: Request, bot_id: UUID) -> Response:
        """Return the bot."""
        return Response(bot_payload(get_bot_for(actor_of(request), UserId(bot_id))))

    @extend_schema(request=ProfileSerializer, responses={200: BotPayload})
    def patch(self, request: Request, bot_id: UUID) -> Response:
        """Change what others see of the bot."""
        changes = body_of(request, ProfileSerializer, partial=True)
        return Response(update_bot(actor_of(request), bot_id=UserId(bot_id), **changes))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, bot_id: UUID) -> Response:
        """End the bot: its keys are refused and its sockets are closed. What it wrote stays."""
        delete_bot(actor_of(request), bot_id=UserId(bot_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class BotKeysView(APIView):
    """The API keys of a bot of the signed-in person."""

    @extend_schema(responses={200: Page[ApiKeyPayload]})
    def get(self, request: Request, bot_id: UUID) -> Response:
        """List the bot's living keys, newest first; their number is limited, so there is one page."""
        return _page_of_keys(UserId(get_bot_for(actor_of(request), UserId(bot_id)).id))

    @extend_schema(request=ApiKeyDraftSerializer, responses={201: NewApiKey})
    def post(self, request: Request, bot_id: UUID) -> Response:
        """Make a key that acts for the bot. The secret is told this once."""
        return _new_key(request, bot_id=UserId(bot_id))


def _page_of_keys(user_id: UserId) -> Response:
    return Response(Page(items=[api_key_payload(key) for key in living_keys(user_id)], next=None))


def _new_key(request: Request, *, bot_id: UserId | None) -> Response:
    body = body_of(request, ApiKeyDraftSerializer)
    scopes = [Scope(scope) for scope in body["scopes"]]
    made = create_api_key(actor_of(request), name=body["name"], scopes=scopes, days=body["days"], bot_id=bot_id)
    return _secret(made)


def _secret(made: NewApiKey) -> Response:
    """Return an answer that no cache may keep."""
    return Response(made, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})
