import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_verified_phones"),
    ]

    operations = [
        migrations.CreateModel(
            name="BirthDate",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="birth_date",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("day", models.DateField()),
                ("set_at", models.DateTimeField(default=kernel.clock.now)),
            ],
        ),
    ]
