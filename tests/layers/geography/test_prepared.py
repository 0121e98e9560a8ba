import datetime

import pytest
from django.db import DataError, connection, transaction
from psycopg2.extensions import AsIs

from layers.geography import prepared

SUM = "SELECT %(a)s + 1, %(word)s || '%%', ST_X(%(at)s)"
BEFORE = "SELECT set_config('app.municipality', (%(a)s)::text, true);"

pytestmark = pytest.mark.django_db


def ask(query, **bound):
    with connection.cursor() as cursor:
        prepared.execute(cursor, BEFORE, query, bound)
        return cursor.fetchone()


def kept():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'kept%%'"
        )
        return cursor.fetchone()[0]


def test_one_query_serves_all_values():
    before = kept()
    point = AsIs("ST_Point(3, 4)")
    assert ask(SUM, a=-1, word="it's", at=point) == (0, "it's%", 3.0)
    assert ask(SUM, a=2, word="", at=AsIs("ST_Point(-5, 0)")) == (3, "%", -5.0)
    assert kept() == before + 1


def test_values_of_other_types_have_a_query_of_their_own():
    before = kept()
    assert ask("SELECT %(a)s / 2", a=3) == (1,)
    assert ask("SELECT %(a)s / 2", a=3.0) == (1.5,)
    assert kept() == before + 2


def test_what_cannot_be_kept_is_asked_all_the_same():
    before = kept()
    day = datetime.date(2026, 11, 27)
    assert ask("SELECT %(day)s + %(a)s", a=1, day=day) == (day.replace(day=28),)
    assert kept() == before


def test_a_query_that_failed_may_be_asked_again():
    with pytest.raises(DataError, match="division by zero"), transaction.atomic():
        ask("SELECT 1 / %(a)s", a=0)
    assert ask("SELECT 1 / %(a)s", a=1) == (1,)
