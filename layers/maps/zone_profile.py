"""What the desk's panel says of one zone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from layers.geography.models import Facility, Parcel, Zone
from layers.indicators import releases
from layers.indicators.definitions.municipal import indicators_in
from layers.indicators.groups.breakdowns import label_of
from layers.indicators.models import Estimate
from layers.indicators.samples.people import people_of
from layers.maps.desk import View
from layers.maps.mean_words import MeanRow, rows_of_zone


@dataclass(frozen=True)
class Profile:
    """All figures of one zone in a release, for one group of children."""

    view: View
    zone: Zone

    @classmethod
    def asked(cls, view: View, code: str) -> Profile:
        # PostgreSQL takes no text with a zero byte, so there is no such code.
        zone = None if "\x00" in code else view.zones.filter(code=code).first()
        if zone is None:
            raise Http404(_("This round has no zone “%s”.") % code)
        return cls(view, zone)

    @cached_property
    def estimates(self) -> list[Estimate]:
        return releases.rows_of_zone(
            self.view.release, self.zone, breakdown=self.view.breakdown
        )

    @property
    def group(self) -> str:
        return label_of(self.view.breakdown)

    @property
    def households(self) -> int | None:
        return max((x.households or 0 for x in self.estimates), default=0) or None

    @property
    def schools(self) -> int:
        return self._places("school", "kindergarten")

    @property
    def parcels(self) -> int:
        return Parcel.objects.current().filter(zone=self.zone).count()

    def _places(self, *kinds: str) -> int:
        area = Zone.objects.only("geometry").get(pk=self.zone.pk).geometry
        places = Facility.objects.of(self.zone.municipality).current()
        return places.filter(kind__in=kinds, geometry__intersects=area).count()

    def needs(self) -> list[dict[str, Any]]:
        """A row an indicator, in the order of the catalogue."""
        by_code = {row.indicator: row for row in self.estimates}
        return [
            {
                "indicator": each,
                "current": each.code == self.view.indicator.code,
                "people": people_of(each.code),
                **strip(
                    self.view.spoken(
                        releases.figure(by_code[each.code]), people_of(each.code)
                    )
                ),
            }
            for each in indicators_in(self.view.release).values()
            if each.code in by_code
        ]

    def means(self) -> list[MeanRow]:
        """The town's own means of all its children, whichever group is shown."""
        return rows_of_zone(self.view.release, self.zone)


def strip(row: dict[str, Any]) -> dict[str, Any]:
    """With where its bar and its mark lie on a strip of 100."""
    if row["value"] is None:
        return row
    mark = min(max(row["value"] - 0.7, 0), 98.6)
    return {**row, "width": max(row["high"] - row["low"], 1), "mark": f"{mark:.1f}"}
