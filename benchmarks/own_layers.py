"""Tiles of a town's own layer, beside the same rows without row security.

    ./run bench own_layers           # or ./run bench own_layers 200000

Row security keeps the index of geometry out of use, so tiles ask a function that passes
it; beside it the same without the function, and as the yardstick a table without a policy
and with that index. Everything happens in one transaction that is rolled back.
"""

import os
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

import django

django.setup()

from django.db import connection, transaction

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from layers.maps import tiles
from layers.own.layers import declared
from layers.own.models import OwnLayer
from layers.own.styles import Chosen

SIDE = 0.05
WEST, SOUTH = 35.80, 33.78
# Zoom, column and row of tiles inside the square.
TILES = {
    12: [(2455, 1639)],
    14: [(9822, 6556), (9823, 6556), (9822, 6557)],
    16: [(39289 + x, 26226 + y) for x in range(3) for y in range(3)],
}
FILL = """
    INSERT INTO own_ownfeature (municipality_id, layer_id, attributes, geometry)
    SELECT %(town)s, %(own)s, jsonb_build_object('kind', 'tree ' || place %% 7), shape
      FROM (
        SELECT place, ST_Buffer(ST_SetSRID(ST_MakePoint(
                   %(west)s + random() * %(side)s, %(south)s + random() * %(side)s
               ), 4326), 0.00005, 4) AS shape
          FROM generate_series(1, %(rows)s) AS place
      ) AS made
     ORDER BY shape
"""
YARDSTICK = """
    CREATE TEMPORARY TABLE unguarded ON COMMIT DROP AS
    SELECT * FROM own_ownfeature WHERE layer_id = %(own)s ORDER BY id;
    CREATE INDEX ON unguarded USING gist (geometry_3857);
    ANALYZE unguarded
"""


def main(rows: int) -> None:
    municipality = Municipality.objects.first()
    if municipality is None:
        sys.exit("There is no municipality: run ./run demo first.")
    with tenant(municipality):
        own = OwnLayer.objects.create(
            municipality=municipality,
            slug="benchmark",
            name_ar="benchmark",
            geometry_kind="polygon",
            fields=[{"name": "kind", "source": "kind", "type": "text", "label": {}}],
            style=Chosen().as_json(),
            count=rows,
        )
        bound = {
            **{"town": municipality.pk, "own": own.pk, "rows": rows},
            **{"west": WEST, "south": SOUTH, "side": SIDE},
        }
        with connection.cursor() as cursor:
            cursor.execute(FILL, bound)
            cursor.execute(YARDSTICK, bound)
        layer = declared(own)
        free = replace(
            layer, near="", sql=layer.sql.replace("own_ownfeature", "unguarded")
        )
        for zoom in TILES:
            ways = layer, replace(layer, near=""), free
            told = [timed(each, municipality, zoom) for each in ways]
            print(
                f"{rows:,} rows, zoom {zoom}: {told[0]:.0f} ms, without the function"
                f" {told[1]:.0f} ms, without row security {told[2]:.0f} ms",
                flush=True,
            )


def timed(layer, municipality, zoom) -> float:
    """Median over the zoom's tiles, three times each, in milliseconds."""
    spent = []
    for x, y in TILES[zoom] * 3:
        start = time.perf_counter()
        tiles.render(layer=layer, municipality=municipality, z=zoom, x=x, y=y)
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


if __name__ == "__main__":
    for size in map(int, sys.argv[1:] or ("10000", "100000")):
        with transaction.atomic():
            main(size)
            transaction.set_rollback(True)
