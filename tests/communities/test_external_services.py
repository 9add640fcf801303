"""A gate that asks a service outside, from its registration to the member inside, with a real server that checks what it is sent."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from communities.tasks import ask_external_service
from tests.certificates import Authority
from tests.factories.accounts import bearer
from tests.factories.communities import Rank, make_community, make_member
from tests.scripted_http import Answer, ScriptedServer, scripted_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(tmp_path, settings) -> Iterator[ScriptedServer]:
    authority = Authority(tmp_path)
    loopback = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    settings.EXTERNAL_SERVICE_RULES = replace(
        settings.EXTERNAL_SERVICE_RULES, seconds=30, allowed=loopback, ca_file=str(authority.ca_file)
    )
    with scripted_server(authority.server_context("localhost")) as running:
        yield running


def test_a_service_is_registered_asked_in_the_shadow_and_then_lets_members_in(api, limiter, server):
    owner = make_member(make_community(), rank=Rank.OWNER)
    member = make_member(owner.community)
    mine, theirs = bearer(owner.user), bearer(member.user)
    place = f"/api/v1/communities/{owner.community_id}"
    service = {"name": "club", "url": f"{server.url}/ask"}
    made = api.post(f"{place}/external-services", service, headers=mine).json()
    version = {"tree": {"type": "external", "service": "club"}}
    refused = api.put(f"{place}/gate", version, headers=mine)
    assert (refused.status_code, refused.json()["code"]) == (409, "gate.locks_out")
    assert api.put(f"{place}/gate", version | {"mode": "shadow"}, headers=mine).status_code == 200

    server.answers.extend([Answer(200, {"allowed": True, "expires_in": 600})] * 2)
    ask_external_service(made["id"])
    assert {request.json["user"] for request in server.requests} == {str(owner.user_id), str(member.user_id)}
    for request in server.requests:
        seconds, signature = request.headers["Portcullis-Signature"].split(",")
        signed = seconds.removeprefix("t=").encode() + b"." + request.body
        assert signature == f"v1={hmac.new(made['secret'].encode(), signed, hashlib.sha256).hexdigest()}"

    assert api.get(f"{place}/gate/shadow", headers=mine).json()["loses"] == 0
    assert api.put(f"{place}/gate", version, headers=mine).status_code == 200
    assert api.get(f"{place}/rooms", headers=theirs).status_code == 200

    server.answers.append(Answer(200, {"allowed": False, "expires_in": 600}))
    assert api.post(f"{place}/external-answers/refresh", headers=theirs).status_code == 204
    ask_external_service(made["id"])
    closed = api.get(f"{place}/rooms", headers=theirs)
    assert (closed.status_code, closed.json()["code"]) == (403, "gate.closed")
    assert api.get(f"{place}/rooms", headers=mine).status_code == 200
