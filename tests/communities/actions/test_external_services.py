"""Registering services outside: for who manages gates, with a secret that is sealed, and not taken from under a gate."""

from __future__ import annotations

from datetime import timedelta

import pytest

from communities.actions.external_services import (
    create_external_service,
    delete_external_service,
    rotate_service_secret,
    update_external_service,
)
from communities.constants import GateMode
from communities.errors import (
    ExternalServiceInUse,
    ExternalServiceNameTaken,
    InvalidGate,
    TooManyExternalServices,
)
from communities.models import ExternalAnswer, ExternalService, Membership
from communities.storage.service_secrets import open_secret
from kernel.clock import now
from kernel.errors import Forbidden, InvalidInput, NotFound
from kernel.ids import CommunityId, ExternalServiceId, uuid7
from tests.factories.communities import Rank, acting, make_community, make_external_service, make_member
from tests.factories.gates import gate
from tests.jobs import jobs_with
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

ASKS = {"type": "external", "service": "club"}
URL = "https://club.example/ask"


@pytest.fixture
def owner():
    return make_member(make_community(), rank=Rank.OWNER)


def about(service):
    return {"community_id": CommunityId(service.community_id), "service_id": ExternalServiceId(service.pk)}


def make(owner, **fields):
    place = CommunityId(owner.community_id)
    return create_external_service(acting(owner), community_id=place, **{"name": "club", "url": URL, **fields})


def test_a_service_is_registered_with_a_secret_that_is_not_in_the_row_in_clear(owner):
    made = make(owner, max_seconds=600)
    [row] = ExternalService.objects.all()
    assert (row.name, row.url, row.min_seconds, row.max_seconds) == ("club", URL, 60, 600)
    assert open_secret(row.sealed_secret) == made.secret
    assert made.secret not in str(ExternalService.objects.values().get())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Club"),
        ("name", ""),
        ("name", "club\n"),
        ("url", "http://club.example/"),
        ("url", "https://10.0.0.1/"),
        ("url", "https://ada@club.example/"),
        ("url", f"https://club.example/{'x' * 500}"),
        ("min_seconds", 59),
        ("max_seconds", 2_592_001),
    ],
)
def test_what_is_no_service_is_refused(owner, field, value):
    with unchanged(ExternalService), pytest.raises(InvalidInput) as refused:
        make(owner, **{field: value})
    assert refused.value.data["field"] == field


def test_lifetimes_are_in_order(owner):
    with unchanged(ExternalService), pytest.raises(InvalidInput):
        make(owner, min_seconds=600, max_seconds=300)


def test_names_are_taken_once_and_services_are_few(owner, settings):
    make(owner)
    with unchanged(ExternalService), pytest.raises(ExternalServiceNameTaken):
        make(owner)
    settings.EXTERNAL_SERVICES_MAX = 1
    with unchanged(ExternalService), pytest.raises(TooManyExternalServices):
        make(owner, name="guild")


def test_nobody_manages_services_who_does_not_manage_gates(owner):
    service = make_external_service(owner.community)
    moderator, stranger = make_member(owner.community, rank=Rank.MODERATOR), make_member(make_community())
    for member, error in ((moderator, Forbidden), (stranger, NotFound)):
        actor = acting(member)
        for act in (
            lambda actor: create_external_service(
                actor, community_id=CommunityId(owner.community_id), name="guild", url=URL
            ),
            lambda actor: update_external_service(actor, **about(service), max_seconds=600),
            lambda actor: rotate_service_secret(actor, **about(service)),
            lambda actor: delete_external_service(actor, **about(service)),
        ):
            with unchanged(ExternalService), pytest.raises(error):
                act(actor)


def test_a_service_of_another_community_is_not_there(owner):
    other = make_external_service(make_community())
    absent = about(other) | {"community_id": CommunityId(owner.community_id)}
    for act in (update_external_service, rotate_service_secret, delete_external_service):
        with unchanged(ExternalService), pytest.raises(NotFound):
            act(acting(owner), **absent)
    with pytest.raises(NotFound):
        rotate_service_secret(acting(owner), **absent | {"service_id": ExternalServiceId(uuid7())})


def test_a_new_secret_leaves_the_former_one_good_for_a_day(owner, time_machine):
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    first = make(owner)
    row = ExternalService.objects.get()
    second = rotate_service_secret(acting(owner), **about(row))
    row.refresh_from_db()
    assert second.secret != first.secret
    assert [open_secret(one) for one in (row.sealed_secret, row.sealed_former_secret)] == [second.secret, first.secret]
    assert row.former_secret_until == now() + timedelta(hours=24)


def test_from_another_address_everybody_is_asked_about_again(owner):
    at = now()
    service = make_external_service(owner.community, failures=7, last_failure="timeout", paused_until=at)
    later = at + timedelta(days=1)
    ExternalAnswer.objects.create(
        service=service, community=owner.community, user=owner.user, allowed=True, expires_at=later, ask_at=later
    )
    update_external_service(acting(owner), **about(service), max_seconds=600)
    assert ExternalAnswer.objects.get().ask_at == later
    changed = update_external_service(acting(owner), **about(service), url="https://club.example/new")
    assert (changed.url, changed.failures, changed.last_failure, changed.paused_until, changed.max_seconds) == (
        "https://club.example/new",
        0,
        "",
        None,
        600,
    )
    answer = ExternalAnswer.objects.get()
    assert (answer.allowed, answer.expires_at, answer.ask_at <= now()) == (True, later, True)
    assert jobs_with(service_id=str(service.pk)) == [
        ("communities.ask_external_service", {"service_id": str(service.pk)})
    ]


def test_a_service_that_a_gate_asks_is_not_deleted(owner):
    service = make_external_service(owner.community)
    gate(owner.community, ASKS, mode=GateMode.SHADOW)
    with unchanged(ExternalService), pytest.raises(ExternalServiceInUse):
        delete_external_service(acting(owner), **about(service))
    gate(owner.community, None)
    epoch = Membership.objects.get(pk=owner.pk).access_epoch
    delete_external_service(acting(owner), **about(service))
    assert not ExternalService.objects.exists()
    assert not ExternalAnswer.objects.exists()
    assert Membership.objects.get(pk=owner.pk).access_epoch == epoch + 1


def test_a_gate_asks_only_services_that_there_are(owner):
    make_external_service(make_community())
    with pytest.raises(InvalidGate) as refused:
        gate(owner.community, ASKS)
    assert refused.value.data["path"] == "external.service"
