"""A thousand parcels as GeoJSON, beside tipg on the same table in the same run; and a
hundred thousand as a file in each format.

    ./run bench features            both
    ./run bench features tipg       the first alone
    ./run bench features files      the second alone

Needs the database of DATABASE_URL, migrated. It makes a municipality of its own there and
removes it in the end. tipg is installed into an environment of its own under var/.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

import django

django.setup()

import psycopg2
from django.db import connection

from benchmarks._spent import spent
from benchmarks.tiles import SLUG, make_town, remove_towns
from layers.features import crs, services
from layers.features.formats import FORMATS
from layers.geography.models import Municipality
from layers.maps.catalogue import layer_named

URL = os.environ["DATABASE_URL"].replace("postgis:", "postgresql:", 1)
OURS, TIPG = 8261, 8262
TIPG_VERSION = "1.6.1"
TABLE = "benchmark_features"
LIMIT, TURNS, EACH, WARM = 1000, 4, 10, 5


def peer() -> Path:
    """tipg's own environment, made once."""
    folder = ROOT / "var/bench/tipg"
    program = folder / "bin/uvicorn"
    if not program.exists():
        print("Installing tipg …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run(
            [
                folder / "bin/pip",
                "install",
                "--quiet",
                f"tipg=={TIPG_VERSION}",
                "uvicorn",
            ],
            check=True,
        )
    return program


def as_owner(*statements: str) -> None:
    """The role that serves may not make tables."""
    with psycopg2.connect(URL) as owner, owner.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def make_table(town: Municipality) -> None:
    """The same rows and columns, as tipg wants them: a table of their own with an index."""
    as_owner(
        f"DROP TABLE IF EXISTS {TABLE}",
        f"CREATE TABLE {TABLE} AS SELECT id, code, geometry::geometry(MultiPolygon, 4326)"
        f" AS geometry FROM geography_parcel WHERE municipality_id = {town.pk}",
        f"ALTER TABLE {TABLE} ADD PRIMARY KEY (id)",
        f"CREATE INDEX ON {TABLE} USING gist (geometry)",
        f"ANALYZE {TABLE}",
        "ANALYZE geography_parcel",
    )


@contextmanager
def server(
    arguments: list, port: int, path: str, **environment: str
) -> Iterator[Client]:
    process = subprocess.Popen(arguments, cwd=ROOT, env={**os.environ, **environment})
    try:
        client = Client(port)
        for _ in range(200):
            try:
                client.get(path)
            except OSError:
                time.sleep(0.2)
                client.connection.close()
            else:
                break
        else:
            raise SystemExit(f"The server on port {port} did not start.")
        yield client
    finally:
        process.terminate()
        process.wait()


class Client:
    """One client that keeps its connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)

    def get(self, path: str) -> bytes:
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise OSError(response.status, content[:300])
        return content

    def milliseconds(self, path: str) -> float:
        start = time.perf_counter()
        self.get(path)
        return 1000 * (time.perf_counter() - start)


def against_tipg(town: Municipality) -> None:
    """Both with one worker, no cache, turn by turn; the layer is the public one."""
    make_table(town)
    # Holds a little more than a thousand, as a view of a map does.
    box = "35.845,33.797,35.8518,33.803"
    ours = f"/en/{SLUG}/ogc/collections/outlines/items?limit={LIMIT}&bbox={box}"
    theirs = f"/collections/public.{TABLE}/items?limit={LIMIT}&bbox={box}"
    gunicorn = [sys.executable, "-m", "gunicorn", "gisportal.wsgi", "--threads", "4"]
    ours_command = [*gunicorn, "-b", f"127.0.0.1:{OURS}", "--log-level", "error",
                    "--keep-alive", "30"]  # fmt: skip
    tipg_command = [
        peer(),
        "tipg.main:app",
        "--port",
        str(TIPG),
        "--log-level",
        "error",
    ]
    with (
        server(ours_command, OURS, f"/en/{SLUG}/ogc/") as our_client,
        server(
            tipg_command, TIPG, "/healthz", DATABASE_URL=URL, TIPG_DB_SCHEMAS='["public"]',
            TIPG_MAX_FEATURES_PER_QUERY="10000",
        ) as tipg_client,
    ):  # fmt: skip
        same(our_client.get(ours), tipg_client.get(theirs))
        times: dict[str, list[float]] = {ours: [], theirs: []}
        used: dict[str, float] = {ours: 0.0, theirs: 0.0}
        for _ in range(TURNS):
            for path, client in ((ours, our_client), (theirs, tipg_client)):
                before = spent(backend())
                times[path] += [client.milliseconds(path) for _ in range(EACH)]
                after = spent(backend())
                used[path] += sum(
                    after[kind] - before[kind] for kind in ("web", "peer", "database")
                )
        for path in (ours, theirs):
            client = our_client if path is ours else tipg_client
            size = len(client.get(path)) / 1024
            print(f"  {path.split('?')[0]}: {size:.0f} KiB")
    first, second = (statistics.median(taken[WARM:]) for taken in times.values())
    one, other = (1000 * seconds / TURNS / EACH for seconds in used.values())
    print(
        f"{LIMIT} parcels as GeoJSON: {first:.1f} ms, tipg {TIPG_VERSION} {second:.1f} ms,"
        f" ratio {second / first:.1f}"
    )
    print(
        f"  processor's time, server and database together: {one:.1f} ms,"
        f" tipg {other:.1f} ms, ratio {other / one:.1f}"
    )


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def same(ours: bytes, theirs: bytes) -> None:
    """Both must have answered the question: as many features, of the same places."""
    one, other = (json.loads(said)["features"] for said in (ours, theirs))
    assert len(one) == len(other) == LIMIT, (len(one), len(other))


def files(town: Municipality) -> None:
    """Each in a process of its own, so that its memory is its own."""
    for form in (name for name, each in FORMATS.items() if each.most > 100_000):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.features", "file", form, str(town.pk)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        print(done.stdout.strip())


def peak_memory() -> float:
    """MiB; `getrusage` would tell the parent's, which made the town."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def one_file(form: str, pk: int) -> None:
    town = Municipality.objects.get(pk=pk)
    layer = layer_named("parcels")
    made = FORMATS[form]
    system = crs.system(town.srid) if made.any_system else crs.CRS84
    before = peak_memory()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{made.suffix}")
        start = time.perf_counter()
        services.write(
            path, form=form, selection=services.selected(layer, town, {}), system=system
        )
        took = time.perf_counter() - start
        size = path.stat().st_size / 2**20
    peak = peak_memory()
    print(
        f"{form}: {took:.1f} s, {size:.1f} MiB, memory {peak:.0f} MiB"
        f" (before: {before:.0f} MiB), EPSG:{system.srid}"
    )


def main() -> None:
    if sys.argv[1:2] == ["file"]:
        with connection.cursor():
            one_file(sys.argv[2], int(sys.argv[3]))
        return
    town = make_town()
    try:
        if sys.argv[1:] != ["files"]:
            against_tipg(town)
        if sys.argv[1:] != ["tipg"]:
            files(town)
    finally:
        as_owner(f"DROP TABLE IF EXISTS {TABLE}")
        remove_towns()


if __name__ == "__main__":
    main()
