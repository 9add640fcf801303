"""Gives every user a row for their e-mail address, in batches that each lock for a moment only. Who has one already keeps it."""

from typing import Any

from django.db import migrations

BATCH = 5_000
_INSERT = """
INSERT INTO account_emailaddress (user_id, email, verified, "primary")
SELECT id, email, false, true FROM accounts_user account
WHERE id = ANY(%s) AND NOT EXISTS (SELECT FROM account_emailaddress WHERE user_id = account.id)
ON CONFLICT DO NOTHING
"""
_NEXT = "SELECT id FROM accounts_user WHERE id > %s ORDER BY id LIMIT %s"
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


def add_addresses(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # Django calls it
    with schema_editor.connection.cursor() as cursor:
        last = _BEFORE_ALL
        while True:
            cursor.execute(_NEXT, [last, BATCH])
            ids = [row[0] for row in cursor.fetchall()]
            if not ids:
                return
            cursor.execute(_INSERT, [ids])
            last = ids[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0006_web_sessions"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(add_addresses, migrations.RunPython.noop)]
