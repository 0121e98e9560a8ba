import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0006_raster_children_and_hazard"),
        ("surveys", "0016_refusal_of_a_publication"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TownVariable",
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
                (
                    "name_ar",
                    models.CharField(max_length=200, verbose_name="Arabic name"),
                ),
                (
                    "name_en",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="English name"
                    ),
                ),
                (
                    "name_fr",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="French name"
                    ),
                ),
                ("code", models.SlugField(max_length=60, verbose_name="short name")),
                ("table", models.CharField(blank=True, max_length=100)),
                ("question", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("choice", "choices that count, or not"),
                            ("number", "number"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "counted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        size=None,
                        verbose_name="choices that count",
                    ),
                ),
                (
                    "uncounted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        size=None,
                        verbose_name="choices that don't",
                    ),
                ),
                ("smallest", models.FloatField(default=0, verbose_name="smallest")),
                ("largest", models.FloatField(default=1, verbose_name="largest")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("in_review", "in review"),
                            ("published", "in use"),
                            ("retired", "retired"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "form",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="surveys.form",
                    ),
                ),
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
                "verbose_name": "question for indicators",
                "verbose_name_plural": "questions for indicators",
                "ordering": ["code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("municipality", "code"), name="town_variable_once"
                    )
                ],
            },
        ),
        RowSecurity("surveys_townvariable"),
    ]
