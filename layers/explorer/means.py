"""A town's own means: by zone, round by round, and how exact they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.http import Http404
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from layers.explorer.asking import release_asked
from layers.explorer.rows import ARROWS, LTR
from layers.geography.models import Municipality, Zone
from layers.indicators import releases
from layers.indicators.definitions.means import MeanIndicator, Worse
from layers.indicators.definitions.municipal import means_in
from layers.indicators.definitions.wording import number_of
from layers.indicators.means.changes import MeanChange, mean_changes
from layers.indicators.models import Change, MeanEstimate, Release
from layers.maps.desk import rounds
from layers.maps.mean_words import MeanRow

Verdict = Change.Verdict
MARKS = 5


@dataclass(frozen=True)
class MeanQuestion:
    """One release and one of its means; the zone in focus round by round (None: town)."""

    municipality: Municipality
    rounds: list[Release]
    release: Release
    offered: Mapping[str, MeanIndicator]
    mean: MeanIndicator | None
    """None where the release has none."""
    zone: Zone | None

    @classmethod
    def asked(
        cls, municipality: Municipality, query: Mapping[str, str]
    ) -> MeanQuestion:
        """Raises Http404 for whatever the address names and the town does not have."""
        available = rounds(municipality)
        release = release_asked(municipality, available, query)
        offered = means_in(release)
        code = query.get("mean") or next(iter(offered), "")
        if code and code not in offered:
            raise Http404(_("This round has no such mean."))
        found = cls(municipality, available, release, offered, offered.get(code), None)
        return found.focused(query.get("zone") or "")

    def focused(self, code: str) -> MeanQuestion:
        if not code:
            return self
        zones = {row.code: row.figure.zone for row in self.rows if row.code}
        if code not in zones:
            raise Http404(_("This round has no zone “%s”.") % code)
        return MeanQuestion(
            self.municipality, self.rounds, self.release, self.offered, self.mean,
            zones[code],
        )  # fmt: skip

    @cached_property
    def rows(self) -> list[MeanRow]:
        """Zones, then the town."""
        if self.mean is None:
            return []
        found = MeanEstimate.objects.of_release(self.release)
        rows = found.of_indicator(self.mean.code).order_by("zone__code")
        return [
            MeanRow(each.zone.name if each.zone else _("Whole town"), each, self.mean)
            for each in sorted(rows, key=lambda each: each.zone is None)
        ]

    @property
    def query(self) -> dict[str, str]:
        code = {"mean": self.mean.code} if self.mean else {}
        zone = {"zone": self.zone.code} if self.zone else {}
        return {"release": str(self.release.number), **code, **zone}

    @property
    def area(self) -> str:
        return self.zone.name if self.zone else _("Whole town")

    @property
    def newer(self) -> Release | None:
        """The newest release of the same round, where this one has been corrected."""
        same = self.release.observation_set_id
        found = (each for each in self.rounds if each.observation_set_id == same)
        newest = next(found, self.release)
        return newest if newest != self.release else None

    @property
    def titled_rounds(self) -> list[dict[str, Any]]:
        """In the order of time, by the number of their newest release."""
        listed = (
            self.rounds if self.release in self.rounds else [self.release, *self.rounds]
        )
        return [
            {"release": each, "title": releases.round_title(each.observation_set)}
            for each in reversed(listed)
        ]


class Scale:
    """The line of a mean's charts: from its lower limit, or from below the least bound."""

    def __init__(self, mean: MeanIndicator, rows: Sequence[MeanRow]) -> None:
        self.mean = mean
        ends = [
            end
            for row in rows
            for end in (row.figure.low, row.figure.estimate, row.figure.high)
            if end is not None
        ]
        self.first = min([mean.least, *ends])
        self.last = max(ends, default=mean.most)
        if self.last <= self.first:
            self.last = self.first + mean.step * MARKS
        self.rtl = get_language_bidi()

    def at(self, value: float) -> float:
        place = 100 * (value - self.first) / (self.last - self.first)
        return 100 - place if self.rtl else place

    def whisker(self, row: MeanRow) -> dict[str, str] | None:
        value, low, high = row.figure.estimate, row.figure.low, row.figure.high
        if value is None:
            return None
        ends = sorted(self.at(value if end is None else end) for end in (low, high))
        return {
            "dot": f"{self.at(value):.2f}",
            "from": f"{ends[0]:.2f}",
            "to": f"{ends[1]:.2f}",
            "width": f"{max(ends[1] - ends[0], 0.6):.2f}",
        }

    def marks(self) -> list[dict[str, str]]:
        """At both ends and between, rounded as means are."""
        width = self.last - self.first
        numbers = [
            self.mean.rounded(self.first + width * place / (MARKS - 1))
            for place in range(MARKS)
        ]
        shown = [each for each in sorted(set(numbers)) if each <= self.last + 1e-9]
        anchors = ("end", "start") if self.rtl else ("start", "end")
        return [
            {
                "at": f"{min(max(self.at(each), 0), 100):.2f}",
                "label": number_of(self.mean, each),
                "anchor": anchors[0]
                if place == 0
                else anchors[1]
                if place == len(shown) - 1
                else "middle",
            }
            for place, each in enumerate(shown)
        ]


