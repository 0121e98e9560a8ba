"""An exported file on a static page: the browser draws it, and asks nobody else."""

import io
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import call_command
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import PATIENCE, launch
from tests.factories.geography import ParcelFactory, ZoneFactory, square

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
HOST = "https://maps.town.example/"
HTML = (
    "<!doctype html><meta charset=utf-8><title>Town</title>"
    "<style>#map { inline-size: 400px; block-size: 400px }</style>"
    '<body><div id="map"></div><script type="module" src="page.js"></script>'
)
TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".html": "text/html"}


def hosted(folder):
    """A plain web server with range requests; any other address is refused."""

    def answer(route):
        url = route.request.url
        path = folder / url.removeprefix(HOST)
        if not url.startswith(HOST) or not path.is_file():
            return route.abort()
        content, headers, status = path.read_bytes(), {}, 200
        if asked := re.fullmatch(
            r"bytes=(\d+)-(\d+)", route.request.headers.get("range", "")
        ):
            first, last = map(int, asked.groups())
            last = min(last, len(content) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            content, status = content[first : last + 1], 206
        headers["Content-Type"] = TYPES.get(path.suffix, "application/octet-stream")
        return route.fulfill(status=status, headers=headers, body=content)

    return answer


def test_a_static_page_draws_parcels_from_an_exported_file(town, tmp_path):
    ZoneFactory(municipality=town, code="Q1", geometry=square(side=0.02))
    ParcelFactory(
        municipality=town, geometry=square(west=35.83, south=33.79, side=0.001)
    )
    file = tmp_path / "town.pmtiles"
    call_command("export_tiles", str(file), "--municipality", town.slug)
    bundle = ("--bundle", "--format=esm", "--target=es2022", "--log-level=error")
    subprocess.run(
        [
            *(
                ROOT / "node_modules/.bin/esbuild",
                ROOT / "tests/layers/maps/static_page.js",
            ),
            *(*bundle, "--external:*/maplibre-gl-worker.mjs"),
            f"--outfile={tmp_path / 'page.js'}",
        ],
        check=True,
    )
    for name in ("maplibre-gl-worker.mjs", "maplibre-gl-shared.mjs"):
        built = ROOT / "node_modules/maplibre-gl/dist" / name
        (tmp_path / name).write_bytes(built.read_bytes())
    (tmp_path / "index.html").write_text(HTML)
    # The browser begins after the database's work and ends before its next.
    with sync_playwright() as playwright, launch(playwright) as browser:
        seen = drawn(browser, tmp_path)
    assert seen.parcels >= 1
    picture = Image.open(io.BytesIO(seen.picture)).convert("RGB")
    # The parcel lies in the middle, and not at the corner.
    assert picture.getpixel((200, 200)) == (0x1F, 0x6F, 0x5C)
    assert picture.getpixel((4, 4)) == (255, 255, 255)
    assert all(url.startswith(HOST) for url in seen.asked)
    assert seen.ranges > 0


@dataclass(frozen=True)
class Seen:
    parcels: int
    picture: bytes
    asked: list[str]
    ranges: int


def drawn(browser, folder):
    """What the browser shows of the page in `folder`, and what it asked for."""
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request))
    page.context.route("**/*", hosted(folder))
    page.goto(f"{HOST}index.html")
    page.wait_for_selector("body[data-parcels]", timeout=PATIENCE)
    return Seen(
        int(page.get_attribute("body", "data-parcels")),
        page.locator("#map").screenshot(),
        [each.url for each in asked if each.url.startswith("http")],
        sum("range" in each.headers for each in asked),
    )
