import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0006_raster_children_and_hazard"),
        ("indicators", "0009_own_variables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Trial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("day", models.DateField(default=django.utils.timezone.localdate)),
                ("digest", models.CharField(max_length=64)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "trial of a rule",
                "verbose_name_plural": "trials of rules",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "municipality", "day", "digest"),
                        name="trial_once_a_day",
                    )
                ],
            },
        ),
        RowSecurity("indicators_trial"),
    ]
