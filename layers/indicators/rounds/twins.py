"""Whether two rounds hold the same interviews, which would let their figures be subtracted.

A household keeps its key from round to round, so the same family asked again is no twin:
its children are older and answer anew. Here nearly all children of a sample have the same
age in months and the same answers in a round that is published already.
"""

from __future__ import annotations

from django.db import connection
from psycopg2 import sql

from layers.indicators.models import ObservationSet

LOOKED_AT = 500
FEWEST = 25
ALIKE = 0.9

# Keys are fingerprints, so the first of them are drawn at random.
SAME = """
SELECT count(*), count(*) FILTER (WHERE same.key IS NOT NULL)
FROM (
    SELECT key, sex, age_months, "values"
    FROM indicators_observation
    WHERE observation_set_id = {own}
    ORDER BY key
    LIMIT {looked_at}
) AS child
LEFT JOIN indicators_observation AS same
    ON same.observation_set_id = {other}
    AND same.key = child.key
    AND same.sex = child.sex
    AND same.age_months = child.age_months
    AND {own_answers} = {other_answers}
"""


def published_twin(observation_set: ObservationSet) -> ObservationSet | None:
    """Another round of the municipality with a release and the same interviews."""
    others = ObservationSet.objects.of(observation_set.municipality)
    others = others.filter(releases__isnull=False).exclude(pk=observation_set.pk)
    return next(
        (each for each in others.distinct() if _twins(observation_set, each)), None
    )


def _twins(own: ObservationSet, other: ObservationSet) -> bool:
    shared = [name for name in own.child_columns if name in other.child_columns]
    query = sql.SQL(SAME).format(
        own=sql.Literal(own.pk),
        other=sql.Literal(other.pk),
        looked_at=sql.Literal(LOOKED_AT),
        own_answers=_answers("child", own, shared),
        other_answers=_answers("same", other, shared),
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        looked_at, same = cursor.fetchone()
    return bool(looked_at >= FEWEST and same >= ALIKE * looked_at)


def _answers(table: str, of: ObservationSet, names: list[str]) -> sql.Composable:
    """In PostgreSQL what is not known equals itself."""
    places = [
        sql.SQL('{}."values"[{}]').format(
            sql.Identifier(table), sql.Literal(of.child_columns.index(name) + 1)
        )
        for name in names
    ]
    return sql.SQL("ARRAY[{}]::float8 []").format(sql.SQL(", ").join(places))
