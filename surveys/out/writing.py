"""The formats of files. Each writer takes batches of records, so that memory does not
grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from surveys.out.geographic import write_geojson, write_gpkg
from surveys.out.spreadsheets import write_csv, write_xlsx
from surveys.out.statistical import write_spss, write_stata
from surveys.out.tables import Scope, Sheet
from surveys.out.values import Tell


@dataclass(frozen=True)
class Format:
    name: Any
    suffix: str
    media_type: str
    write: Callable[[Path, Scope, Iterable[Sheet], Tell], None]


FORMATS = {
    "xlsx": Format(
        _("Excel, a sheet for each repeat"),
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write_xlsx,
    ),
    "csv": Format(
        _("CSV, a file for each repeat"), ".zip", "application/zip", write_csv
    ),
    "gpkg": Format("GeoPackage", ".gpkg", "application/geopackage+sqlite3", write_gpkg),
    "geojson": Format("GeoJSON", ".geojson", "application/geo+json", write_geojson),
    "spss": Format(_("SPSS, with labels"), ".zip", "application/zip", write_spss),
    "stata": Format(_("Stata, with labels"), ".zip", "application/zip", write_stata),
}
