import django.db.models.deletion
from django.db import migrations, models

TABLES = ["geography_zone", "geography_parcel", "geography_facility"]

# A statement that touched few rows leaves a box for each, another one box for all.
# `present` is locked until the transaction ends, so that versions are committed in
# their order. Once in 64 versions the oldest boxes are given up for `floor`.
FUNCTIONS = """
CREATE FUNCTION maps_raise(of_source text, towns bigint[], boxes box2d[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO maps_layerversion AS present (municipality_id, source, version, floor)
    SELECT town, of_source, 1, 0
      FROM (SELECT DISTINCT unnest(towns) AS town) AS each
     ORDER BY town
        ON CONFLICT (municipality_id, source)
        DO UPDATE SET version = present.version + 1;

    INSERT INTO maps_layeredit
           (municipality_id, source, version, west, south, east, north)
    SELECT town, of_source, version,
           ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
      FROM unnest(towns, boxes) AS touched (town, box)
      JOIN maps_layerversion
        ON municipality_id = town AND source = of_source
     WHERE box IS NOT NULL;

    UPDATE maps_layerversion SET floor = version - 64
     WHERE source = of_source AND municipality_id = ANY (towns)
       AND version - floor > 128;
    IF FOUND THEN
        DELETE FROM maps_layeredit AS edit USING maps_layerversion AS present
         WHERE present.source = of_source AND present.municipality_id = ANY (towns)
           AND edit.source = of_source
           AND edit.municipality_id = present.municipality_id
           AND edit.version <= present.floor;
    END IF;
END
$$;

CREATE FUNCTION maps_note_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM maps_raise(TG_TABLE_NAME, array_agg(town), array_agg(box))
       FROM (SELECT municipality_id AS town, ST_Extent(geometry_3857)::box2d AS box
               FROM changed
              GROUP BY municipality_id,
                       CASE WHEN (SELECT count(*) FROM changed) <= 8 THEN id END
            ) AS touched
     HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION maps_note_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM maps_raise(TG_TABLE_NAME, array_agg(town), array_agg(box))
       FROM (SELECT municipality_id AS town, ST_Extent(geometry_3857)::box2d AS box
               FROM (SELECT id, municipality_id, geometry_3857, 0 AS side FROM former
                      UNION ALL
                     SELECT id, municipality_id, geometry_3857, 1 FROM changed
                    ) AS each
              GROUP BY municipality_id,
                       CASE WHEN (SELECT count(*) FROM changed) <= 8
                            THEN (id, side) END
            ) AS touched
     HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION maps_note_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE maps_layerversion SET version = version + 1, floor = version + 1
     WHERE source = TG_TABLE_NAME;
    DELETE FROM maps_layeredit WHERE source = TG_TABLE_NAME;
    RETURN NULL;
END
$$;
"""

FORMER = """
DROP FUNCTION maps_raise_version() CASCADE;
DROP FUNCTION maps_raise_version_of_both() CASCADE;
DROP FUNCTION maps_raise_all_versions() CASCADE;
"""

TRIGGERS = """
CREATE TRIGGER maps_version_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maps_note_one();
CREATE TRIGGER maps_version_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maps_note_both();
CREATE TRIGGER maps_version_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maps_note_one();
CREATE TRIGGER maps_version_truncate AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION maps_note_all();
"""


class Migration(migrations.Migration):
    dependencies = [("maps", "0002_version_triggers")]

    operations = [
        migrations.AddField(
            "layerversion", "floor", models.PositiveBigIntegerField(default=0)
        ),
        migrations.CreateModel(
            name="LayerEdit",
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
                ("source", models.CharField(max_length=63)),
                ("version", models.PositiveBigIntegerField()),
                ("west", models.FloatField()),
                ("south", models.FloatField()),
                ("east", models.FloatField()),
                ("north", models.FloatField()),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["municipality", "source", "version"],
                        name="layer_edit_of_source",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            ["UPDATE maps_layerversion SET floor = version", FORMER, FUNCTIONS],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "".join(TRIGGERS.format(table=table) for table in TABLES),
            migrations.RunSQL.noop,
        ),
    ]
