import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0002_categories"),
        ("communities", "0012_members_due"),
    ]

    operations = [
        migrations.AddField(
            model_name="room",
            name="gate_version",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="communities.gateversion",
            ),
        ),
    ]
