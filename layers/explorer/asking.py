"""What an address of the explorer asks for, completed with what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.geography.models import Municipality, Zone
from layers.indicators import releases
from layers.indicators.definitions.indicator import Dimension, Indicator
from layers.indicators.definitions.municipal import indicators_in
from layers.indicators.estimator import BREAKDOWNS
from layers.indicators.groups.breakdowns import ALL
from layers.indicators.models import (
    Change,
    ChangeQuerySet,
    Estimate,
    EstimateQuerySet,
    Release,
)
from layers.indicators.samples.people import People, people_of
from layers.maps.desk import rounds

VIEWS = {
    "zones": gettext_lazy("By zone"),
    "rounds": gettext_lazy("Round by round"),
    "groups": gettext_lazy("Group by group"),
    "changes": gettext_lazy("Better or worse"),
    "areas": gettext_lazy("Larger areas"),
    "modelled": gettext_lazy("Modelled"),
}


@dataclass(frozen=True)
class Question:
    """One release, one indicator, one group, and the zone in focus (None: the town)."""

    municipality: Municipality
    rounds: list[Release]
    release: Release
    indicator: Indicator
    breakdown: str
    zone: Zone | None
    view: str

    @classmethod
    def asked(cls, municipality: Municipality, query: Mapping[str, str]) -> Question:
        """Raises Http404 for whatever the address names and the town does not have."""
        available = rounds(municipality)
        release = release_asked(municipality, available, query)
        offered = offered_by(release)
        code = query.get("indicator") or releases.told_most(release, offered)
        breakdown = query.get("breakdown") or ALL
        view = query.get("view") or "zones"
        if code not in offered:
            raise Http404(_("This round has no such indicator."))
        if breakdown != ALL and breakdown not in releases.keys_in(release):
            raise Http404(_("There are no figures for this group of children."))
        if view not in VIEWS:
            raise Http404(_("There is no such view of the figures."))
        untold = view == "areas" and breakdown not in BREAKDOWNS
        if view == "modelled" or untold or people_of(code).apart:
            breakdown = ALL
        zone = zone_asked(release, query.get("zone") or "")
        return cls(
            municipality, available, release, offered[code], breakdown, zone, view
        )

    @property
    def query(self) -> dict[str, str]:
        """The address that brings back exactly these figures, for ever."""
        return {
            "view": self.view,
            "indicator": self.indicator.code,
            "breakdown": self.breakdown,
            "release": str(self.release.number),
            **({"zone": self.zone.code} if self.zone else {}),
        }

    @property
    def rows(self) -> EstimateQuerySet:
        return figures(self.release).of_indicator(self.indicator.code)

    @cached_property
    def said(self) -> list[Estimate]:
        """What the release says of the group, withheld figures included."""
        return releases.rows_of(
            self.release, indicator=self.indicator.code, breakdown=self.breakdown
        )

    @property
    def changes(self) -> ChangeQuerySet:
        found = Change.objects.of_release(self.release)
        return found.of_indicator(self.indicator.code).of_breakdown(self.breakdown)

    @property
    def area(self) -> str:
        return self.zone.name if self.zone else _("Whole town")

    @property
    def definition(self) -> int:
        return int(self.release.definitions[self.indicator.code])

    @property
    def group(self) -> str:
        return self.people.group(self.breakdown)

    @property
    def people(self) -> People:
        return people_of(self.indicator.code)

    @property
    def newer(self) -> Release | None:
        """The newest release of the same round, where this one has been corrected."""
        same = self.release.observation_set_id
        found = (each for each in self.rounds if each.observation_set_id == same)
        newest = next(found, self.release)
        return newest if newest != self.release else None

    @cached_property
    def zones(self) -> list[Zone]:
        return list(zones_of(self.release).order_by("name_ar"))

    @property
    def themes(self) -> list[dict[str, Any]]:
        offered = offered_by(self.release).values()
        found = [
            {
                "name": str(dimension.label),
                "indicators": [each for each in offered if each.dimension == dimension],
            }
            for dimension in Dimension
        ]
        return [each for each in found if each["indicators"]]

    def titled_rounds(self) -> list[dict[str, Any]]:
        """The rounds in the order of time, by the number of their newest release."""
        return [
            {
                "number": each.number,
                "title": releases.round_title(each.observation_set),
                "current": each.observation_set_id == self.release.observation_set_id,
            }
            for each in reversed(self.rounds)
        ]


def release_asked(
    municipality: Municipality, available: list[Release], query: Mapping[str, str]
) -> Release:
    """That of `release` (a number), the newest of `round`, or the newest of all."""
    if not available:
        raise Http404(_("This municipality has not published any survey round."))
    if number := query.get("release"):
        found = Release.objects.of(municipality).select_related("observation_set")
        release = (
            found.filter(number=int(number)).first()
            # Longer numbers do not fit into the column.
            if number.isdecimal() and len(number) < 10
            else None
        )
        if release is None:
            raise Http404(_("There is no release “%s”.") % number)
        return release
    code = query.get("round") or available[0].observation_set.code
    for each in available:
        if each.observation_set.code == code:
            return each
    raise Http404(_("There is no published round “%s”.") % code)


def offered_by(release: Release) -> dict[str, Indicator]:
    """The indicators of a release that are still known."""
    found = indicators_in(release)
    if not found:
        raise Http404(_("This round has no such indicator."))
    return found


def figures(release: Release) -> EstimateQuerySet:
    rows = Estimate.objects.of_release(release).select_related("zone")
    return rows.defer("zone__geometry", "zone__geometry_3857")


def zones_of(release: Release) -> QuerySet[Zone]:
    """The zones a release speaks of; their geometry is not read."""
    used = Estimate.objects.of_release(release).exclude(zone=None)
    return Zone.objects.filter(pk__in=used.values("zone")).defer(
        "geometry", "geometry_3857"
    )


def zone_asked(release: Release, code: str) -> Zone | None:
    if not code:
        return None
    # PostgreSQL takes no text with a zero byte, so there is no such code.
    zone = None if "\x00" in code else zones_of(release).filter(code=code).first()
    if zone is None:
        raise Http404(_("This round has no zone “%s”.") % code)
    return zone
