import django.db.models.deletion
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0006_raster_children_and_hazard"),
        ("indicators", "0008_deprivation_and_modelled"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnVariable",
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
                ("name", models.SlugField(max_length=60)),
                (
                    "of",
                    models.CharField(
                        choices=[("household", "household"), ("child", "child")],
                        max_length=9,
                    ),
                ),
                ("smallest", models.FloatField()),
                ("largest", models.FloatField()),
                ("label_ar", models.CharField(max_length=200)),
                ("label_en", models.CharField(max_length=200)),
                ("label_fr", models.CharField(max_length=200)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
            ],
            options={
                "verbose_name": "variable of a municipality",
                "verbose_name_plural": "variables of a municipality",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("municipality", "name"), name="own_variable_once"
                    )
                ],
            },
        ),
        RowSecurity("indicators_ownvariable"),
    ]
