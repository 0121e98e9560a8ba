"""How the rows of a file stand in our tables: one layout per thing imported.

Only these fixed words are composed into SQL; everything from a file is bound or
copied as data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from psycopg2 import sql

from layers.geography.files.request import What


@dataclass(frozen=True)
class Layout:
    """`stated` columns may be empty in the file, and then leave what is there;
    `given` columns always follow the file. Values are SQL over staged and placed.
    """

    table: str
    stated: dict[str, str]
    given: dict[str, str]
    also_archived: tuple[str, ...] = ()
    scope: str = "true"
    placed: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.stated, *self.given)

    def words(self) -> dict[str, sql.Composable]:
        keep = [
            f"{name} = COALESCE(staged.{name}, here.{name})" for name in self.stated
        ]
        same = [
            f"(staged.{name} IS NULL OR staged.{name} = here.{name})"
            for name in self.stated
        ]
        follow = [f"{name} = {value}" for name, value in self.given.items()]
        values = [*self.stated.values(), *self.given.values()]
        return {
            "table": sql.Identifier(self.table),
            "columns": sql.SQL(", ".join(self.columns)),
            "archived": sql.SQL(", ".join((*self.columns, *self.also_archived))),
            "values": sql.SQL(", ".join(values)),
            "assignments": sql.SQL(", ".join((*keep, *follow))),
            "same": sql.SQL(" AND ".join(same)),
            "scope": sql.SQL(self.scope),
            "placed": sql.SQL(self.placed),
        }


def _names() -> dict[str, str]:
    """Without any name the code serves, after the word for the kind of thing."""
    none = "COALESCE(staged.name_ar, staged.name_en, staged.name_fr) IS NULL"
    label = "CASE WHEN {} THEN %(label_{})s || staged.code ELSE '' END"
    return {
        "name_ar": "COALESCE(staged.name_ar, staged.name_en, staged.name_fr,"
        " %(label_ar)s || staged.code)",
        "name_en": f"COALESCE(staged.name_en, {label.format(none, 'en')})",
        "name_fr": f"COALESCE(staged.name_fr, {label.format(none, 'fr')})",
    }


LAYOUTS = {
    What.PARCELS: Layout(
        table="geography_parcel",
        stated={"official_area": "staged.official_area"},
        given={"area": "staged.area", "zone_id": "placed.zone_id"},
        placed="LEFT JOIN placed USING (row)",
    ),
    What.ZONES: Layout(
        table="geography_zone",
        stated=_names(),
        given={"kind": "%(kind)s"},
        also_archived=("parent_id",),
        scope="kind = %(kind)s",
    ),
    What.FACILITIES: Layout(
        table="geography_facility",
        stated={"kind": "staged.kind", **_names()},
        given={},
    ),
}


@cache
def _text(name: str) -> str:
    return resources.files("layers.geography").joinpath(f"sql/{name}.sql").read_text()


def statement(name: str, what: What | None = None) -> sql.Composable:
    """A file of sql/, with the table and columns of `what` filled in."""
    text = sql.SQL(_text(name))
    return text.format(**LAYOUTS[what].words()) if what else text
