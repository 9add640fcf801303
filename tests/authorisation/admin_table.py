"""The rows of the admin panel: which page each staff role may open. Everybody else is sent to the sign-in."""

from __future__ import annotations

from collections.abc import Collection

from accounts.constants import StaffRole
from tests.authorisation.people import CALLERS, STAFF

_ALL = frozenset(STAFF)
_SUPPORT = frozenset({StaffRole.SUPPORT, StaffRole.TRUST_AND_SAFETY, StaffRole.ADMINISTRATOR})
_COMMUNITY = _SUPPORT | {StaffRole.MODERATOR}
_ADMINISTRATOR = frozenset({StaffRole.ADMINISTRATOR})

VIEWERS: dict[str, frozenset[str]] = {
    "accounts/user": _ALL,
    "accounts/session": _SUPPORT,
    "accounts/apikey": _SUPPORT,
    "accounts/staffrolechange": _ADMINISTRATOR,
    "accounts/accountdeletion": _SUPPORT,
    "communities/community": _COMMUNITY,
    "communities/membership": _COMMUNITY,
    "communities/invite": _COMMUNITY,
    "communities/onboardingversion": _COMMUNITY,
    "communities/entitlement": _COMMUNITY,
    "communities/externalservice": _COMMUNITY,
    "communities/memberlevel": _COMMUNITY,
    "communities/application": _COMMUNITY,
    "communities/role": _COMMUNITY,
    "communities/gate": _COMMUNITY,
    "communities/gateversion": _COMMUNITY,
    "chat/room": _COMMUNITY,
    "chat/roomoverwrites": _COMMUNITY,
}
"""By model, which roles see it. Nobody edits or deletes a row by hand, and only the log of staff roles is added to."""
ADDERS = {"accounts/staffrolechange": _ADMINISTRATOR}
_APPS = "(?P<app_label>accounts|communities|chat)"


def _staff(roles: Collection[str], status: int = 200, otherwise: int = 403) -> dict[str, int]:
    refused = dict.fromkeys(CALLERS, 302) | dict.fromkeys(STAFF, otherwise)
    return refused | dict.fromkeys(roles, status)


def _rows_of(model: str, viewers: Collection[str]) -> dict[str, dict[str, int]]:
    page, row = f"/admin/{model}/", f"/admin/{model}/<path:object_id>"
    adders = ADDERS.get(model, ())
    return {
        f"GET {page}": _staff(viewers),
        f"GET {page}add/": _staff(adders),
        f"POST {page}add/": _staff(adders),
        f"GET {row}/history/": _staff(viewers),
        f"GET {row}/change/": _staff(viewers),
        f"POST {row}/change/": _staff(()),
        f"GET {row}/delete/": _staff(()),
        f"POST {row}/delete/": _staff(()),
        f"GET {row}/": _staff(_ALL, 302),
    }


ADMIN: dict[str, dict[str, int]] = {
    "GET /admin/": _staff(_ALL),
    "GET /admin/login/": dict.fromkeys(CALLERS, 302),
    "POST /admin/logout/": _staff(_ALL),
    "GET /admin/password_change/": _staff(_ALL, 302),
    "GET /admin/password_change/done/": _staff(_ALL, 302),
    "GET /admin/autocomplete/": _staff((), otherwise=403),
    "GET /admin/jsi18n/": _staff(_ALL),
    "GET /admin/r/<path:content_type_id>/<path:object_id>/": _staff(_ALL, 404),
    f"GET /admin/^{_APPS}/$": _staff(_ALL),
    "GET /admin/(?P<url>.*)$": _staff(_ALL, 404),
}
for _model, _viewers in VIEWERS.items():
    ADMIN |= _rows_of(_model, _viewers)
