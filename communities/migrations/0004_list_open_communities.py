"""Lists the communities that were open before there was a visibility: open ones could be found by all, closed ones by their members."""

from typing import Any

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


def list_open_communities(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # Django calls it
    apps.get_model("communities", "Community").objects.filter(join_policy="open").update(visibility="listed")


class Migration(migrations.Migration):
    dependencies = [
        ("communities", "0003_visibility"),
    ]

    operations = [
        migrations.RunPython(list_open_communities, migrations.RunPython.noop, elidable=True),
        ValidateConstraint(model_name="community", name="communities_community_visibility_known"),
    ]
