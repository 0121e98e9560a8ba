import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0003_web_mercator_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportRun",
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
                    "what",
                    models.CharField(
                        choices=[
                            ("parcels", "parcels"),
                            ("zones", "zones"),
                            ("facilities", "facilities"),
                        ],
                        max_length=20,
                        verbose_name="what it holds",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("checking", "being checked"),
                            ("ready", "ready to import"),
                            ("refused", "refused"),
                            ("importing", "being imported"),
                            ("done", "imported"),
                        ],
                        default="waiting",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "file",
                    models.FileField(
                        blank=True, upload_to="imports/", verbose_name="file"
                    ),
                ),
                (
                    "file_name",
                    models.CharField(max_length=200, verbose_name="file name"),
                ),
                ("sha256", models.CharField(max_length=64)),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="uploaded"),
                ),
                (
                    "finished_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="imported"
                    ),
                ),
                ("options", models.JSONField(default=dict)),
                ("report", models.JSONField(null=True)),
                ("preview", models.JSONField(null=True)),
                ("refusal", models.JSONField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        RowSecurity("geography_importrun"),
    ]
