from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django.utils.translation import gettext as _

from layers.geography.errors import NOTES, REPAIR, ROW

OUTCOMES = ("added", "changed", "unchanged", "retired")
# So that a report of a hopeless file stays a page, not a book.
LISTED = 5000


@dataclass
class Report:
    """What an import did, or would do: language-neutral, kept as JSON.

    `refused` are (row, code of errors.ROW, value), `repaired` (row, code of
    errors.REPAIR, change of area in m²); both list at most LISTED rows, the counts
    are whole. `blocked` says why nothing was written: "refused" or "missing".
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    retired: int = 0
    kept: int = 0
    refused_count: int = 0
    repaired_count: int = 0
    area: float = 0.0
    blocked: str = ""
    applied: bool = False
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    repaired: list[tuple[int, str, float]] = field(default_factory=list)
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def touched(self) -> int:
        return self.added + self.changed + self.retired

    @property
    def hectares(self) -> float:
        return self.area / 10_000

    def as_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["refused"] = data["refused"][:LISTED]
        data["repaired"] = data["repaired"][:LISTED]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**data)

    def counts(self) -> list[tuple[str, str, int]]:
        """Outcome, its word for the reader, number."""
        return [
            ("added", _("added"), self.added),
            ("changed", _("changed"), self.changed),
            ("unchanged", _("unchanged"), self.unchanged),
            ("retired", _("retired"), self.retired),
            ("repaired", _("repaired"), self.repaired_count),
            ("refused", _("refused"), self.refused_count),
        ]

    def refused_rows(self) -> Iterator[dict[str, Any]]:
        for row, code, value in self.refused:
            reason, way_out = ROW[code]
            yield {"row": row, "value": value, "reason": reason, "way_out": way_out}

    def repairs(self) -> list[dict[str, Any]]:
        """How often each repair was made and by how much it moved the area, m²."""
        times = Counter(how for _row, how, _change in self.repaired)
        return [
            {
                "how": REPAIR[how],
                "count": count,
                "change": sum(c for _row, one, c in self.repaired if one == how),
                "rows": [row for row, one, _change in self.repaired if one == how][:20],
            }
            for how, count in times.most_common()
        ]

    def notes_told(self) -> list[str]:
        return [str(NOTES[code]) % params for code, params in self.notes]
