"""Checks the users that were there before against the rule about bots, without a lock that writers wait for."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_bots_and_api_keys"),
    ]

    operations = [
        ValidateConstraint(model_name="user", name="user_bot_is_owned_and_has_no_password"),
    ]
