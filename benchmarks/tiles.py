"""Tiles of a town of 100,000 parcels, beside tipg, MapServer and the bare SQL in psql.

    ./run bench tiles
    ./run bench tiles million    # among a thousand more towns, the statement alone

It makes municipalities of its own in the database and removes them in the end. The
servers and psql are asked for the same tiles by turns, so that what else the machine does
hits all. Cached tiles are set beside an empty Django view behind the same middleware, and
beside a plain file, both through nginx. Needs nginx, cgi-mapserver and spawn-fcgi;
tipg is installed into var/bench.
"""

import gzip
import http.client
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

import django

django.setup()

import mapbox_vector_tile
import numpy as np
import psycopg2
import shapely
from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import connection
from django.http import HttpResponse
from django.urls import path
from pyproj import Transformer

from benchmarks import _tile_peers as peers
from gisportal import urls
from gisportal.wsgi import application  # noqa: F401
from layers.geography.declaration import Layer
from layers.geography.models import Municipality, Parcel
from layers.maps import tiles
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerVersion, tile_version

# Under gunicorn this file is the application, with one view that does nothing.
urls.urlpatterns.insert(0, path("empty/", lambda request: HttpResponse(b"x" * 100)))

SLUG, SIDE, LOT = "benchmark-tiles", 317, 20
PORT, TIPG_PORT, NGINX_PORT, PROXY_PORT = 8251, 8252, 8253, 8254
PASSES, CACHED_REQUESTS = 5, 900
TOWNS, MILLION_PASSES = 1000, 61
CONTENT_LENGTH = re.compile(rb"(?i)content-length: (\d+)")
PSQL_TIME = re.compile(r"Time: ([\d.]+) ms")


def lots() -> list[bytes]:
    """Irregular lots of about 20 m that share wiggly edges, as WKB in EPSG:4326."""
    rng = np.random.default_rng(7)
    nodes = np.stack(np.meshgrid(np.arange(SIDE + 1), np.arange(SIDE + 1)), -1) * float(
        LOT
    )
    nodes += rng.uniform(-5, 5, nodes.shape)
    across = wiggles(rng, nodes[:, :-1], nodes[:, 1:])
    along = wiggles(rng, nodes[:-1], nodes[1:])
    rings = np.concatenate(
        [
            across[:-1],
            along[:, 1:],
            across[1:, :, ::-1],
            along[:, :-1, ::-1],
        ],
        axis=2,
    ).reshape(SIDE * SIDE, -1, 2)
    centre = Transformer.from_crs(4326, 22770, always_xy=True).transform(35.85, 33.80)
    polygons = shapely.polygons(rings + np.array(centre) - SIDE * LOT / 2)
    to_degrees = Transformer.from_crs(22770, 4326, always_xy=True)
    shapes = shapely.transform(
        polygons, lambda at: np.column_stack(to_degrees.transform(*at.T))
    )
    return list(shapely.to_wkb(shapely.multipolygons([[s] for s in shapes]), hex=True))


def wiggles(rng: np.random.Generator, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Start and three points on the way to the end of every edge."""
    parts = np.linspace(0, 1, 4, endpoint=False)[:, None]
    points = start[:, :, None] * (1 - parts) + end[:, :, None] * parts
    points[:, :, 1:] += rng.uniform(-0.8, 0.8, points[:, :, 1:].shape)
    return points


FILL = """
    INSERT INTO geography_parcel (municipality_id, code, valid_from, geometry, area)
    SELECT %s, n, '2000-01-01', shape, 400
      FROM (SELECT n, ST_SetSRID(shape::geometry, 4326) AS shape
              FROM unnest(%s::text[]) WITH ORDINALITY AS lot (shape, n)) AS lot
     ORDER BY shape
"""
COPY = f"""
    DROP TABLE IF EXISTS {peers.TABLE};
    CREATE TABLE {peers.TABLE} AS
    SELECT id, geometry_3857 AS geometry FROM geography_parcel
     WHERE municipality_id = %(town)s ORDER BY geometry_3857;
    ALTER TABLE {peers.TABLE} ADD PRIMARY KEY (id);
    CREATE INDEX ON {peers.TABLE} USING gist (geometry);
    GRANT SELECT ON {peers.TABLE} TO PUBLIC;
    ANALYZE {peers.TABLE};
    VACUUM ANALYZE geography_parcel;
"""
MORE_TOWNS = """
    INSERT INTO geography_municipality
           (slug, name_ar, name_en, name_fr, country, currency, time_zone, srid, accent)
    SELECT %(slug)s || '-' || n, '-', '', '', 'LB', 'LBP', 'UTC', 22770, ''
      FROM generate_series(1, %(towns)s) AS n;
    INSERT INTO geography_parcel (municipality_id, code, valid_from, geometry, area)
    SELECT town.id, parcel.code, parcel.valid_from,
           ST_Translate(parcel.geometry, -0.2 * (n %% 40), 0.2 + 0.2 * (n / 40)), 400
      FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n
              FROM geography_municipality WHERE slug LIKE %(slug)s || '-%%') AS town,
           (SELECT * FROM geography_parcel WHERE municipality_id = %(town)s
             ORDER BY code::int LIMIT 1000) AS parcel;
    VACUUM ANALYZE geography_parcel;
