"""What an API key needs for each route, command and topic: the one table. A test fails when one has no row here.

What is not in the table is closed to keys, and so is what is in it as `NO_KEY`: everything by which somebody could make more
of a stolen key (keys, bots, sessions, credentials), or that has no actor.
"""

from __future__ import annotations

from collections.abc import Mapping

from kernel.key_access import Door, KeyAccess, Need, use_key_access
from kernel.scopes import Scope

ROUTES: Mapping[tuple[str, str], Need] = {
    ("sign-up", "POST"): Door.NO_KEY,
    ("login", "POST"): Door.NO_KEY,
    ("refresh", "POST"): Door.NO_KEY,
    ("logout", "POST"): Door.NO_KEY,
    ("birth-date", "GET"): Door.NO_KEY,
    ("birth-date", "PUT"): Door.NO_KEY,
    ("phone-number", "DELETE"): Door.NO_KEY,
    ("deactivate-account", "POST"): Door.NO_KEY,
    ("account-deletion", "GET"): Door.NO_KEY,
    ("account-deletion", "POST"): Door.NO_KEY,
    ("account-deletion", "DELETE"): Door.NO_KEY,
    ("trusted-devices", "GET"): Door.NO_KEY,
    ("trusted-devices", "DELETE"): Door.NO_KEY,
    ("trusted-device", "DELETE"): Door.NO_KEY,
    ("sessions", "GET"): Door.NO_KEY,
    ("revoke-other-sessions", "POST"): Door.NO_KEY,
    ("session", "DELETE"): Door.NO_KEY,
    ("my-keys", "GET"): Door.NO_KEY,
    ("my-keys", "POST"): Door.NO_KEY,
    ("my-key", "DELETE"): Door.NO_KEY,
    ("rotate-my-key", "POST"): Door.NO_KEY,
    ("my-bots", "GET"): Door.NO_KEY,
    ("my-bots", "POST"): Door.NO_KEY,
    ("my-bot", "GET"): Door.NO_KEY,
    ("my-bot", "PATCH"): Door.NO_KEY,
    ("my-bot", "DELETE"): Door.NO_KEY,
    ("bot-keys", "GET"): Door.NO_KEY,
    ("bot-keys", "POST"): Door.NO_KEY,
    ("socket-ticket", "POST"): Door.ANY_KEY,
    ("me", "GET"): Scope.PROFILE_READ,
    ("me", "PATCH"): Scope.PROFILE_WRITE,
    ("communities", "GET"): Scope.COMMUNITIES_READ,
    ("communities", "POST"): Scope.COMMUNITIES_MANAGE,
    ("discover-communities", "GET"): Scope.COMMUNITIES_READ,
    ("community", "GET"): Scope.COMMUNITIES_READ,
    ("community", "PATCH"): Scope.COMMUNITIES_MANAGE,
    ("join-community", "POST"): Scope.COMMUNITIES_JOIN,
    ("leave-community", "POST"): Scope.COMMUNITIES_JOIN,
    ("members", "GET"): Scope.COMMUNITIES_READ,
    ("members", "POST"): Scope.MEMBERS_MANAGE,
    ("member", "DELETE"): Scope.MEMBERS_MANAGE,
    ("community-owner", "PUT"): Door.NO_KEY,
    ("roles", "GET"): Scope.COMMUNITIES_READ,
    ("member-role", "PUT"): Scope.MEMBERS_MANAGE,
    ("member-role", "DELETE"): Scope.MEMBERS_MANAGE,
    ("member-ban", "POST"): Scope.MEMBERS_MANAGE,
    ("member-ban", "DELETE"): Scope.MEMBERS_MANAGE,
    ("member-timeout", "POST"): Scope.MEMBERS_MANAGE,
    ("member-timeout", "DELETE"): Scope.MEMBERS_MANAGE,
    ("invites", "GET"): Scope.MEMBERS_MANAGE,
    ("invites", "POST"): Scope.MEMBERS_MANAGE,
    ("invite", "DELETE"): Scope.MEMBERS_MANAGE,
    ("invite-uses", "GET"): Scope.MEMBERS_MANAGE,
    ("preview-invite", "POST"): Door.ANY_KEY,
    ("accept-invite", "POST"): Scope.COMMUNITIES_JOIN,
    ("application-form", "GET"): Scope.COMMUNITIES_READ,
    ("application-form", "PUT"): Scope.COMMUNITIES_MANAGE,
    ("application-form", "DELETE"): Scope.COMMUNITIES_MANAGE,
    ("application-forms", "GET"): Scope.MEMBERS_MANAGE,
    ("applications", "GET"): Scope.MEMBERS_MANAGE,
    ("applications", "POST"): Scope.COMMUNITIES_JOIN,
    ("application-decisions", "POST"): Scope.MEMBERS_MANAGE,
    ("application", "GET"): Scope.MEMBERS_MANAGE,
    ("application-claim", "POST"): Scope.MEMBERS_MANAGE,
    ("application-claim", "DELETE"): Scope.MEMBERS_MANAGE,
    ("application-vote", "PUT"): Scope.MEMBERS_MANAGE,
    ("application-decision", "POST"): Scope.MEMBERS_MANAGE,
    ("my-applications", "GET"): Scope.COMMUNITIES_JOIN,
    ("withdraw-application", "POST"): Scope.COMMUNITIES_JOIN,
    ("entitlements", "GET"): Scope.MEMBERS_MANAGE,
    ("entitlements", "POST"): Scope.MEMBERS_MANAGE,
    ("entitlement", "DELETE"): Scope.MEMBERS_MANAGE,
    ("trial-offers", "GET"): Scope.COMMUNITIES_READ,
    ("trial-offers", "PUT"): Scope.MEMBERS_MANAGE,
    ("trial-offer", "DELETE"): Scope.MEMBERS_MANAGE,
    ("start-trial", "POST"): Scope.COMMUNITIES_JOIN,
    ("my-entitlements", "GET"): Scope.COMMUNITIES_JOIN,
    ("rooms", "GET"): Scope.CHAT_READ,
    ("rooms", "POST"): Scope.ROOMS_MANAGE,
    ("direct-rooms", "POST"): Scope.CHAT_WRITE,
    ("room", "GET"): Scope.CHAT_READ,
    ("room", "PATCH"): Scope.ROOMS_MANAGE,
    ("archive-room", "POST"): Scope.ROOMS_MANAGE,
    ("leave-room", "POST"): Scope.CHAT_WRITE,
    ("room-members", "GET"): Scope.CHAT_READ,
    ("room-members", "POST"): Scope.ROOMS_MANAGE,
    ("room-member", "DELETE"): Scope.ROOMS_MANAGE,
    ("messages", "GET"): Scope.CHAT_READ,
    ("messages", "POST"): Scope.CHAT_WRITE,
    ("message", "GET"): Scope.CHAT_READ,
    ("message", "PATCH"): Scope.CHAT_WRITE,
    ("message", "DELETE"): Scope.CHAT_WRITE,
    ("read-marker", "PUT"): Scope.CHAT_WRITE,
}

