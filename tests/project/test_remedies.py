"""Every remedy that a gate names leads somewhere: its route exists, acts, and is open to whom it is told to."""

from __future__ import annotations

from django.urls import resolve

from communities.gates.requirements import REQUIREMENTS
from kernel.ids import uuid7
from kernel.key_access import Door
from project.key_access import ROUTES
from tests.authorisation.api_table import API
from tests.authorisation.people import MEMBER

BY_TIME = {"account_age", "member_for"}
BY_OTHERS = {"role", "level"}
"""What nobody can see to by themselves, so that no route is named."""
LOOKED_AT = {"entitlement"}
"""Whose route lists what there is to choose from."""


def routes() -> dict[str, str]:
    """The route that each requirement's remedy names."""
    remedies = {str(leaf.__struct_config__.tag): leaf.remedy for leaf in REQUIREMENTS}
    return {kind: remedy.route for kind, remedy in remedies.items() if remedy is not None and remedy.route is not None}


def test_what_a_person_can_see_to_names_a_route() -> None:
    kinds = {str(leaf.__struct_config__.tag): leaf.remedy for leaf in REQUIREMENTS}
    assert {kind for kind, remedy in kinds.items() if remedy is None} == BY_TIME
    assert kinds.keys() - routes().keys() == BY_TIME | BY_OTHERS


def test_every_route_exists_and_does_something() -> None:
    for kind, route in routes().items():
        view = resolve(route.replace("{community}", str(uuid7()))).func
        view_class = getattr(view, "view_class", None)
        methods = {"GET"} if kind in LOOKED_AT else {"POST", "PUT"}
        assert view_class is not None, kind
        assert [method for method in methods if hasattr(view_class, method.lower())], kind


def test_every_route_of_ours_is_open_to_members_and_has_its_place_among_keys() -> None:
    own = {kind: route for kind, route in routes().items() if route.startswith("/api/")}
    assert own.keys() == {"invite", "application", "entitlement", "external", "min_age"}
    for kind, route in own.items():
        name = resolve(route.replace("{community}", str(uuid7()))).url_name
        method = "GET" if kind in LOOKED_AT else "PUT" if (name, "PUT") == ("birth-date", "PUT") else "POST"
        assert (name, method) in ROUTES, kind
        row = API[f"{method} {route.replace('{community}', '<uuid:community_id>')}"]
        assert row.statuses[MEMBER] not in (401, 403, 404), kind
        assert ROUTES[name, method] is not Door.ANY_KEY
