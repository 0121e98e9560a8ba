import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

TABLES = (
    "indicators_observationset",
    "indicators_sampleunit",
    "indicators_observation",
)

# All answers stay with the children: what belongs to the home is told apart when the
# round is published or followed again.
TO_ARRAYS = """
UPDATE indicators_observationset AS found
SET child_columns = ARRAY(
    SELECT DISTINCT answer.name
    FROM indicators_observation AS child
    CROSS JOIN LATERAL jsonb_object_keys(child.former || child.weight_factors)
        AS answer (name)
    WHERE child.observation_set_id = found.id
    ORDER BY answer.name
);
UPDATE indicators_observation AS child
SET "values" = ARRAY(
    SELECT coalesce(
        (child.former ->> answer.name)::float8,
        (child.weight_factors ->> answer.name)::float8,
        'NaN'
    )
    FROM unnest(found.child_columns) WITH ORDINALITY AS answer (name, place)
    ORDER BY answer.place
)
FROM indicators_observationset AS found
WHERE found.id = child.observation_set_id;
"""

TO_OBJECTS = """
UPDATE indicators_observation AS child
SET former = coalesce((
    SELECT jsonb_object_agg(answer.name, answer.value)
    FROM (
        SELECT name, child."values"[place] AS value
        FROM unnest(found.child_columns) WITH ORDINALITY AS own (name, place)
        WHERE name <> 'module_5_17'
        UNION ALL
        SELECT name, home."values"[place]
        FROM unnest(found.unit_columns) WITH ORDINALITY AS shared (name, place)
        WHERE name <> ALL (found.child_columns)
    ) AS answer
    WHERE answer.value <> 'NaN'
), '{}'),
weight_factors = coalesce((
    SELECT jsonb_object_agg(name, child."values"[place])
    FROM unnest(found.child_columns) WITH ORDINALITY AS own (name, place)
    WHERE name = 'module_5_17' AND child."values"[place] <> 'NaN'
), '{}')
FROM indicators_observationset AS found, indicators_sampleunit AS home
WHERE found.id = child.observation_set_id AND home.id = child.unit_id;
"""


def free(tables=TABLES):
    return [f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in tables]


def forced(tables=TABLES):
    return [f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY" for table in tables]


def array(of: models.Field) -> models.Field:
    return django.contrib.postgres.fields.ArrayField(
        base_field=of, default=list, size=None
    )


def of_set(related_name: str) -> models.Field:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name=related_name,
        to="indicators.observationset",
    )


def municipality() -> models.Field:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="geography.municipality",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("indicators", "0006_definitions_of_a_municipality"),
    ]

    operations = [
        migrations.AddField(
            "observationset", "unit_columns", array(models.CharField(max_length=60))
        ),
        migrations.AddField(
            "observationset", "child_columns", array(models.CharField(max_length=60))
        ),
        migrations.AddField("sampleunit", "values", array(models.FloatField())),
        migrations.RenameField("observation", "values", "former"),
        migrations.AddField("observation", "values", array(models.FloatField())),
        migrations.RunSQL(
            [*free(), TO_ARRAYS, *forced()], [*free(), TO_OBJECTS, *forced()]
        ),
        migrations.RemoveField("observation", "former"),
        migrations.RemoveField("observation", "weight_factors"),
        migrations.AlterField("observation", "observation_set", of_set("children")),
        migrations.AlterField("sampleunit", "observation_set", of_set("units")),
        migrations.AlterField("observation", "municipality", municipality()),
        migrations.AlterField("sampleunit", "municipality", municipality()),
        migrations.AddIndex(
            "sampleunit",
            models.Index(
                fields=["observation_set", "stratum", "psu"], name="sample_unit_psu"
            ),
        ),
    ]
