"""The authorisation table: every route, tried by everybody, with real requests against real rows.

A route without a row fails, and so does a row without a route. To add a route is to say here who gets what.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.constants import StaffRole
from kernel import rate_limits
from tests.authorisation import routes
from tests.authorisation.admin_table import ADMIN
from tests.authorisation.allauth_table import ALLAUTH
from tests.authorisation.api_table import API, OUTSIDE
from tests.authorisation.people import (
    ANONYMOUS,
    MEMBER,
    STAFF,
    STRANGER,
    Caller,
    Unlimited,
    World,
    build_world,
    try_out,
)
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.django_db
OF_EACH_KIND = (ANONYMOUS, MEMBER, StaffRole.ADMINISTRATOR)
"""Who tries allauth's routes, which know no roles: nobody, somebody, and who may most."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(rate_limits, "_limiter", Unlimited())
    cache.clear()
    return build_world()


def differences(expected: dict[str, int], found: dict[str, int]) -> dict[str, str]:
    return {who: f"expected {expected[who]}, got {found[who]}" for who in expected if expected[who] != found[who]}


def comparable(answer: Any) -> Any:
    """Return an answer without what differs between any two requests."""
    problem = answer.json()
    return answer.status_code, {name: problem[name] for name in problem if name not in ("instance", "request_id")}


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    rows = {*API, *OUTSIDE, *ADMIN, *ALLAUTH}
    found = routes.all_routes()
    assert sorted(found - rows) == [], "routes without a row"
    assert sorted(rows - found) == [], "rows without a route"


def test_everybody_gets_from_the_api_what_the_table_says(world: World) -> None:
    wrong = {}
    for route, row in API.items():
        method, _, path = route.partition(" ")
        body = row.body(world) if row.body else None
        found = {
            name: try_out(Client(), method, world.path(path.strip("^")), body, caller.headers)
            for name, caller in world.callers.items()
        }
        wrong[route] = differences(row.statuses, {name: answer.status_code for name, answer in found.items()})
    assert [f"{route}: {those}" for route, those in wrong.items() if those] == []


def test_what_middleware_answers_is_for_everybody(world: World) -> None:
    for route, row in OUTSIDE.items():
        method, _, path = route.partition(" ")
        for name in (ANONYMOUS, MEMBER):
            answer = try_out(Client(), method, path, None, world.callers[name].headers)
            assert (route, answer.status_code) == (route, row.statuses[name])


def test_what_is_not_yours_looks_like_what_is_not_there(world: World) -> None:
    hidden = [route for route, row in API.items() if row.statuses[STRANGER] == 404 and "<" in route]
    assert len(hidden) > 20
    stranger, member = world.callers[STRANGER], world.callers[MEMBER]
    different = {}
    for route in hidden:
        method, _, path = route.partition(" ")
        row = API[route]
        body = row.body(world) if row.body else None
        forbidden, absent, absent_to_member = (
            comparable(try_out(Client(), method, address, body, caller.headers))
            for caller, address in (
                (stranger, world.path(path)),
                (stranger, world.path(path, absent=True)),
                (member, world.path(path, absent=True)),
            )
        )
        if not forbidden == absent == absent_to_member:
            different[route] = (forbidden, absent, absent_to_member)
    assert different == {}


def test_every_role_opens_the_pages_of_the_panel_that_the_table_says(world: World) -> None:
    wrong = {}
    callers = {name: world.callers[name] for name in (ANONYMOUS, MEMBER, *STAFF)}
    for route, statuses in ADMIN.items():
        method, _, path = route.partition(" ")
        found = {
            name: try_out(caller.browser, method, panel_path(world, path), None, {}).status_code
            for name, caller in callers.items()
        }
        wrong[route] = differences({name: statuses[name] for name in callers}, found)
    assert [f"{route}: {those}" for route, those in wrong.items() if those] == []


def panel_path(world: World, route: str) -> str:
    """Return the address of a page: of an existing row of its model, the first app, a page that nobody knows."""
    model = re.match("/admin/([a-z]+/[a-z]+)/<", route)
    path = route.replace("<path:object_id>", world.rows[model[1]]) if model else route
    path = path.replace("<path:content_type_id>/<path:object_id>", "1/1").replace("(?P<url>.*)$", "nowhere")
    return re.sub(r"\^\(\?P<app_label>(\w+).*", r"\1/", path)


def test_allauth_lets_in_whom_the_table_says(world: World) -> None:
    callers = {name: world.callers[name] for name in OF_EACH_KIND}
    for caller in callers.values():
        caller.browser = Client(raise_request_exception=False)
        sign_in_to_allauth(caller)
    wrong = {}
    for route, (anonymous, others) in ALLAUTH.items():
        method, _, path = route.partition(" ")
        found = {name: try_allauth(caller, method, path).status_code for name, caller in callers.items()}
        wrong[route] = differences(dict.fromkeys(callers, others) | {ANONYMOUS: anonymous}, found)
    assert [f"{route}: {those}" for route, those in wrong.items() if those] == []


def try_allauth(caller: Caller, method: str, path: str) -> Any:
    """Make the request as an app with the caller's token, or as the caller's browser with its cookie."""
    if "/app/" in path:
        return try_out(Client(raise_request_exception=False), method, path, {}, caller.headers)
    return try_out(caller.browser, method, path, {}, {})


def sign_in_to_allauth(caller: Caller) -> None:
    """Give the caller's browser a cookie of its own."""
    if caller.user is None:
        return
    login = {"username": caller.user.username, "password": PASSWORD}
    answer = caller.browser.post("/_allauth/browser/v1/auth/login", login, content_type="application/json")
    assert answer.status_code == 200, answer.content


def test_over_rest_a_staff_role_opens_nothing_that_is_closed_to_a_stranger() -> None:
    """Staff act in the panel, behind a second factor and a fresh sign-in; a bearer token of theirs is worth what anybody's is."""
    refused = {route: row.statuses for route, row in API.items() if row.statuses[STRANGER] >= 400}
    assert refused
    assert not {(route, who) for route, statuses in refused.items() for who in STAFF if statuses[who] < 400}
