"""Gives every community its roles, and every member the ones that do what their old role did. In batches; running it again changes nothing.

The first owner stays the owner, further ones become administrators. What a role gave is written out: it is what it was at this point.
"""

from typing import Any

from django.db import migrations, transaction

BATCH = 1_000
MEMBER = ["member.list", "room.open_direct", "room.view", "message.read", "message.send"]
MODERATOR = [
    "invite.create",
    "invite.manage",
    "application.review",
    "member.add",
    "member.remove",
    "member.ban",
    "member.time_out",
    "room.create",
    "room.manage",
    "room.moderate",
    "message.delete_any",
]
ADMINISTRATOR = [*MEMBER, *MODERATOR, "community.manage", "entitlement.manage", "role.give", "role.manage"]

_NEXT = "SELECT id FROM communities_community WHERE id > %s ORDER BY id LIMIT %s"
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
_MAKE_ROLE = """
INSERT INTO communities_role (id, community_id, name, position, colour, permissions, is_default, created_at)
SELECT gen_random_uuid(), id, %(name)s, %(position)s, '', %(permissions)s, %(position)s = 0, now()
FROM communities_community community
WHERE id = ANY(%(communities)s)
  AND NOT EXISTS (SELECT FROM communities_role WHERE community_id = community.id AND position = %(position)s)
"""
_FOR_FURTHER_OWNERS = """
  AND EXISTS (SELECT FROM communities_membership
              WHERE community_id = community.id AND role = 'owner' AND NOT is_owner AND status IN ('active', 'timed_out'))
"""
_MAKE_OWNERS = """
UPDATE communities_membership SET is_owner = true WHERE id IN (
    SELECT DISTINCT ON (membership.community_id) membership.id
    FROM communities_membership membership JOIN accounts_user account ON account.id = membership.user_id
    WHERE membership.community_id = ANY(%(communities)s) AND membership.role = 'owner'
      AND membership.status IN ('active', 'timed_out')
      AND NOT EXISTS (SELECT FROM communities_membership WHERE community_id = membership.community_id AND is_owner)
    ORDER BY membership.community_id, account.is_active DESC, membership.joined_at, membership.id
)
"""
_GIVE_ROLES = """
INSERT INTO communities_membershiprole (id, membership_id, role_id, granted_at)
SELECT gen_random_uuid(), membership.id, role.id, now()
FROM communities_membership membership JOIN communities_role role ON role.community_id = membership.community_id
WHERE membership.community_id = ANY(%(communities)s) AND membership.status IN ('active', 'timed_out')
  AND (membership.role = 'moderator' AND role.position = 1
       OR membership.role = 'owner' AND NOT membership.is_owner AND role.position = 2)
ON CONFLICT DO NOTHING
"""


def make_roles(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # Django calls it
    """Take the communities in the order of their ids, each batch in a transaction of its own."""
    last = _BEFORE_ALL
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(_NEXT, [last, BATCH])
            communities = [row[0] for row in cursor.fetchall()]
            if not communities:
                return
            with transaction.atomic():
                _convert(cursor, communities)
            last = communities[-1]


def _convert(cursor: Any, communities: list[Any]) -> None:
    of_them = {"communities": communities}
    cursor.execute(_MAKE_ROLE, of_them | {"name": "Member", "position": 0, "permissions": MEMBER})
    cursor.execute(_MAKE_ROLE, of_them | {"name": "Moderator", "position": 1, "permissions": MODERATOR})
    cursor.execute(_MAKE_OWNERS, of_them)
    administrators = of_them | {"name": "Administrator", "position": 2, "permissions": ADMINISTRATOR}
    cursor.execute(_MAKE_ROLE + _FOR_FURTHER_OWNERS, administrators)
    cursor.execute(_GIVE_ROLES, of_them)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("communities", "0007_roles"),
        ("accounts", "0001_initial"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