def means_page(question: MeanQuestion) -> dict[str, Any]:
    """What the page shows of the chosen mean."""
    mean = question.mean
    if mean is None:
        return {"question": question}
    *zones, town = question.rows
    scale = Scale(mean, question.rows)
    sign = 1 if mean.worse == Worse.LOWER else -1
    ordered = sorted(
        zones,
        key=lambda row: (not row.shown, sign * (row.figure.estimate or 0), row.name),
    )
    changes = _since_before(question)
    chart = [{"row": row, "mark": scale.whisker(row)} for row in ordered]
    return {
        "question": question,
        "mean": mean,
        "unit": mean.unit,
        "town": town,
        "chart": chart,
        "axis": scale.marks(),
        "band": scale.whisker(town) if town.bounded else None,
        "table": [
            {"row": row, "change": _moved(mean, changes.get(row.code))}
            for row in (*ordered, town)
        ],
        **_round_by_round(question, mean),
    }


def _since_before(question: MeanQuestion) -> dict[str, MeanChange]:
    """By the zone's code, empty for the town."""
    day = question.release.observation_set.reference_date
    earlier = [x for x in question.rounds if x.observation_set.reference_date < day]
    if question.mean is None or not earlier:
        return {}
    found = mean_changes(earlier[0], question.release, question.mean)
    return {each.zone.code if each.zone else "": each for each in found}


def _moved(mean: MeanIndicator, change: MeanChange | None) -> dict[str, str] | None:
    """For example: ▲ worse, +4. Or why nothing is said."""
    if change is None:
        return None
    arrow = ARROWS[Verdict(change.verdict)]
    if change.difference is None:
        return {"arrow": arrow, "says": str(Change.Reason(change.reason).label)}
    verdict = str(Verdict(change.verdict).label)
    if change.verdict == Verdict.NO_EVIDENCE:
        return {"arrow": arrow, "says": verdict}
    said = {"verdict": verdict, "points": signed(mean, change.difference)}
    return {"arrow": arrow, "says": _("%(verdict)s, %(points)s") % said}


def signed(mean: MeanIndicator, value: float) -> str:
    """With a minus as long as a plus."""
    said = number_of(mean, abs(value))
    return f"{LTR}+{said}" if value > 0 else f"{LTR}−{said}" if value < 0 else said


def _round_by_round(question: MeanQuestion, mean: MeanIndicator) -> dict[str, Any]:
    """The zone in focus in the newest release of each round, the oldest first."""
    found: list[tuple[Release, MeanRow]] = []
    for release in reversed(question.rounds):
        known = means_in(release).get(mean.code)
        row = _of_area(release, mean, question.zone) if known else None
        if row is not None and known is not None:
            title = releases.round_title(release.observation_set)
            found.append((release, MeanRow(title, row, known)))
    rows = [row for _release, row in found]
    scale = Scale(mean, rows)
    changes = {
        release.pk: _change_of(before, release, row)
        for (before, _former), (release, row) in pairwise(found)
    }
    return {
        "rounds_chart": [{"row": row, "mark": scale.whisker(row)} for row in rows],
        "rounds_axis": scale.marks(),
        "rounds_table": [
            {"row": row, "release": release, "change": changes.get(release.pk)}
            for release, row in found
        ],
        "broken": len({row.figure.definition_version for row in rows}) > 1,
    }


def _of_area(
    release: Release, mean: MeanIndicator, zone: Zone | None
) -> MeanEstimate | None:
    """By code, which outlives a redrawn boundary."""
    rows = MeanEstimate.objects.of_release(release).of_indicator(mean.code)
    if zone is None:
        return rows.filter(zone=None).first()
    return rows.filter(zone__code=zone.code).first()


def _change_of(
    former: Release, release: Release, row: MeanRow
) -> dict[str, str] | None:
    found = mean_changes(former, release, row.mean)
    return _moved(
        row.mean,
        next((x for x in found if (x.zone.code if x.zone else "") == row.code), None),
    )