"""


COPIED = "benchmark_alone"
ALONE = f"""
    CREATE TABLE {COPIED} (LIKE geography_parcel INCLUDING ALL);
    INSERT INTO {COPIED} ({{columns}})
    SELECT {{columns}} FROM geography_parcel
     WHERE municipality_id = %(town)s ORDER BY geometry_3857;
    GRANT SELECT ON {COPIED} TO PUBLIC;
    VACUUM ANALYZE {COPIED};
"""


def as_owner(script: str, **bound: object) -> None:
    """Statements one by one, as the owner: VACUUM stands in no transaction."""
    url = os.environ["DATABASE_URL"].replace("postgis:", "postgresql:", 1)
    server = psycopg2.connect(url)
    server.autocommit = True
    with server.cursor() as cursor:
        for statement in filter(str.strip, script.split(";\n")):
            cursor.execute(statement, bound)
    server.close()


def make_town() -> Municipality:
    remove_towns()
    town = Municipality.objects.create(
        slug=SLUG,
        name_ar=SLUG,
        country="LB",
        currency="LBP",
        time_zone="UTC",
        srid=22770,
    )
    with connection.cursor() as cursor:
        cursor.execute(FILL, [town.pk, lots()])
    as_owner(COPY, town=town.pk)
    return town


def remove_towns() -> None:
    with connection.cursor() as cursor:
        ours = "SELECT id FROM geography_municipality WHERE slug LIKE %s"
        for table in ("geography_parcel", "maps_layerversion", "maps_layeredit"):
            cursor.execute(
                f"DELETE FROM {table} WHERE municipality_id IN ({ours})", [f"{SLUG}%"]
            )
        cursor.execute(
            f"DELETE FROM geography_municipality WHERE id IN ({ours})", [f"{SLUG}%"]
        )
    as_owner(f"DROP TABLE IF EXISTS {peers.TABLE}, {COPIED};\n")
    shutil.rmtree(tiles.disk(public=True).root / SLUG, ignore_errors=True)


def addresses(zoom: int, radius: int) -> list[tuple[int, int, int]]:
    middle = Point(35.85, 33.80, srid=4326)
    middle.transform(3857)
    size = tiles.WORLD / 2**zoom
    x = int((middle.x + tiles.WORLD / 2) / size)
    y = int((tiles.WORLD / 2 - middle.y) / size)
    near = range(-radius, radius + 1)
    return [(zoom, x + dx, y + dy) for dx in near for dy in near]


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.client = http.client.HTTPConnection("127.0.0.1", port)

    def wait_for(self, address: str) -> "Client":
        for _ in range(150):
            try:
                self.get(address)
            except OSError:
                time.sleep(0.2)
                self.client.close()
            else:
                return self
        raise SystemExit(f"The server on port {self.port} did not start.")

    def get(self, address: str) -> tuple[int, bytes]:
        try:
            self.client.request("GET", address, headers={"Accept-Encoding": "gzip"})
            response = self.client.getresponse()
        except http.client.RemoteDisconnected:
            # The server closed the connection, which had been idle for too long.
            self.client.close()
            return self.get(address)
        return response.status, response.read()

    def milliseconds(self, address: str) -> float:
        start = time.perf_counter()
        status, content = self.get(address)
        took = 1000 * (time.perf_counter() - start)
        assert status == 200, (status, address, content[:300])
        return took


class Bare:
    """A client of a few instructions, for servers that are faster than Python's own."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))

    def milliseconds(self, address: str) -> float:
        request = f"GET {address} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
        start = time.perf_counter()
        self.socket.sendall(request.encode())
        answer = self.socket.recv(1 << 20)
        head, _, body = answer.partition(b"\r\n\r\n")
        left = int(CONTENT_LENGTH.search(head)[1]) - len(body)
        while left:
            left -= len(self.socket.recv(left))
        assert head.startswith(b"HTTP/1.1 200")
        return 1000 * (time.perf_counter() - start)


