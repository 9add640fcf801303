"""The routes of accounts: parse, call one action or query, return."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions.birth_dates import set_birth_date
from accounts.actions.deactivations import deactivate_account
from accounts.actions.deletions import cancel_deletion, schedule_deletion
from accounts.actions.phone_numbers import remove_phone_number
from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.sessions import prolong_session, revoke_other_sessions, revoke_own_session, revoke_session
from accounts.actions.tickets import issue_ticket
from accounts.actions.trusted_devices import distrust_all_devices, distrust_device
from accounts.actions.users import update_profile
from accounts.api.parameters import PAGE_PARAMETERS
from accounts.api.requests import actor_of, body_of, django_request, page_request_of, query_of
from accounts.api.serializers import (
    BirthDateSerializer,
    LoginSerializer,
    ProfileSerializer,
    RefreshSerializer,
    SignUpSerializer,
)
from accounts.authentication import DeletionTokenAuthentication
from accounts.events import (
    BirthDatePayload,
    DeletionPayload,
    ListedSession,
    MePayload,
    SignedIn,
    SocketTicket,
    TokenPair,
    TrustedDevicePayload,
)
from accounts.flows.logins import log_in, sign_up
from accounts.payloads import me_payload, trusted_device_payload
from accounts.policies import get_deletion_for, require_person
from accounts.queries.birth_dates import get_birth_date
from accounts.queries.sessions import list_sessions
from accounts.queries.trusted_devices import list_trusted_devices
from accounts.queries.users import get_user
from accounts.storage.web_sessions import session_id_of
from kernel.errors import Unauthenticated
from kernel.ids import SessionId
from kernel.wire import Page, WireStruct

_BEARER: Any = [{"bearer": []}]  # a list of texts in the types of the library, and of requirements in its code


class SignUpView(APIView):
    """Make an account."""

    authentication_classes = ()

    @extend_schema(request=SignUpSerializer, responses={201: SignedIn}, auth=[])
    def post(self, request: Request) -> Response:
        """Make an account and sign in."""
        signed_in = sign_up(django_request(request), **body_of(request, SignUpSerializer))
        return _secret(signed_in, status.HTTP_201_CREATED)


class LoginView(APIView):
    """Sign in."""

    authentication_classes = ()

    @extend_schema(request=LoginSerializer, responses={200: SignedIn}, auth=[])
    def post(self, request: Request) -> Response:
        """Sign in with an e-mail address or username and a password."""
        return _secret(log_in(django_request(request), **body_of(request, LoginSerializer)))


class RefreshView(APIView):
    """Stay signed in."""

    authentication_classes = ()

    @extend_schema(request=RefreshSerializer, responses={200: TokenPair}, auth=[])
    def post(self, request: Request) -> Response:
        """Exchange the newest refresh token for the next pair; an older one ends the session."""
        return _secret(refresh_session(**body_of(request, RefreshSerializer)))


class LogoutView(APIView):
    """Sign out."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End this session: its tokens are refused and its sockets are closed."""
        actor = actor_of(request)
        if actor.session_id is None:
            raise Unauthenticated
        cookie = django_request(request).session
        is_of_cookie = session_id_of(cookie) == actor.session_id
        revoke_session(actor, session_id=actor.session_id)
        if is_of_cookie:
            cookie.flush()
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(APIView):
    """The signed-in user."""

    @extend_schema(responses={200: MePayload})
    def get(self, request: Request) -> Response:
        """Return the signed-in user; a page that is signed in by its cookie gets its CSRF token in `X-CSRFToken`."""
        user = get_user(actor_of(request).require_user())
        if "Authorization" not in request.headers:
            get_token(django_request(request))
        return Response(me_payload(user))

    @extend_schema(request=ProfileSerializer, responses={200: MePayload})
    def patch(self, request: Request) -> Response:
        """Change what others see of the signed-in user."""
        return Response(update_profile(actor_of(request), **body_of(request, ProfileSerializer, partial=True)))


