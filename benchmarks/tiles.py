"""Tiles of a town of 100,000 parcels through gunicorn, beside the bare SQL in psql.

    python benchmarks/tiles.py

Needs the database of DATABASE_URL, migrated. It makes a municipality of its own
there and removes it in the end. Cached tiles are set beside an empty Django view
behind the same middleware.
"""

import http.client
import os
import re
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

import numpy as np
import shapely
from django.contrib.gis.geos import Point
from django.db import connection
from django.http import HttpResponse
from django.urls import path
from pyproj import Transformer

from gisportal import urls
from gisportal.wsgi import application  # noqa: F401
from layers.geography.declaration import Layer
from layers.geography.models import Municipality
from layers.maps import tiles
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerVersion

# Under gunicorn this file is the application, with one view that does nothing.
urls.urlpatterns.insert(0, path("empty/", lambda request: HttpResponse(b"x" * 100)))

SLUG, SIDE, LOT = "benchmark-tiles", 317, 20
PORT = 8251
PASSES, CACHED_REQUESTS = 5, 1500
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


def make_town() -> Municipality:
    remove_town()
    town = Municipality.objects.create(
        slug=SLUG,
        name_ar=SLUG,
        country="LB",
        currency="LBP",
        time_zone="UTC",
        srid=22770,
    )
    shapes = lots()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO geography_parcel"
            " (municipality_id, code, valid_from, geometry, area)"
            " SELECT %s, n, '2000-01-01', ST_SetSRID(shape::geometry, 4326), 400"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS lot (shape, n)",
            [town.pk, shapes],
        )
        cursor.execute("ANALYZE geography_parcel")
    return town


def remove_town() -> None:
    with connection.cursor() as cursor:
        for table in ("geography_parcel", "maps_layerversion"):
            cursor.execute(
                f"DELETE FROM {table} WHERE municipality_id IN"
                " (SELECT id FROM geography_municipality WHERE slug = %s)",
                [SLUG],
            )
        cursor.execute("DELETE FROM geography_municipality WHERE slug = %s", [SLUG])


def addresses(zoom: int, radius: int) -> list[tuple[int, int, int]]:
    middle = Point(35.85, 33.80, srid=4326)
    middle.transform(3857)
    size = tiles.WORLD / 2**zoom
    x = int((middle.x + tiles.WORLD / 2) / size)
    y = int((tiles.WORLD / 2 - middle.y) / size)
    near = range(-radius, radius + 1)
    return [(zoom, x + dx, y + dy) for dx in near for dy in near]


class Server:
    """Gunicorn with one worker, asked by one client that keeps its connection."""

    def __enter__(self) -> "Server":
        command = [sys.executable, "-m", "gunicorn", "benchmarks.tiles:application"]
        self.process = subprocess.Popen(
            [*command, "-b", f"127.0.0.1:{PORT}", "--threads", "4", "--log-level", "error",
             "--keep-alive", "30"],
            cwd=ROOT,
        )  # fmt: skip
        self.client = http.client.HTTPConnection("127.0.0.1", PORT)
        for _ in range(100):
            try:
                self.get("/empty/")
            except OSError:
                time.sleep(0.2)
                self.client.close()
            else:
                return self
        raise SystemExit("The server did not start.")

    def __exit__(self, *problem: object) -> None:
        self.process.terminate()
        self.process.wait()

    def get(self, address: str) -> tuple[int, int]:
        self.client.request("GET", address, headers={"Accept-Encoding": "gzip"})
        response = self.client.getresponse()
        return response.status, len(response.read())

    def milliseconds(self, address: str) -> float:
        start = time.perf_counter()
        status, _ = self.get(address)
        took = 1000 * (time.perf_counter() - start)
        assert status == 200, (status, address)
        return took


def address_of(version: str, at: tuple[int, int, int]) -> str:
    z, x, y = at
    return f"/tiles/{SLUG}/outlines/{version}/{z}/{x}/{y}.mvt"


def uncached(
    server: Server, town: Municipality, layer: Layer, wanted: list
) -> list[float]:
    """A new version before each pass, so that no tile is in the cache."""
    LayerVersion.objects.filter(municipality=town).update(
        version=int(time.time() * 1000)
    )
    version = LayerVersion.objects.of_layers([layer], town)[layer.name]
    return [server.milliseconds(address_of(version, at)) for at in wanted]


def in_psql(town: Municipality, layer: Layer, wanted: list) -> list[float]:
    """The very statements that the server sends, timed by psql."""
    with connection.cursor() as cursor:
        lines = [
            cursor.mogrify(*tiles.statement(layer, town, z=z, x=x, y=y)).decode() + ";"
            for z, x, y in wanted
        ]
    script = "\\o /dev/null\n\\timing on\n" + "\n".join(lines)
    url = os.environ["APPLICATION_DATABASE_URL"].replace("postgis:", "postgresql:", 1)
    done = subprocess.run(
        ["psql", "-X", "-q", url],
        input=script,
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(found) for found in PSQL_TIME.findall(done.stdout)]


def main() -> None:
    town, layer = make_town(), layer_named("outlines")
    try:
        with Server() as server:
            for zoom, radius in ((14, 1), (16, 3)):
                compare(server, town, layer, addresses(zoom, radius))
            cached(server, town, layer)
    finally:
        remove_town()


def compare(server: Server, town: Municipality, layer: Layer, wanted: list) -> None:
    ours, bare = [], []
    for _ in range(PASSES):
        ours += uncached(server, town, layer, wanted)
        bare += in_psql(town, layer, wanted)
    ours, bare = statistics.median(ours), statistics.median(bare)
    tile = tiles.render(
        layer=layer,
        municipality=town,
        **dict(zip("zxy", wanted[len(wanted) // 2], strict=True)),
    )
    print(
        f"z{wanted[0][0]}: {ours:.1f} ms uncached through gunicorn,"
        f" {bare:.1f} ms bare SQL in psql, ratio {ours / bare:.2f};"
        f" {len(tile.content) / 1024:.0f} KiB gzipped in the middle of the town"
    )


def cached(server: Server, town: Municipality, layer: Layer) -> None:
    version = LayerVersion.objects.of_layers([layer], town)[layer.name]
    tile = address_of(version, addresses(16, 0)[0])
    times: dict[str, list[float]] = {tile: [], "/empty/": []}
    for _ in range(CACHED_REQUESTS):
        for address, taken in times.items():
            taken.append(server.milliseconds(address))
    ours, empty = (statistics.median(taken[50:]) for taken in times.values())
    print(
        f"cached z16: {ours:.2f} ms ({1000 / ours:.0f}/s), an empty view"
        f" {empty:.2f} ms ({1000 / empty:.0f}/s), ratio {ours / empty:.2f}"
    )


if __name__ == "__main__":
    main()
