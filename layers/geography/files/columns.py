"""Which column of the file says what, guessed from the names that towns use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from layers.geography.files.refusal import Unreadable
from layers.geography.files.request import What

NAMES: dict[str, tuple[str, ...]] = {
    "name_ar": ("name_ar", "nom_ar", "arabic_name", "name_arabic", "الاسم", "اسم"),
    "name_en": ("name_en", "english_name", "name_english", "name", "label"),
    "name_fr": ("name_fr", "nom_fr", "french_name", "nom", "libelle"),
}
# In the order of trust: the first name that the file has wins.
PARCEL_CODE = (
    "code",
    "parcel_code",
    "parcel_id",
    "parcel_no",
    "parcel_number",
    "parcel",
    "idu",
    "geo_parcelle",
    "code_parcelle",
    "id_parcelle",
    "numero_parcelle",
    "num_parcelle",
    "parcelle",
    "رقم_العقار",
    "العقار",
    "عقار",
    "id",
    "gid",
    "plot_no",
    "lot",
    "رقم",
)
ROLES: dict[What, dict[str, tuple[str, ...]]] = {
    What.PARCELS: {
        "code": PARCEL_CODE,
        "official_area": (
            "official_area",
            "contenance",
            "area_official",
            "surface_cadastrale",
            "superficie",
            "المساحة",
            "مساحة",
            "area_m2",
            "surface",
        ),
    },
    What.ZONES: {
        "code": ("code", "zone_code", "zone_id", "zone", "id", "رمز", "رقم", "gid"),
        "kind": ("kind", "type", "nature"),
        "parent": ("parent", "parent_code", "zone_parent", "quarter"),
        **NAMES,
    },
    What.FACILITIES: {
        "code": ("code", "facility_code", "facility_id", "cerd", "id", "رمز", "رقم"),
        "kind": ("kind", "type", "category", "amenity", "nature", "النوع", "نوع"),
        **NAMES,
    },
}
WKT = ("wkt", "geometry", "geom", "the_geom", "wkt_geom", "shape", "geometrie")
LONGITUDE = ("longitude", "lon", "lng", "long", "خط_الطول")
LATITUDE = ("latitude", "lat", "خط_العرض")
EASTING = ("x", "easting", "east", "x_coord", "coord_x")
NORTHING = ("y", "northing", "north", "y_coord", "coord_y")


def plain(name: str) -> str:
    """The name without case, accents and punctuation: "N° Parcelle" → n_parcelle."""
    name = unicodedata.normalize("NFKD", name.casefold())
    name = "".join(c for c in name if not unicodedata.combining(c))
    return re.sub(r"\W+", "_", name).strip("_")


def find(fields: Sequence[str], names: Sequence[str]) -> str:
    """The file's column that bears the most trusted of `names`, or ""."""
    known = {plain(name): name for name in reversed(fields)}
    for name in names:
        if plain(name) in known:
            return known[plain(name)]
    return ""


def guess(fields: Sequence[str], what: What) -> dict[str, str]:
    found = {role: find(fields, names) for role, names in ROLES[what].items()}
    return {role: column for role, column in found.items() if column}


def parts(column: str, fields: Sequence[str]) -> list[str]:
    """One column, or several joined by a plus sign: section+numero."""
    return [column] if column in fields else column.split("+")


def choose(
    fields: Sequence[str], what: What, wanted: dict[str, str]
) -> dict[str, list[str]]:
    """Columns for each role: what was asked for, else what the names suggest.

    Raises Unreadable for an unknown role or column, or without a column of codes.
    """
    if what is What.LAYER:
        # Under their places: a file's names may hold anything.
        return {str(place): [name] for place, name in enumerate(fields)}
    for role, column in wanted.items():
        if role not in ROLES[what]:
            raise Unreadable("unknown_role", role=role, roles=", ".join(ROLES[what]))
        for part in parts(column, fields) if column else []:
            if part not in fields:
                raise Unreadable(
                    "unknown_column", column=part, columns=", ".join(fields)
                )
    chosen = {**guess(fields, what), **wanted}
    if not chosen.get("code"):
        raise Unreadable("no_code_column", columns=", ".join(fields))
    return {role: parts(column, fields) for role, column in chosen.items() if column}
