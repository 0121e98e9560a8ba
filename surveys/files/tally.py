"""What the preview page shows of a file, gathered chunk by chunk. A tally is JSON at any
moment, so that a worker that was killed goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from surveys.files.reading import Reading
from surveys.files.weighing import Candidate, News
from surveys.problems import Problem

KEPT_PROBLEMS = 300
KEPT_SAMPLE = 8
KEPT_POINTS = 3000
NOWHERE = ""


@dataclass
class Tally:
    """`done` of `of` records; `zones` by key, `strata` with the size each was said to
    have and the row that said so.
    """

    of: int = 0
    done: int = 0
    errors: int = 0
    warnings: int = 0
    good: int = 0
    children: int = 0
    # What was loaded so far, by its news, and the children in it.
    loaded: dict[str, int] = field(default_factory=dict)
    loaded_children: int = 0
    news: dict[str, int] = field(default_factory=dict)
    placed: dict[str, int] = field(default_factory=dict)
    zones: dict[str, list[int]] = field(default_factory=dict)
    strata: dict[str, list[Any]] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    sample: list[dict[str, Any]] = field(default_factory=list)
    points: list[list[Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def blocked(self) -> bool:
        return self.errors > 0

    def note(self, problems: Iterable[Problem]) -> None:
        for each in problems:
            kept = self.faults if each.blocks else self.notes
            self.errors += each.blocks
            self.warnings += not each.blocks
            if len(kept) < KEPT_PROBLEMS:
                kept.append(each.as_json())

    def count(self, candidates: Sequence[Candidate], reading: Reading) -> None:
        step = max(1, -(-self.of // KEPT_POINTS))
        for each in candidates:
            if self.done % step == 0:
                self._draw(each)
            if len(self.sample) < KEPT_SAMPLE:
                self.sample.append(_sample(each, reading))
            self._add(each, reading)
            self.done += 1

    def check_strata(self, candidates: Sequence[Candidate], reading: Reading) -> None:
        """A stratum has one size; who says another is wrong."""
        for each in candidates:
            entry, design = each.entry, each.entry.design
            if (None, "") in entry.faulty:
                # A cell of the design that can't be read says nothing of the others.
                continue
            stratum, size = design.get("stratum", ""), design.get("frame_households")
            where = reading.place_of(entry)
            first = self.strata.setdefault(stratum, [size, where[1]])
            if first[0] != size:
                params = {
                    "stratum": stratum,
                    "value": "–" if size is None else size,
                    "other": "–" if first[0] is None else first[0],
                    "row_other": first[1],
                }
                header = reading.header("", "@frame_households")
                column = header.removeprefix("@")
                entry.problems.append(Problem("frame_differs", *where, column, params))

    def add_loaded(self, candidates: Sequence[Candidate], reading: Reading) -> None:
        for each in candidates:
            self.loaded[each.news] = self.loaded.get(each.news, 0) + 1
            children = each.entry.record.of(reading.parts.roster)
            self.loaded_children += len(children)

    def _add(self, each: Candidate, reading: Reading) -> None:
        entry, place = each.entry, each.place
        self.note(entry.problems)
        self.good += not entry.blocked
        self.news[each.news] = self.news.get(each.news, 0) + 1
        by = place.placed_by.value
        self.placed[by] = self.placed.get(by, 0) + 1
        children = len(entry.record.of(reading.parts.roster))
        self.children += children
        zone = str(place.zone_id or NOWHERE)
        households, below = self.zones.get(zone, (0, 0))
        self.zones[zone] = [households + 1, below + children]

    def _draw(self, each: Candidate) -> None:
        if each.facts.longitude is not None:
            name = each.news.value if each.place.zone_id else "nowhere"
            self.points.append([each.facts.longitude, each.facts.latitude, name])

    def report(self) -> dict[str, Any]:
        problems = [*self.faults, *self.notes][:KEPT_PROBLEMS]
        return {
            "errors": self.errors,
            "warnings": self.warnings,
            "problems": problems,
            "households": self.done,
            "good": self.good,
            "children": self.children,
            "loaded": sum(self.loaded.values()),
            "news": self.news,
            "placed": self.placed,
            "zones": [
                {
                    "zone": int(zone) if zone else None,
                    "households": households,
                    "children": children,
                }
                for zone, (households, children) in self.zones.items()
            ],
            "sample": self.sample,
            "points": self.points,
        }

    @property
    def nothing_new(self) -> bool:
        return not (self.news.keys() & {News.ADDED, News.CHANGED})


def _sample(each: Candidate, reading: Reading) -> dict[str, Any]:
    answers, main = each.entry.record.answers, reading.parts.main
    return {
        "household": each.entry.name,
        "parcel": each.place.parcel_code or "",
        "zone": each.place.zone_id,
        "interview": answers.get(main.get("interview_date", ""), ""),
        "persons": answers.get(main.get("persons", "")),
        "children": len(each.entry.record.of(reading.parts.roster)),
        "news": each.news.value,
    }
