"""Modelled figures beside the direct ones: a view of its own, and columns of the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language_bidi

from layers.explorer.asking import Question
from layers.explorer.ranking import Axis, ticks
from layers.explorer.rows import NO_DATA, Row, span, spot
from layers.indicators.models import ModelledEstimate, Release, ZoneStatistic
from layers.indicators.samples.people import people_of
from layers.maps.wording import out_of_100
from layers.maps.zone_tables import column_of

Method = ModelledEstimate.Method


@dataclass(frozen=True)
class Modelled:
    """A zone's modelled figure in words and numbers, with the direct one if published."""

    direct: Row
    figure: ModelledEstimate | None

    @property
    def value(self) -> int | None:
        return out_of_100(self.figure.estimate) if self.figure else None

    @property
    def interval(self) -> tuple[float, float]:
        if self.figure is None:
            return 0, 0
        return out_of_100(self.figure.low) or 0, out_of_100(self.figure.high) or 0

    @property
    def range(self) -> str:
        return span(*self.interval) if self.figure else NO_DATA

    @property
    def weight(self) -> int | None:
        """Percent that the zone's own answers count for."""
        return round(100 * self.figure.own_weight) if self.figure else None

    @property
    def says(self) -> str:
        if self.figure is None:
            return self.direct.says
        low, high = self.interval
        people = people_of(self.figure.indicator)
        return people.modelled(self.value or 0, low, high)


def modelled_view(question: Question, rows: list[Row], town: Row) -> dict[str, Any]:
    """What the view adds to the page; `rows` are the zones' direct figures."""
    found = {
        each.zone_id: each
        for each in ModelledEstimate.objects.of_release(question.release).of_indicator(
            question.indicator.code
        )
    }
    zones = [Modelled(row, found.get(row.figure.zone_id or 0)) for row in rows]
    zones.sort(
        key=lambda each: (each.figure is None, -(each.value or 0), each.direct.name)
    )
    ends = [each.interval[1] for each in zones if each.figure]
    ends += [each.direct.interval[1] for each in zones if each.direct.shown]
    axis = Axis(ticks(max(ends, default=10)), rtl=get_language_bidi())
    first = next(iter(found.values()), None)
    return {
        "axis_object": axis,
        "modelled": [
            {
                "row": each,
                "mark": spot(axis, each.value or 0, *each.interval)
                if each.figure
                else None,
                "direct": f"{axis.at(each.direct.value):.2f}"
                if each.direct.value is not None
                else "",
            }
            for each in zones
        ],
        "any_modelled": bool(found),
        "method": str(Method(first.method).label) if first else "",
        "covariate": _covariate(question.release, first) if first else "",
        "town": town,
    }


def _covariate(release: Release, figure: ModelledEstimate) -> str:
    """Its title; empty where the model knows of none."""
    found = ZoneStatistic.objects.of(release.municipality).filter(
        statistic=figure.covariate, version=figure.covariate_version or 0
    )
    row = found.select_related("other_raster").first() if figure.covariate else None
    return column_of(row)["title"] if row else ""


def by_figure(release: Release) -> Mapping[tuple[str, int], ModelledEstimate]:
    """By indicator and key of the zone; all children."""
    rows = ModelledEstimate.objects.of_release(release)
    return {(each.indicator, each.zone_id): each for each in rows}
