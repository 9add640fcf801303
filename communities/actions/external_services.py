"""The services outside that gates may ask: registering, changing and deleting them, and new secrets. Asking is in `external_answers`."""

from __future__ import annotations

import re
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from msgspec.structs import asdict

from communities.actions.external_answers import unchecked_ask_everybody_again
from communities.constants import (
    FORMER_SECRET_HOURS,
    MAX_SERVICE_URL_LENGTH,
    SERVICE_NAME_PATTERN,
    Permission,
)
from communities.errors import ExternalServiceInUse, ExternalServiceNameTaken, TooManyExternalServices
from communities.events import ExternalServicePayload, ExternalServiceWithSecret
from communities.gates.live import services_asked
from communities.models import ExternalAnswer, ExternalService, Membership
from communities.models.locks import lock_external_service
from communities.payloads import external_service_payload
from communities.policies import lock_community_for
from communities.queries.external_services import find_external_service, names_of_services
from communities.storage.service_secrets import new_secret, seal_secret
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId, ExternalServiceId
from kernel.metrics import limit_hit
from kernel.outbound import WrongUrl, checked_url


def create_external_service(
    actor: Actor,
    *,
    community_id: CommunityId,
    name: str,
    url: str,
    min_seconds: int | None = None,
    max_seconds: int | None = None,
) -> ExternalServiceWithSecret:
    """Register a service that gates may ask by its name, and return its secret, this once. For who manages gates.

    Its answers count for the shortest and longest times that the installation allows, unless told. Locks the community. Raises
    `InvalidInput`, `ExternalServiceNameTaken`, `TooManyExternalServices`, or why it is refused.
    """
    if not re.fullmatch(SERVICE_NAME_PATTERN, name):
        raise InvalidInput("Use 1 to 40 of a-z, 0-9 and hyphen.", field="name")
    service = ExternalService(community_id=community_id, name=name, url=_checked_url(url))
    _set_lifetimes(
        service,
        settings.EXTERNAL_ANSWER_SECONDS_MIN if min_seconds is None else min_seconds,
        settings.EXTERNAL_ANSWER_SECONDS_MAX if max_seconds is None else max_seconds,
    )
    secret = new_secret()
    service.sealed_secret = seal_secret(secret)
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_GATES)
        _check_place(community_id, name)
        service.save(force_insert=True)
    return _with_secret(service, secret)


def update_external_service(
    actor: Actor,
    *,
    community_id: CommunityId,
    service_id: ExternalServiceId,
    url: str | None = None,
    min_seconds: int | None = None,
    max_seconds: int | None = None,
) -> ExternalServicePayload:
    """Change where a service is and how long its answers count from now on. For who manages gates. Its name stays: gates say it.

    From another address everybody is asked about again; what was answered counts until then. Locks the community and the service.
    Raises `InvalidInput`, `NotFound`, or why it is refused.
    """
    checked = None if url is None else _checked_url(url)
    with transaction.atomic():
        service = _lock_for(actor, community_id, service_id)
        _set_lifetimes(
            service,
            service.min_seconds if min_seconds is None else min_seconds,
            service.max_seconds if max_seconds is None else max_seconds,
        )
        moved = checked is not None and checked != service.url
        if checked is not None and moved:
            service.url, service.failures, service.last_failure, service.paused_until = checked, 0, "", None
        service.save()
        if moved:
            unchecked_ask_everybody_again(service)
    return external_service_payload(service)


def rotate_service_secret(
    actor: Actor, *, community_id: CommunityId, service_id: ExternalServiceId
) -> ExternalServiceWithSecret:
    """Give a service a new secret and return it, this once. For who manages gates.

    For `FORMER_SECRET_HOURS` questions are signed with the former one as well, so that the service can be changed meanwhile. Locks the
    community and the service. Raises `NotFound`, or why it is refused.
    """
    secret = new_secret()
    with transaction.atomic():
        service = _lock_for(actor, community_id, service_id)
        service.sealed_former_secret, service.sealed_secret = service.sealed_secret, seal_secret(secret)
        service.former_secret_until = now() + timedelta(hours=FORMER_SECRET_HOURS)
        service.save()
    return _with_secret(service, secret)


def delete_external_service(actor: Actor, *, community_id: CommunityId, service_id: ExternalServiceId) -> None:
    """Forget a service that no gate asks, and all that it answered. For who manages gates.

    Locks the community and the service. Raises `ExternalServiceInUse`, `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        service = _lock_for(actor, community_id, service_id)
        if service.name in services_asked(community_id):
            raise ExternalServiceInUse
        answers = ExternalAnswer.objects.filter(service=service)
        # What is remembered for an epoch must not outlive the answers, should a service of this name come back.
        concerned = Membership.objects.filter(community_id=community_id, user_id__in=answers.values("user_id"))
        concerned.update(access_epoch=F("access_epoch") + 1)
        service.delete()


def _lock_for(actor: Actor, community_id: CommunityId, service_id: ExternalServiceId) -> ExternalService:
    lock_community_for(actor, community_id, Permission.MANAGE_GATES)
    if find_external_service(community_id, service_id) is None:
        raise NotFound
    service = lock_external_service(service_id)
    if service is None:
        raise NotFound
    return service


def _checked_url(url: str) -> str:
    try:
        checked = checked_url(url, settings.EXTERNAL_SERVICE_RULES)
    except WrongUrl as error:
        raise InvalidInput(str(error), field="url") from error
    if len(checked) > MAX_SERVICE_URL_LENGTH:
        raise InvalidInput(f"Use {MAX_SERVICE_URL_LENGTH} characters at most.", field="url")
    return checked


def _set_lifetimes(service: ExternalService, least: int, most: int) -> None:
    shortest, longest = settings.EXTERNAL_ANSWER_SECONDS_MIN, settings.EXTERNAL_ANSWER_SECONDS_MAX
    for field, seconds in (("min_seconds", least), ("max_seconds", most)):
        if not shortest <= seconds <= longest:
            raise InvalidInput(f"Use a number from {shortest} to {longest}.", field=field)
    if least > most:
        raise InvalidInput("The shortest time is longer than the longest.", field="min_seconds")
    service.min_seconds, service.max_seconds = least, most


def _check_place(community_id: CommunityId, name: str) -> None:
    names = names_of_services(community_id)
    if name in names:
        raise ExternalServiceNameTaken
    if len(names) >= settings.EXTERNAL_SERVICES_MAX:
        limit_hit("external_service.number")
        raise TooManyExternalServices


def _with_secret(service: ExternalService, secret: str) -> ExternalServiceWithSecret:
    return ExternalServiceWithSecret(**asdict(external_service_payload(service)), secret=secret)
