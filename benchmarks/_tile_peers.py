"""Other servers of vector tiles, on the same table, started for a benchmark."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
TIPG = "tipg==1.6.1"
TABLE = "benchmark_outlines"

MAPFILE = """
MAP
  NAME "bench" PROJECTION "init=epsg:3857" END EXTENT -20037508 -20037508 20037508 20037508
  SIZE 512 512 OUTPUTFORMAT NAME "mvt" DRIVER MVT EXTENSION "pbf"
    FORMATOPTION "EDGE_BUFFER=8" END
  WEB METADATA "ows_enable_request" "*" END END
  LAYER NAME "outlines" TYPE POLYGON STATUS ON CONNECTIONTYPE POSTGIS
    CONNECTION "host={host} port={port} user={user} dbname={name}"
    DATA "geometry FROM {table} USING UNIQUE id USING SRID=3857"
    PROCESSING "CLOSE_CONNECTION=DEFER" PROJECTION "init=epsg:3857" END
    METADATA "gml_include_items" "id" "ows_include_items" "id" END
    CLASS STYLE COLOR 0 0 0 END END
  END
END
"""
NGINX = """
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off; {temporary}
  server {{ listen 127.0.0.1:{port};
    location /mapserver {{ include /etc/nginx/fastcgi_params;
      fastcgi_pass unix:{folder}/mapserver.socket; fastcgi_keep_conn on; }}
    location /plain/ {{ alias {folder}/plain/; }}
  }}
  {more}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def database() -> dict[str, str]:
    url = urlsplit(os.environ["APPLICATION_DATABASE_URL"])
    return {
        "host": unquote(url.hostname or ""),
        "port": str(url.port or 5432),
        "user": url.username or "",
        "name": url.path.lstrip("/"),
    }


@contextmanager
def process(command: list[str], **environment: str) -> Iterator[None]:
    with (FOLDER / "peers.log").open("ab") as log:
        running = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            cwd=FOLDER,
        )
        try:
            yield
        finally:
            running.terminate()
            try:
                running.wait(timeout=5)
            except subprocess.TimeoutExpired:
                running.kill()  # MapServer waits for one more request.
                running.wait()


@contextmanager
def tipg(port: int) -> Iterator[str]:
    """tipg with uvicorn; yields the address of a tile with places for z, x and y."""
    home = FOLDER / "tipg"
    if not (home / "complete").exists():
        subprocess.run(["python3", "-m", "venv", home], check=True)
        pip = [home / "bin/python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, TIPG, "uvicorn"], check=True)
        (home / "complete").touch()
    server = [str(home / "bin/uvicorn"), "tipg.main:app", "--port", str(port)]
    here = database()
    host = quote(here["host"], safe="")
    url = f"postgresql://{here['user']}@{host}:{here['port']}/{here['name']}"
    with process(
        [*server, "--log-level", "warning"],
        DATABASE_URL=url,
        TIPG_DB_SCHEMAS='["public"]',
        TIPG_MAX_FEATURES_PER_TILE="100000",
    ):
        yield f"/collections/public.{TABLE}/tiles/WebMercatorQuad/{{z}}/{{x}}/{{y}}"


@contextmanager
def nginx(port: int, more: str = "") -> Iterator[str]:
    """nginx with MapServer behind it and plain files beside; yields MapServer's address."""
    if not shutil.which("spawn-fcgi") or not Path("/usr/lib/cgi-bin/mapserv").exists():
        raise SystemExit(
            "apt-get install --no-install-recommends cgi-mapserver spawn-fcgi"
        )
    (FOLDER / "bench.map").write_text(MAPFILE.format(table=TABLE, **database()))
    (FOLDER / "mapserver.conf").write_text(
        f'CONFIG\n ENV END MAPS "bench" "{FOLDER}/bench.map" END\nEND\n'
    )
    root = os.geteuid() == 0
    file = FOLDER / "nginx.conf"
    file.write_text(
        NGINX.format(
            folder=FOLDER,
            port=port,
            more=more,
            user="user root;" if root else "",
            temporary=" ".join(f"{x}_temp_path {FOLDER}/{x};" for x in TEMPORARY),
        )
    )
    socket = FOLDER / "mapserver.socket"
    socket.unlink(missing_ok=True)
    mapserver = ["spawn-fcgi", "-n", "-s", str(socket), "-M", "666", "--"]
    path = f"{os.environ['PATH']}:/usr/sbin"
    program = shutil.which("nginx", path=path) or "nginx"
    with (
        process(
            [*mapserver, "/usr/lib/cgi-bin/mapserv"],
            MAPSERVER_CONFIG_FILE=str(FOLDER / "mapserver.conf"),
        ),
        process([program, "-p", str(FOLDER), "-c", str(file)]),
    ):
        time.sleep(1)
        yield (
            "/mapserver?map=bench&mode=tile&tilemode=gmap&tile={x}+{y}+{z}"
            "&layers=all&map.imagetype=mvt"
        )
