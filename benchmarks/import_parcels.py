"""Import of a town's parcels against ogr2ogr into the same PostGIS.

python benchmarks/import_parcels.py [PARCELS.gpkg] makes a town of 100,000 parcels
where no file is given. Ours reads, checks, repairs, measures, compares, finds the
zone and writes history-keeping rows with three indexes on geometry and key; ogr2ogr
reprojects and loads. Three runs each, in turns; the best of each is compared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

RUNS = 3
TABLE = "benchmark_ogr2ogr"


def ogr2ogr(path: Path, target: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        ["ogr2ogr", "-f", "PostgreSQL", target, str(path), "-nln", TABLE, "-t_srs",
         "EPSG:4326", "-nlt", "PROMOTE_TO_MULTI", "-overwrite", "-lco",
         "GEOMETRY_NAME=geometry", "--config", "PG_USE_COPY", "YES"],
        check=True,
    )  # fmt: skip
    return time.perf_counter() - began


def dsn() -> str:
    """The owner's connection, as ogr2ogr writes it."""
    own = connection.settings_dict
    words = {"dbname": "NAME", "user": "USER", "host": "HOST", "port": "PORT",
             "password": "PASSWORD"}  # fmt: skip
    return "PG:" + " ".join(f"{k}='{own[v]}'" for k, v in words.items() if own[v])


def ours(path: Path, folder: Path) -> tuple[float, float]:
    """Seconds of the first import and of the second, which changes nothing."""
    from layers.geography.files.request import Options, What  # noqa: PLC0415
    from layers.geography.models import Municipality, Parcel  # noqa: PLC0415
    from layers.geography.services import import_file  # noqa: PLC0415
    from layers.geography.tenancy import tenant  # noqa: PLC0415

    town = Municipality.objects.get(slug="benchmark")
    with tenant(town):
        Parcel.objects.of(town)._raw_delete("default")
    took = []
    for _ in range(2):
        began = time.perf_counter()
        report = import_file(
            municipality=town, what=What.PARCELS, path=path, options=Options()
        )
        took.append(time.perf_counter() - began)
        print(f"  ours: {report.added:,} added, {report.unchanged:,} unchanged")
    return took[0], took[1]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")
    os.environ["DATABASE_ROLE"] = "owner"
    django.setup()
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
    else:
        call_command("make_town", str(folder), parcels=100_000, seed=7)
        path = next(folder.rglob("parcels.gpkg"))
    from layers.geography.models import Municipality  # noqa: PLC0415

    Municipality.objects.get_or_create(
        slug="benchmark",
        defaults={"name_ar": "قياس", "country": "LB", "currency": "LBP",
                  "time_zone": "Asia/Beirut", "srid": 22770},
    )  # fmt: skip
    yardstick, first, second = [], [], []
    for _ in range(RUNS):
        yardstick.append(ogr2ogr(path, dsn()))
        one, two = ours(path, folder)
        first.append(one)
        second.append(two)
        print(f"  ogr2ogr {yardstick[-1]:.1f} s, ours {one:.1f} s, again {two:.1f} s")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
    print(
        f"ogr2ogr {min(yardstick):.1f} s; first import {min(first):.1f} s,"
        f" {min(first) / min(yardstick):.2f} ×; second {min(second):.1f} s,"
        f" {min(second) / min(yardstick):.2f} ×"
    )


if __name__ == "__main__":
    main()
