"""What the desk's panel says of one larger area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layers.indicators import releases
from layers.indicators.areas.told import Told
from layers.indicators.definitions.municipal import indicators_in
from layers.indicators.models import Area, AreaEstimate
from layers.indicators.samples.people import people_of
from layers.maps.desk import View
from layers.maps.zone_profile import strip


@dataclass(frozen=True)
class AreaProfile:
    """All figures that a release has of the same zones together."""

    view: View
    place: Told
    area: Area

    @classmethod
    def asked(cls, view: View, code: str) -> AreaProfile | None:
        """None where the view has no larger area of this code: it may be a zone's."""
        found = (each for each in view.places if each.area and each.code == code)
        place = next(found, None)
        return cls(view, place, place.area) if place and place.area else None

    def zones(self) -> list[dict[str, Any]]:
        """Each with its own figure, as it is told alone."""
        alone = self.view.beside(level="")
        figures = {row["code"]: row for row in alone.rows}
        return [figures[code] for code in self.area.codes.split("+") if code in figures]

    def needs(self) -> list[dict[str, Any]]:
        """A row an indicator that is told of this area, in the order of the catalogue."""
        rows = AreaEstimate.objects.filter(area=self.area)
        by_code = {x.indicator: x for x in rows.of_breakdown(self.view.breakdown)}
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
