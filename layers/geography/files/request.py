from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self


class What(StrEnum):
    PARCELS = "parcels"
    ZONES = "zones"
    FACILITIES = "facilities"
    # A layer of the town's own: any columns, any one kind of geometry.
    LAYER = "layer"


class Missing(StrEnum):
    """What becomes of rows in force that the file does not name."""

    ASK = "ask"
    KEEP = "keep"
    RETIRE = "retire"


@dataclass(frozen=True, kw_only=True)
class Options:
    """The choices of whoever imports; empty means "read it from the file".

    `columns` goes from our word to the file's column: {"code": "idu"}.
    `dissolve` merges the rows that share a code into one.
    """

    crs: str = ""
    layer: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    missing: Missing = Missing.ASK
    skip_refused: bool = False
    dissolve: bool = False
    set_boundary: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**{**data, "missing": Missing(data.get("missing", "ask"))})


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the reading process is told. `srid` is the town's projected system."""

    path: str
    what: What
    srid: int
    options: Options