class PhoneNumberView(APIView):
    """The verified phone number of the signed-in user. Setting one is a flow of several steps, below `/_allauth/`."""

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Remove the number from the account; needs a proof of identity of late. 404 when there is none."""
        remove_phone_number(actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class BirthDateView(APIView):
    """When the signed-in user was born, which nobody else is shown."""

    @extend_schema(responses={200: BirthDatePayload})
    def get(self, request: Request) -> Response:
        """Return the birth date that the user has told."""
        return Response(get_birth_date(require_person(actor_of(request))))

    @extend_schema(request=BirthDateSerializer, responses={200: BirthDatePayload})
    def put(self, request: Request) -> Response:
        """Tell the birth date. It is told once: 409 when another one is set."""
        return Response(set_birth_date(actor_of(request), **body_of(request, BirthDateSerializer)))


class DeactivationView(APIView):
    """Close the account for a while."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Close the account until its user signs in again; needs a sign-in of late. Every session ends."""
        deactivate_account(actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeletionView(APIView):
    """Close the account for good. It is asked for in a session, and cancelled with the token that a later sign-in is answered with."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Nobody has a session while a deletion is scheduled, so what shows and cancels it takes another proof."""
        asks = getattr(self.request, "method", "POST") == "POST"
        return super().get_authenticators() if asks else [DeletionTokenAuthentication()]

    @extend_schema(responses={200: DeletionPayload}, auth=_BEARER)
    def get(self, request: Request) -> Response:
        """Return the deletion that is scheduled; the bearer token is the `cancellation` of `account.deletion_scheduled`."""
        return Response(get_deletion_for(actor_of(request)))

    @extend_schema(request=None, responses={200: DeletionPayload})
    def post(self, request: Request) -> Response:
        """Close the account now and have it deleted after the grace; needs a sign-in of late. Every session ends."""
        actor = actor_of(request)
        return Response(schedule_deletion(actor, user_id=actor.require_user()))

    @extend_schema(responses={204: None}, auth=_BEARER)
    def delete(self, request: Request) -> Response:
        """Keep the account; the bearer token is the `cancellation` of `account.deletion_scheduled`."""
        actor = actor_of(request)
        cancel_deletion(actor, user_id=actor.require_user())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionsView(APIView):
    """Where the user is signed in."""

    @extend_schema(parameters=[*PAGE_PARAMETERS], responses={200: Page[ListedSession]})
    def get(self, request: Request) -> Response:
        """List the devices where the user is signed in, the newest sign-in first; `current` is the one that asks."""
        actor = actor_of(request)
        query_of(request)
        return Response(list_sessions(actor.require_user(), current=actor.session_id, page=page_request_of(request)))


class SessionView(APIView):
    """One device where the user is signed in."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: UUID) -> Response:
        """Sign a device out: its tokens are refused from the next request on, and its sockets are closed."""
        revoke_own_session(actor_of(request), session_id=SessionId(session_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RevokeOthersView(APIView):
    """All other devices where the user is signed in."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign out all devices but the one that asks."""
        revoke_other_sessions(actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TrustedDevicesView(APIView):
    """The devices where the signed-in user is not asked for a second factor."""

    @extend_schema(responses={200: Page[TrustedDevicePayload]})
    def get(self, request: Request) -> Response:
        """Return them, newest first; there are never so many that they need a second page."""
        devices = list_trusted_devices(get_user(actor_of(request).require_user()))
        return Response(Page(items=list(map(trusted_device_payload, devices)), next=None))

    @extend_schema(operation_id="me_trusted_devices_destroy_all", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Trust none of them any more."""
        distrust_all_devices(actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TrustedDeviceView(APIView):
    """One device where the signed-in user is not asked for a second factor."""

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, device_id: UUID) -> Response:
        """Trust it no more."""
        distrust_device(actor_of(request), device_id=device_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TicketView(APIView):
    """Open a socket."""

    @extend_schema(request=None, responses={200: SocketTicket})
    def post(self, request: Request) -> Response:
        """Return a single-use ticket that opens one socket of this session, or lets an open one go on."""
        actor = actor_of(request)
        if actor.session_id is not None and "Authorization" not in request.headers:
            django_request(request).session.modified |= prolong_session(actor.session_id)
        return _secret(issue_ticket(actor))


def _secret(payload: WireStruct, status_code: int = status.HTTP_200_OK) -> Response:
    """Return an answer that no cache may keep."""
    return Response(payload, status=status_code, headers={"Cache-Control": "no-store"})