def our_server():
    """Gunicorn with one worker of four threads."""
    command = [sys.executable, "-m", "gunicorn", "benchmarks.tiles:application"]
    options = ["--threads", "4", "--log-level", "error", "--keep-alive", "30"]
    return peers.process(
        [*command, "-b", f"127.0.0.1:{PORT}", "--chdir", str(ROOT), *options]
    )


def address_of(version: str, at: tuple[int, int, int]) -> str:
    z, x, y = at
    return f"/tiles/{SLUG}/outlines/{version}/{z}/{x}/{y}.mvt"


def spoil(town: Municipality, layer: Layer) -> str:
    """A version of which nothing is in a cache."""
    now = int(time.time() * 1000)
    LayerVersion.objects.filter(municipality=town).update(version=now, floor=now)
    return LayerVersion.objects.of_layers([layer], town)[layer.name]


class Psql:
    """psql kept open, which times the very statements that the server sends."""

    def __init__(self) -> None:
        url = os.environ["APPLICATION_DATABASE_URL"]
        self.running = subprocess.Popen(
            ["psql", "-X", "-q", url.replace("postgis:", "postgresql:", 1)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(
            "SET max_parallel_workers_per_gather = 0; SET random_page_cost = 1.1;"
            "\\o /dev/null\n\\timing on\n"
        )

    def _say(self, script: str) -> None:
        self.running.stdin.write(script)
        self.running.stdin.flush()

    def milliseconds(self, statement: str) -> float:
        self._say(f"{statement};\n")
        said = self.running.stdout.readline()
        found = PSQL_TIME.search(said)
        assert found, said
        return float(found[1])

    def close(self) -> None:
        self.running.stdin.close()
        self.running.wait()


def statement_of(town: Municipality, layer: Layer, at: tuple[int, int, int]) -> str:
    z, x, y = at
    with connection.cursor() as cursor:
        query, bound = tiles.statement(layer, town, z=z, x=x, y=y)
        return cursor.mogrify(query, bound).decode()


def main() -> None:
    peers.FOLDER.mkdir(parents=True, exist_ok=True)
    town, layer = make_town(), layer_named("outlines")
    try:
        if "million" in sys.argv:
            million(town, layer)
            return
        with (
            our_server(),
            peers.tipg(TIPG_PORT) as tipg,
            peers.nginx(NGINX_PORT, proxy()) as mapserver,
        ):
            ours = Client(PORT).wait_for("/empty/")
            others = {
                "tipg": (Client(TIPG_PORT).wait_for("/healthz"), tipg),
                "MapServer": (Client(NGINX_PORT).wait_for("/plain/"), mapserver),
            }
            for zoom, radius in ((14, 1), (16, 3)):
                compare(ours, others, town, layer, addresses(zoom, radius))
            cached(ours, town, layer)
    finally:
        remove_towns()


def compare(
    ours: Client, others: dict, town: Municipality, layer: Layer, wanted: list
) -> None:
    taken: dict[str, list[float]] = {"ours": [], "SQL": []}
    psql = Psql()
    for _ in range(PASSES):
        version = spoil(town, layer)
        for at in wanted:
            z, x, y = at
            asked = {
                "ours": (ours, address_of(version, at)),
                "SQL": (psql, statement_of(town, layer, at)),
            }
            for name, (client, place) in others.items():
                asked[name] = (client, place.format(z=z, x=x, y=y))
            for name in random.sample(list(asked), len(asked)):
                client, address = asked[name]
                taken.setdefault(name, []).append(client.milliseconds(address))
    psql.close()
    median = {name: statistics.median(times) for name, times in taken.items()}
    middle = wanted[len(wanted) // 2]
    contents = {"ours": ours.get(address_of(spoil(town, layer), middle))[1]}
    z, x, y = middle
    for name, (client, place) in others.items():
        contents[name] = client.get(place.format(z=z, x=x, y=y))[1]
    print(f"z{z}, not cached:")
    for name, time_taken in median.items():
        size = describe(contents.get(name))
        print(
            f"  {name:10} {time_taken:7.1f} ms, {time_taken / median['ours']:5.2f} × ours"
            f"{size}"
        )


def describe(content: bytes | None) -> str:
    if content is None:
        return ""
    raw = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    (layer,) = mapbox_vector_tile.decode(raw).values()
    return (
        f", {len(layer['features'])} parcels in the middle tile,"
        f" {len(content) / 1024:.0f} KiB sent, {len(raw) / 1024:.0f} KiB plain"
    )


def proxy() -> str:
    """deploy/nginx.conf with its addresses and folder put in place."""
    text = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
    return (
        text.replace("127.0.0.1:8000", f"127.0.0.1:{PORT}")
        .replace("listen 80;", f"listen 127.0.0.1:{PROXY_PORT};")
        .replace("/srv/gisportal/var", str(settings.DATA_DIR))
    )


def cached(ours: Client, town: Municipality, layer: Layer) -> None:
    at = addresses(16, 0)[0]
    version = tile_version(layer, town, **dict(zip("zxy", at, strict=True))).name
    tile = address_of(version, at)
    content = ours.get(tile)[1]
    plain = peers.FOLDER / "plain"
    plain.mkdir(exist_ok=True)
    (plain / "tile.mvt").write_bytes(content)
    pairs = {"ours": (ours, tile), "an empty view": (ours, "/empty/")}
    by_turns("z16, cached:", pairs)
    proxied = {
        "ours through nginx": (Bare(PROXY_PORT), tile),
        "a plain file of nginx": (Bare(NGINX_PORT), "/plain/tile.mvt"),
    }
    by_turns("z16, cached, without the application:", proxied)


def by_turns(title: str, pairs: dict) -> None:
    """In changing order: who comes first finds the server asleep."""
    taken: dict[str, list[float]] = {name: [] for name in pairs}
    for _ in range(CACHED_REQUESTS):
        for name in random.sample(list(pairs), len(pairs)):
            client, address = pairs[name]
            taken[name].append(client.milliseconds(address))
    print(title)
    for name, times in taken.items():
        median = statistics.median(times[50:])
        print(f"  {name:22} {median:.3f} ms, {1000 / median:.0f}/s")


def million(town: Municipality, layer: Layer) -> None:
    """The same tiles from the table that 1,000 towns of 1,000 parcels share with the town,
    and from a copy that holds the town alone, by turns.
    """
    as_owner(MORE_TOWNS, slug=SLUG, towns=TOWNS, town=town.pk)
    columns = [f.column for f in Parcel._meta.concrete_fields if not f.generated]
    as_owner(ALONE.format(columns=", ".join(columns)), town=town.pk)
    psql = Psql()
    for at in (*addresses(14, 0), *addresses(16, 0)):
        among = statement_of(town, layer, at)
        pair = {"alone": among.replace("geography_parcel", COPIED), "among": among}
        taken: dict[str, list[float]] = {name: [] for name in pair}
        for _ in range(MILLION_PASSES):
            for name in random.sample(list(pair), len(pair)):
                taken[name].append(psql.milliseconds(pair[name]))
        before, after = (statistics.median(taken[name]) for name in pair)
        print(
            f"z{at[0]}: {before:.1f} ms alone, {after:.1f} ms among"
            f" {TOWNS:,} towns more, {after / before:.2f} times"
        )
    psql.close()


if __name__ == "__main__":
    main()
