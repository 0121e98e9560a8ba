"""A million children of 400,000 households in 1,000 zones: read and estimated.

    python benchmarks/indicators_large.py [CHILDREN]

Needs the database of DATABASE_URL, migrated; what it writes there it rolls back. The rows
are made by PostgreSQL itself, which is not measured.
"""

import datetime
import os
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

import django

django.setup()

from django.db import connection, transaction

from benchmarks.indicators import make_town
from layers.geography.models import Zone
from layers.indicators.catalogue import indicators
from layers.indicators.estimator import Estimator
from layers.indicators.models import ObservationSet
from layers.indicators.samples.observations import DESCRIBED, MODULES
from layers.indicators.samples.sample import read_sample

CHILDREN, ZONES, PER_HOME = 1_000_000, 1_000, 2.5
SECONDS, GIGABYTES = 60, 4

HOMES = """
INSERT INTO indicators_sampleunit (
    municipality_id, observation_set_id, key, zone_id, stratum, psu, weight,
    response_class, digest, "values"
)
SELECT
    %(town)s, %(set)s, 'u' || n, (%(zones)s::bigint [])[1 + n %% %(many)s],
    'S' || n %% %(many)s, 'u' || n, 1 + n %% 3, '', '',
    ARRAY(
        SELECT floor(least + random() * (most - least + 1))
        FROM unnest(%(least)s::float8 [], %(most)s::float8 []) AS each (least, most)
        WHERE n > 0
    )
FROM generate_series(1, %(count)s) AS n
"""
CHILD_ROWS = """
INSERT INTO indicators_observation (
    municipality_id, observation_set_id, unit_id, key, sex, age_months, "values"
)
SELECT
    %(town)s, %(set)s, %(first)s + (n / %(per_home)s)::bigint, 'c' || n,
    CASE WHEN random() < 0.5 THEN 'female' ELSE 'male' END, floor(random() * 216),
    ARRAY(
        SELECT CASE
            WHEN random() < 0.3 THEN 'NaN'
            ELSE floor(least + random() * (most - least + 1))
        END
        FROM unnest(%(least)s::float8 [], %(most)s::float8 []) AS each (least, most)
        WHERE n > 0
    )
FROM generate_series(1, %(count)s - 1) AS n
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CHILDREN
    with transaction.atomic():
        stored = fill(count)
        start = time.perf_counter()
        sample = read_sample(stored)
        read = time.perf_counter() - start
        estimator = Estimator(sample)
        for indicator in indicators().values():
            estimator.estimate(indicator)
        whole = time.perf_counter() - start
        transaction.set_rollback(True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{len(sample.child_unit):,} children, {len(sample.zones):,} zones")
    print(f"read                                            {read:8.2f} s")
    print(
        f"read, and {len(indicators())} indicators x zones x 3 estimated    {whole:8.2f} s"
    )
    print(
        f"  times the promise of {SECONDS} s                       {whole / SECONDS:8.2f} x"
    )
    print(f"memory of the process at most                   {peak:8.2f} GB")
    print(
        f"  times the promise of {GIGABYTES} GB                       {peak / GIGABYTES:8.2f} x"
    )


def fill(count: int) -> ObservationSet:
    town = make_town()
    square = Zone.objects.of(town).first().geometry
    Zone.objects.bulk_create(
        Zone(municipality=town, code=f"Y{n}", name_ar="حي", geometry=square)
        for n in range(ZONES - Zone.objects.of(town).count())
    )
    of_home = [each for each in DESCRIBED.values() if each.of == "household"]
    of_child = [each for each in DESCRIBED.values() if each.of == "child"]
    stored = ObservationSet.objects.create(
        municipality=town,
        code="large",
        title_ar="قياس",
        reference_date=datetime.date(2026, 4, 30),
        source="benchmark",
        unit_columns=[each.name for each in of_home],
        child_columns=[*(each.name for each in of_child), *MODULES],
    )
    given = {"town": town.pk, "set": stored.pk, "many": ZONES, "per_home": PER_HOME}
    given["zones"] = list(Zone.objects.of(town).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        homes = {"count": int(count / PER_HOME) + 1, **bounds(of_home)}
        cursor.execute(HOMES, given | homes)
        cursor.execute(
            "SELECT min(id) FROM indicators_sampleunit WHERE observation_set_id = %s",
            [stored.pk],
        )
        given["first"] = cursor.fetchone()[0]
        ranges = bounds(of_child)
        ranges = {name: [*each, 1.0] for name, each in ranges.items()}
        cursor.execute(CHILD_ROWS, given | ranges | {"count": count})
    return stored


def bounds(variables) -> dict[str, list[float]]:
    return {
        "least": [float(each.smallest) for each in variables],
        "most": [float(each.largest) for each in variables],
    }


if __name__ == "__main__":
    main()