COMMANDS: Mapping[str, Need] = {
    "auth": Door.ANY_KEY,
    "ping": Door.ANY_KEY,
    "topic.follow": Door.ANY_KEY,  # the kind of topic decides, see below
    "topic.unfollow": Door.ANY_KEY,
    "presence.watch": Scope.COMMUNITIES_READ,
    "presence.unwatch": Scope.COMMUNITIES_READ,
    "presence.report": Scope.PROFILE_WRITE,
    "presence.set": Scope.PROFILE_WRITE,
    "message.send": Scope.CHAT_WRITE,
    "message.edit": Scope.CHAT_WRITE,
    "message.delete": Scope.CHAT_WRITE,
    "room.read": Scope.CHAT_WRITE,
    "typing.start": Scope.CHAT_WRITE,
}

TOPICS: Mapping[str, Need] = {
    "user": Scope.PROFILE_READ,
    "community": Scope.COMMUNITIES_READ,
    "invites": Scope.MEMBERS_MANAGE,
    "entitlements": Scope.MEMBERS_MANAGE,
    "applications": Scope.MEMBERS_MANAGE,
    "room": Scope.CHAT_READ,
}


def wire_key_access() -> None:
    """Let keys in where the table says so."""
    use_key_access(KeyAccess(routes=ROUTES, commands=COMMANDS, topics=TOPICS))
