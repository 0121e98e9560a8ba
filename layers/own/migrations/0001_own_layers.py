import django.contrib.gis.db.models.fields
import django.contrib.gis.db.models.functions
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity

# Each layer has versions of its own, told by the box in which a statement wrote.
TRIGGERS = """
CREATE FUNCTION own_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM maps_raise('own-' || touched.layer_id, ARRAY[touched.town], ARRAY[touched.box])
       FROM (SELECT municipality_id AS town, layer_id,
                    ST_Extent(geometry_3857)::box2d AS box
               FROM changed
              GROUP BY municipality_id, layer_id
              ORDER BY layer_id
            ) AS touched;
    RETURN NULL;
END
$$;
CREATE TRIGGER own_version_insert AFTER INSERT ON own_ownfeature
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION own_note();
CREATE TRIGGER own_version_update AFTER UPDATE ON own_ownfeature
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION own_note();
CREATE TRIGGER own_version_delete AFTER DELETE ON own_ownfeature
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION own_note();
"""
DROP = "DROP FUNCTION own_note() CASCADE"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("maps", "0004_when_raised"),
        ("geography", "0007_parcels_of_a_town_by_place"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnLayer",
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
                ("slug", models.CharField(max_length=60)),
                (
                    "description",
                    models.TextField(
                        blank=True, max_length=500, verbose_name="what it shows"
                    ),
                ),
                (
                    "attribution",
                    models.CharField(blank=True, max_length=200, verbose_name="source"),
                ),
                (
                    "licence",
                    models.CharField(blank=True, max_length=40, verbose_name="licence"),
                ),
                (
                    "geometry_kind",
                    models.CharField(
                        choices=[
                            ("point", "points"),
                            ("line", "lines"),
                            ("polygon", "areas"),
                        ],
                        max_length=10,
                    ),
                ),
                ("fields", models.JSONField(default=list)),
                ("style", models.JSONField(default=dict)),
                (
                    "min_zoom",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="shown from zoom"
                    ),
                ),
                ("max_zoom", models.PositiveSmallIntegerField(default=16)),
                (
                    "sharing",
                    models.CharField(
                        choices=[
                            ("keepers", "only those who keep layers"),
                            ("roles", "chosen roles of the staff"),
                            ("everyone", "everyone, published"),
                        ],
                        default="keepers",
                        max_length=10,
                        verbose_name="who may see it",
                    ),
                ),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "count",
                    models.PositiveIntegerField(default=0, verbose_name="features"),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="made"),
                ),
                (
                    "filled_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="content of"
                    ),
                ),
                ("removed_at", models.DateTimeField(null=True, verbose_name="removed")),
                (
                    "created_by",
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
                "verbose_name": "own layer",
                "verbose_name_plural": "own layers",
                "ordering": ["name_ar", "pk"],
            },
        ),
        migrations.CreateModel(
            name="OwnFeature",
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
                    "geometry",
                    django.contrib.gis.db.models.fields.GeometryField(srid=4326),
                ),
                (
                    "geometry_3857",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.gis.db.models.functions.Transform(
                            "geometry", 3857
                        ),
                        output_field=django.contrib.gis.db.models.fields.GeometryField(
                            srid=3857
                        ),
                    ),
                ),
                ("attributes", models.JSONField(default=dict)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "layer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="features",
                        to="own.ownlayer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LayerUse",
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
                ("day", models.DateField(verbose_name="day")),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("map", "on the map"),
                            ("features", "as a table or by a program"),
                            ("file", "as a file"),
                        ],
                        max_length=10,
                    ),
                ),
                ("who", models.CharField(max_length=20)),
                ("count", models.PositiveIntegerField(default=1, verbose_name="times")),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "layer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="own.ownlayer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LayerFile",
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
                        blank=True, upload_to="own-layers/", verbose_name="file"
                    ),
                ),
                (
                    "file_name",
                    models.CharField(max_length=200, verbose_name="file name"),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="uploaded"),
                ),
                (
                    "state_since",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
                ("options", models.JSONField(default=dict)),
                ("report", models.JSONField(null=True)),
                ("refusal", models.JSONField(null=True)),
                ("decided", models.JSONField(null=True)),
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
                (
                    "layer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="own.ownlayer",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a layer",
                "verbose_name_plural": "files of layers",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="ownlayer",
            constraint=models.UniqueConstraint(
                fields=("municipality", "slug"), name="own_layer_slug_once"
            ),
        ),
        migrations.AddIndex(
            model_name="ownfeature",
            index=models.Index(fields=["layer", "id"], name="own_feature_of_layer"),
        ),
        migrations.AddConstraint(
            model_name="layeruse",
            constraint=models.UniqueConstraint(
                fields=("layer", "day", "how", "who"), name="own_layer_use_once"
            ),
        ),
        RowSecurity("own_ownlayer"),
        RowSecurity("own_ownfeature"),
        RowSecurity("own_layerfile"),
        RowSecurity("own_layeruse"),
        migrations.RunSQL(TRIGGERS, DROP),
    ]
