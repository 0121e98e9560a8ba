import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from layers.geography.tenancy import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("indicators", "0013_larger_areas"),
    ]

    operations = [
        migrations.CreateModel(
            name="Woman",
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
                ("age_years", models.PositiveSmallIntegerField()),
                ("married_before_15", models.BooleanField(null=True)),
                ("married_before_18", models.BooleanField(null=True)),
                (
                    "municipality",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "observation_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="women",
                        to="indicators.observationset",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="women",
                        to="indicators.sampleunit",
                    ),
                ),
            ],
            options={
                "verbose_name": "woman of 20 to 24",
                "verbose_name_plural": "women of 20 to 24",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(age_years__range=(20, 24)), name="woman_of_20_to_24"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            married_before_15__isnull=True,
                            married_before_18__isnull=True,
                        )
                        | Q(married_before_15=False, married_before_18__isnull=False)
                        | Q(married_before_15=True, married_before_18=True),
                        name="woman_married_in_order",
                    ),
                ],
            },
        ),
        RowSecurity("indicators_woman"),
    ]
