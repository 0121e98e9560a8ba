"""The formats of files. Each writer takes batches of records, so that memory does not
grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from surveys.out.geographic import write_geojson, write_gpkg
from surveys.out.spreadsheets import write_csv, write_xlsx
from surveys.out.statistical import write_spss, write_stata
from surveys.out.tables import Scope, Sheet
from surveys.out.values import Tell

WRITERS: dict[
    str, tuple[str, str, Callable[[Path, Scope, Iterable[Sheet], Tell], None]]
] = {
    "xlsx": (
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write_xlsx,
    ),
    "csv": (".zip", "application/zip", write_csv),
    "gpkg": (".gpkg", "application/geopackage+sqlite3", write_gpkg),
    "geojson": (".geojson", "application/geo+json", write_geojson),
    "spss": (".zip", "application/zip", write_spss),
    "stata": (".zip", "application/zip", write_stata),
}
"""By kind: the file's ending, its media type, what writes it."""
