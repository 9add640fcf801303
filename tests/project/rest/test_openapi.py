"""The OpenAPI document: current, complete, served, and true of every route."""

from __future__ import annotations

import json
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.test import Client
from django.test.client import ClientHandler
from hypothesis import HealthCheck, Phase, settings

from accounts.actions.trusted_devices import trust_device
from project.environment import BASE_DIR
from tests.factories.accounts import CLIENT, bearer, make_bot, make_key, make_user, sign_in
from tests.factories.chat import make_category, make_room, post
from tests.factories.communities import (
    Rank,
    make_application,
    make_community,
    make_entitlement,
    make_external_service,
    make_invite,
    make_member,
    make_trial_offer,
    role_of,
)

DOCUMENT = BASE_DIR / "docs" / "protocol" / "openapi.v1.json"
document: dict[str, Any] = json.loads(DOCUMENT.read_text())
schema = schemathesis.openapi.from_path(DOCUMENT)


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer through Django's test handler, which leaves the connection of the test's transaction open."""
    response: Any = ClientHandler()(environ)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]


schema.app = application

CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.CHECKS.get_one("status_code_conformance"),
    schemathesis.checks.CHECKS.get_one("content_type_conformance"),
    schemathesis.checks.CHECKS.get_one("response_schema_conformance"),
]


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]


def test_the_committed_document_is_current() -> None:
    call_command("export_openapi", check=True)


def test_spectacular_finds_nothing_to_warn_about(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))


def test_every_operation_can_answer_with_a_problem() -> None:
    assert [
        (path, method)
        for path, method, one in operations()
        if one["responses"].get("default") != {"$ref": "#/components/responses/Problem"}
    ] == []
    assert document["components"]["schemas"]["Problem"]["additionalProperties"] is True


def test_every_write_takes_an_idempotency_key_but_for_those_with_secrets() -> None:
    without_key = {
        path
        for path, method, one in operations()
        if method != "get" and {"$ref": "#/components/parameters/IdempotencyKey"} not in one.get("parameters", [])
    }
    of_keys = {
        "/api/v1/me/keys",
        "/api/v1/me/keys/{key_id}",
        "/api/v1/me/keys/{key_id}/rotate",
        "/api/v1/me/bots/{bot_id}/keys",
        "/api/v1/communities/{community_id}/invites",  # answers with a code
        "/api/v1/communities/{community_id}/external-services",
        "/api/v1/communities/{community_id}/external-services/{service_id}/rotate-secret",
    }
    of_signing_in = {path for path in document["paths"] if path.startswith(("/api/v1/auth/", "/api/v1/gateway/"))}
    assert without_key == of_keys | of_signing_in


def test_every_operation_but_signing_in_asks_for_a_token_or_a_cookie() -> None:
    either = [{"bearer": []}, {"cookie": []}]
    others = {path: one.get("security") for path, _, one in operations() if one.get("security") != either}
    assert others == {
        "/api/v1/auth/login": None,
        "/api/v1/auth/refresh": None,
        "/api/v1/auth/sign-up": None,
        "/api/v1/me/deletion": [{"bearer": []}],  # with the token of the deletion
        "/api/v1/invites/preview": [{}, *either],  # before there is an account
    }


def test_names_of_operations_are_unique() -> None:
    names = [one["operationId"] for _, _, one in operations()]
    assert len(names) == len(set(names))


def test_no_answer_is_without_a_schema() -> None:
    assert [
        (path, method, status)
        for path, method, one in operations()
        for status, answer in one["responses"].items()
        if status not in ("204", "default") and not answer.get("content")
    ] == []


@pytest.mark.django_db
def test_the_document_and_its_page_are_served() -> None:
    served = Client().get("/api/schema/")
    assert served["Content-Type"].startswith("application/vnd.oai.openapi+json")
    assert served.content == DOCUMENT.read_bytes()
    page = Client().get("/api/").content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/" in page
    assert "https://" not in page


@pytest.fixture
def world() -> dict[str, Any]:
    """A community with an owner, a member, a room and a message; the ids are those that paths name, and are known every second time."""
    owner, member = make_user(), make_user()
    community = make_community()
    owning = make_member(community, owner, rank=Rank.OWNER)
    make_member(community, member)
    room = make_room(community)
    message = post(owning, room)
    sign_in(owner)
    trust_device(owner, CLIENT)
    ids = {"community_id": community.id, "room_id": room.id, "message_id": message.id, "user_id": member.id}
    ids |= {"key_id": make_key(owner)[1].id, "bot_id": make_bot(owner).id}
    ids |= {"application_id": make_application(community, make_user()).id}
    ids |= {"entitlement_id": make_entitlement(community, make_user()).id, "offer_id": make_trial_offer(community).id}
    ids |= {"category_id": make_category(community).id}
    ids |= {"role_id": role_of(community, Rank.MODERATOR).id}
    ids |= {"service_id": make_external_service(community).id}
    ids |= {"invite_id": make_invite(community, owner)[0].id}
    ids |= {"session_id": owner.sessions.get().id, "device_id": owner.trusted_devices.get().id}
    return {
        "ids": {name: str(value) for name, value in ids.items()},
        "known": cycle((True, False)),
        "headers": bearer(owner),
    }


@pytest.mark.django_db
@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_route_keeps_to_the_document_whatever_it_is_sent(case: Any, world: dict[str, Any]) -> None:
    # Every second time the ids exist: the others are refused before anything is read.
    if next(world["known"]):
        case.path_parameters |= {name: world["ids"][name] for name in case.path_parameters}
    case.call_and_validate(headers=world["headers"] | {"Accept-Encoding": "identity"}, checks=CHECKS)
