import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0005_import_state_since"),
        ("surveys", "0011_read_by_programs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="formversion",
            name="variables",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="round",
            name="nonresponse",
            field=models.CharField(
                choices=[
                    ("none", "none: base weights only"),
                    ("stratum", "strata of the sample"),
                    ("zone", "zones"),
                    ("psu", "segments"),
                ],
                default="none",
                max_length=10,
                verbose_name="classes of non-response",
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="restated_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="round",
            name="tolerance",
            field=models.PositiveSmallIntegerField(
                default=30,
                validators=[
                    django.core.validators.MinValueValidator(0),
                    django.core.validators.MaxValueValidator(100),
                ],
                verbose_name="tolerance, metres",
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="zones",
            field=models.JSONField(
                blank=True, default=list, verbose_name="target zones"
            ),
        ),
        migrations.CreateModel(
            name="BackCheck",
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
                    "drawn_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="drawn"),
                ),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="back_checks",
                        to="surveys.round",
                    ),
                ),
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drawn_again",
                        to="surveys.submission",
                    ),
                ),
                (
                    "surveyor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "back-check",
                "verbose_name_plural": "back-checks",
                "ordering": ["pk"],
            },
        ),
        RowSecurity("surveys_backcheck"),
    ]
