import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import surveys.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("geography", "0003_web_mercator_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Household",
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
                    "code",
                    models.CharField(max_length=60, verbose_name="household number"),
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
                "verbose_name": "household",
                "verbose_name_plural": "households",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Round",
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
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                ("starts_on", models.DateField(verbose_name="first interview")),
                ("ends_on", models.DateField(verbose_name="last interview")),
                (
                    "school_year_start",
                    models.DateField(verbose_name="start of the school year"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("open", "open"),
                            ("published", "published"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                "verbose_name": "round",
                "verbose_name_plural": "rounds",
                "ordering": ["-starts_on", "code"],
            },
        ),
        migrations.CreateModel(
            name="Publication",
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
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "under way"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("release_number", models.PositiveIntegerField(null=True)),
                ("household_count", models.PositiveIntegerField(default=0)),
                ("child_count", models.PositiveIntegerField(default=0)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
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
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="publications",
                        to="surveys.round",
                    ),
                ),
            ],
            options={
                "verbose_name": "publication",
                "verbose_name_plural": "publications",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Submission",
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
                ("interviewed_on", models.DateField(verbose_name="interview")),
                (
                    "surveyor",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="surveyor"
                    ),
                ),
                (
                    "head_name",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="head of household"
                    ),
                ),
                (
                    "phone",
                    models.CharField(blank=True, max_length=60, verbose_name="phone"),
                ),
                (
                    "geometry",
                    django.contrib.gis.db.models.fields.PointField(
                        null=True,
                        spatial_index=False,
                        srid=4326,
                        verbose_name="place of the interview",
                    ),
                ),
                (
                    "placed_by",
                    models.CharField(
                        choices=[
                            ("parcel_code", "parcel number"),
                            ("inside", "coordinates inside a parcel"),
                            ("nearest", "nearest parcel"),
                            ("zone", "coordinates inside a zone"),
                            ("nothing", "no place found"),
                        ],
                        max_length=20,
                        verbose_name="placed by",
                    ),
                ),
                (
                    "stratum",
                    models.CharField(blank=True, max_length=60, verbose_name="stratum"),
                ),
                ("weight", models.FloatField(verbose_name="weight")),
                (
                    "frame_households",
                    models.PositiveIntegerField(
                        null=True, verbose_name="households in the stratum's frame"
                    ),
                ),
                ("answers", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64)),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(verbose_name="changed")),
                (
                    "withdrawn_at",
                    models.DateTimeField(null=True, verbose_name="withdrawn"),
                ),
                (
                    "withdrawal_reason",
                    models.CharField(
                        blank=True,
                        max_length=300,
                        verbose_name="reason for the withdrawal",
                    ),
                ),
                (
                    "household",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="surveys.household",
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
                (
                    "parcel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="geography.parcel",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="surveys.round",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="geography.zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "submission",
                "verbose_name_plural": "submissions",
                "ordering": ["household__code"],
            },
        ),
        migrations.CreateModel(
            name="RecordRead",
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
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="read")),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="record_reads",
                        to="surveys.submission",
                    ),
                ),
            ],
            options={
                "verbose_name": "reading of a record",
                "verbose_name_plural": "readings of records",
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="Member",
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
                ("code", models.CharField(max_length=60, verbose_name="child number")),
                (
                    "name",
                    models.CharField(blank=True, max_length=200, verbose_name="name"),
                ),
                (
                    "sex",
                    models.CharField(
                        choices=[("female", "girl"), ("male", "boy")],
                        max_length=6,
                        verbose_name="sex",
                    ),
                ),
                ("birth_date", models.DateField(verbose_name="birth date")),
                ("answers", models.JSONField(default=dict)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="surveys.submission",
                    ),
                ),
            ],
            options={
                "verbose_name": "child",
                "verbose_name_plural": "children",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Upload",
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
                    "file",
                    models.FileField(
                        max_length=200,
                        upload_to=surveys.models.content_address,
                        verbose_name="file",
                    ),
                ),
                (
                    "file_name",
                    models.CharField(max_length=200, verbose_name="file name"),
                ),
                ("size", models.PositiveIntegerField(verbose_name="size, bytes")),
                ("sha256", models.CharField(max_length=64)),
                (
                    "received_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="received"),
                ),
                ("loaded_at", models.DateTimeField(null=True, verbose_name="loaded")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("checking", "being checked"),
                            ("faulty", "needs correction"),
                            ("ready", "ready to load"),
                            ("loading", "being loaded"),
                            ("loaded", "loaded"),
                        ],
                        default="received",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("report", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
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
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="surveys.round",
                    ),
                ),
            ],
            options={
                "verbose_name": "uploaded file",
                "verbose_name_plural": "uploaded files",
                "ordering": ["-received_at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="submission",
            name="upload",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="submissions",
                to="surveys.upload",
            ),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.UniqueConstraint(
                fields=("municipality", "code"), name="household_code_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.UniqueConstraint(
                fields=("municipality", "code"), name="round_code_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                name="round_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(
                fields=("submission", "code"), name="member_once_in_submission"
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.UniqueConstraint(
                fields=("municipality", "round", "sha256"), name="upload_once_in_round"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["municipality", "round", "zone"],
                name="submission_by_zone",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                fields=("round", "household"), name="submission_once_in_round"
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gt", 0)), name="weight_positive"
            ),
        ),
    ]
