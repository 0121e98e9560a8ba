"""deploy/nginx.conf as it stands, in front of the demo town."""

import gzip
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.demo import ROOT, free_port, wait_for

pytestmark = pytest.mark.slow

CONFIGURATION = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
AROUND = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
{user} worker_processes 1; events {{ worker_connections 64; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    {temporary}
    {servers}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
FOR_EVER = "public, max-age=31536000, immutable"


@contextmanager
def nginx(demo, folder):
    """Starts nginx with our file, its addresses and folder replaced."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "`./run test` installs nginx."
    port = free_port()
    servers = CONFIGURATION
    for former, here, times in (
        ("127.0.0.1:8000", demo.url.removeprefix("http://"), 1),
        ("listen 80;", f"listen 127.0.0.1:{port};", 1),
        ("/srv/gisportal/var", demo.environment["DATA_DIR"], 3),
    ):
        assert servers.count(former) == times
        servers = servers.replace(former, here)
    file = folder / "nginx.conf"
    file.write_text(
        AROUND.format(
            folder=folder,
            user="user root;" if os.geteuid() == 0 else "",
            temporary=" ".join(f"{x}_temp_path {folder}/{x};" for x in TEMPORARY),
            servers=servers,
        )
    )
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(file)])
    try:
        wait_for(f"http://127.0.0.1:{port}/ar/", folder / "nginx.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def proxy(live_town, tmp_path_factory):
    with nginx(live_town, tmp_path_factory.mktemp("nginx")) as url:
        yield url


@pytest.fixture
def staff(proxy, live_town):
    """Signed in at the proxy as the town's planner."""
    session = requests.Session()
    page = f"{proxy}/en/account/login/"
    token = re.search(
        r'name="csrfmiddlewaretoken" value="(\w+)"', session.get(page).text
    )
    answer = session.post(
        page,
        {
            "login": "planner@wadi-zaytoun.example",
            "password": "wadi-zaytoun-demo",
            "csrfmiddlewaretoken": token[1],
        },
        headers={"Referer": page},
    )
    assert answer.status_code == 200
    return session


ADDRESSES = """
from layers.geography.models import Municipality, Parcel
from layers.maps.catalogue import layer_named
from layers.maps.models import tile_version
from layers.maps.tiles import WORLD
town = Municipality.objects.get(slug="wadi-zaytoun")
at = Parcel.objects.of(town).current().first().geometry.point_on_surface
at.transform(3857)
x, y = (int((WORLD / 2 + n) / WORLD * 2**16) for n in (at.x, -at.y))
for name in ("outlines", "parcels"):
    version = tile_version(layer_named(name), town, z=16, x=x, y=y).name
    print(f"{name} /tiles/{town.slug}/{name}/{version}/16/{x}/{y}.mvt")
"""


@pytest.fixture(scope="module")
def versions(live_town):
    """Layer → address of a tile with a parcel, under its own version."""
    told = live_town.manage("shell", "--verbosity", "0", "--command", ADDRESSES)
    return dict(line.split(" ") for line in told.splitlines())


def kept_file(demo, address):
    """The file of a public tile, which is written once the first answer has gone out."""
    path = address.removeprefix("/tiles/")
    file = Path(f"{demo.environment['DATA_DIR']}/tiles/public/{path}.gz")
    end = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < end, f"{file} was not written"
        time.sleep(0.05)
    return file


def test_a_public_tile_that_was_cut_comes_from_the_disk(proxy, live_town, versions):
    address = versions["outlines"]
    first = requests.get(proxy + address, timeout=30)
    kept_file(live_town, address)
    again = requests.get(proxy + address, timeout=30)
    assert (first.status_code, again.status_code) == (200, 200)
    assert "gunicorn" in first.headers["Server"] or "Set-Cookie" not in again.headers
    assert "Cross-Origin-Opener-Policy" in first.headers
    assert "Cross-Origin-Opener-Policy" not in again.headers
    assert again.content == first.content != b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == FOR_EVER
    assert again.headers["Content-Encoding"] == "gzip"
    assert again.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert "Last-Modified" not in again.headers
    known = {"If-None-Match": first.headers["ETag"]}
    assert requests.get(proxy + address, headers=known, timeout=30).status_code == 304
    plain = {"Accept-Encoding": "identity"}
    assert requests.get(proxy + address, headers=plain, timeout=30).content == (
        again.content
    )


def test_a_staff_tile_comes_from_the_disk_to_the_staff_alone(proxy, staff, versions):
    address = versions["parcels"]
    for _ in range(2):
        answer = staff.get(proxy + address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Content-Encoding"] == "gzip"
        assert b"code" in answer.content
        assert requests.get(proxy + address, timeout=30).status_code == 403
    known = {"If-None-Match": answer.headers["ETag"]}
    assert staff.get(proxy + address, headers=known).status_code == 304
    assert requests.get(proxy + address, headers=known, timeout=30).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/tiles-of-the-staff{rest}",
        "/tiles-of-the-staff/../public{rest}",
        "/tiles/..%2fprivate{rest}",
        "/tiles/%2e%2e/private{rest}",
        "/tiles/.sweep",
        "/static/../media/",
        "/static../media/",
    ],
)
def test_no_way_leads_round_the_application(proxy, staff, versions, path):
    rest = versions["parcels"].removeprefix("/tiles")
    staff.get(proxy + versions["parcels"])
    with requests.Session() as stranger:
        request = requests.Request("GET", proxy).prepare()
        request.url = proxy + path.format(rest=rest)
        assert stranger.send(request).status_code in {400, 403, 404}


def test_other_verbs_and_pages_reach_the_application(proxy, versions):
    assert requests.post(proxy + versions["outlines"], timeout=30).status_code in {
        403,
        405,
    }
    assert requests.get(f"{proxy}/ar/wadi-zaytoun/", timeout=30).status_code == 200
    head = requests.head(proxy + versions["outlines"], timeout=30)
    assert head.status_code == 200


def test_the_file_on_disk_is_the_tile(live_town, proxy, versions):
    answer = requests.get(proxy + versions["outlines"], timeout=30)
    with gzip.open(kept_file(live_town, versions["outlines"])) as kept:
        assert kept.read() == answer.content
