"""The rows of the socket protocol: topics and whose they are, the topics of each type of event, and commands with a body."""

from __future__ import annotations

from collections.abc import Callable

from tests.leaks.knowledge import APPLICATIONS, ENTITLEMENTS, INNER, INVITES, ROOMS

TOPICS: dict[str, tuple[tuple[str, ...], str]] = {
    "community": ((INNER,), "community_id"),
    "invites": ((INVITES,), "community_id"),
    "applications": ((APPLICATIONS,), "community_id"),
    "entitlements": ((ENTITLEMENTS,), "community_id"),
    "room": (ROOMS, "room_id"),
    "user": ((), ""),  # everybody's own, with a test of its own
}
"""By kind of topic: the kinds of things that its topics tell, and the id that is in their names."""

_ACCOUNT_EVENTS = (
    "user.updated",
    "session.started",
    "session.replayed",
    "session.revoked",
    "second_factor.added",
    "second_factor.updated",
    "second_factor.removed",
    "recovery_codes.replaced",
    "recovery_code.used",
    "trusted_device.added",
    "trusted_device.removed",
    "social_account.connected",
    "social_account.disconnected",
    "phone_number.verified",
    "phone_number.removed",
    "staff_roles.changed",
    "account.deactivated",
    "account.reactivated",
    "account.deletion_scheduled",
    "account.deletion_cancelled",
    "api_key.created",
    "api_key.rotated",
    "api_key.revoked",
    "bot.created",
    "bot.updated",
    "bot.deleted",
    "membership.changed",
    "application.changed",
    "entitlement.changed",
    "room.joined",
    "room.left",
    "read_marker.moved",
    "access.changed",
    "level.changed",
    "rules.accepted",
    "onboarding.answered",
)
EVENTS: dict[str, tuple[str, ...]] = dict.fromkeys(_ACCOUNT_EVENTS, ("user",)) | {
    "access.revoked": ("community", "room"),
    "access.reviewed": ("community", "room", "invites", "applications", "entitlements"),
    "community.updated": ("community",),
    "member.joined": ("community",),
    "member.updated": ("community",),
    "member.removed": ("community",),
    "role.created": ("community",),
    "role.updated": ("community",),
    "role.deleted": ("community",),
    "roles.reordered": ("community",),
    "gate.changed": ("community", "room"),
    "rules.changed": ("community",),
    "onboarding.changed": ("community",),
    "category.created": ("community",),
    "category.updated": ("community",),
    "category.deleted": ("community",),
    "invite.created": ("invites",),
    "invite.used": ("invites",),
    "invite.revoked": ("invites",),
    "application.submitted": ("applications",),
    "application.updated": ("applications",),
    "application.voted": ("applications",),
    "application_form.changed": ("applications",),
    "entitlement.granted": ("entitlements",),
    "entitlement.revoked": ("entitlements",),
    "entitlement.ended": ("entitlements",),
    "rooms.changed": ("community",),
    "room.created": ("room",),
    "room.updated": ("room",),
    "room.archived": ("room",),
    "room_overwrites.changed": ("room",),
    "room_member.added": ("room",),
    "room_member.removed": ("room",),
    "message.created": ("room",),
    "message.edited": ("room",),
    "message.deleted": ("room",),
    "typing.started": ("room",),
    "presence.changed": ("community",),
}
"""By type of event, the kinds of topics on which it may be. An event on a topic tells all followers of it what it carries."""

Body = Callable[[dict[str, str]], dict[str, object]]

COMMANDS: dict[str, Body] = {
    "message.send": lambda ids: {"room": ids["room_id"], "body": "Ahoy", "nonce": "leaks"},
    "message.edit": lambda ids: {"message": ids["message_id"], "body": "Ahoy"},
    "message.delete": lambda ids: {"message": ids["message_id"]},
    "room.read": lambda ids: {"room": ids["room_id"], "seq": 1},
    "typing.start": lambda ids: {"room": ids["room_id"]},
    "presence.set": lambda _: {},
}
"""The commands of the domain, each with the body that it is tried with."""

OWN_COMMANDS = {
    "auth",
    "ping",
    "topic.follow",
    "topic.unfollow",
    "presence.watch",
    "presence.unwatch",
    "presence.report",
}
"""What the gateway answers itself: following and watching have tests of their own, the others tell nothing of anybody."""
