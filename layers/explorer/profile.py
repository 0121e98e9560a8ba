"""What one zone's children need, or the town's: a page and a paper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count
from django.utils.translation import get_language_bidi, ngettext
from django.utils.translation import gettext as _

from layers.explorer.asking import (
    figures,
    offered_by,
    release_asked,
    zone_asked,
)
from layers.explorer.deprivation import Deprived
from layers.explorer.gaps import Gap, gaps_of
from layers.explorer.larger import Around
from layers.explorer.modelled import Modelled
from layers.explorer.ranking import Axis, ticks
from layers.explorer.rows import Moved, Row, whole
from layers.explorer.versions import versions_told
from layers.geography.models import Facility, Municipality, Zone
from layers.indicators import releases
from layers.indicators.catalogue import Dimension, Indicator
from layers.indicators.groups.breakdowns import ALL, DIMENSIONS
from layers.indicators.models import Change, Estimate, ModelledEstimate, Release
from layers.indicators.samples.known_totals import sentence
from layers.maps.desk import View, rounds
from layers.maps.drawing import Drawing, Ground
from layers.maps.mean_words import MeanRow, rows_of_zone

GIRLS, BOYS = DIMENSIONS["sex"].keys
TOP = 5
STRIP = 300
LONG = 22


@dataclass(frozen=True)
class Need:
    """One indicator of the profile's zone, beside the town and the round before."""

    indicator: Indicator
    row: Row
    groups: dict[str, Row]
    town: Row | None
    larger: Row | None = None
    """Of the parent of the zone."""
    merged: Row | None = None
    """Of the zone together with its neighbours."""
    modelled: Modelled | None = None
    """Only beside an uncertain figure."""

    @property
    def moved(self) -> Moved | None:
        return Moved(self.row.change) if self.row.change else None

    @property
    def merged_instead(self) -> Row | None:
        """Where the zone alone says little."""
        helps = self.merged is not None and self.merged.shown
        return self.merged if helps and not self.row.reliable else None

    @property
    def girls(self) -> Row | None:
        return self.groups.get(GIRLS)

    @property
    def boys(self) -> Row | None:
        return self.groups.get(BOYS)


@dataclass(frozen=True)
class Profile:
    municipality: Municipality
    release: Release
    zone: Zone | None

    @classmethod
    def asked(
        cls, municipality: Municipality, code: str, query: Mapping[str, str]
    ) -> Profile:
        """Raises Http404; `code` is empty for the town."""
        release = release_asked(municipality, rounds(municipality), query)
        return cls(municipality, release, zone_asked(release, code))

    @property
    def title(self) -> str:
        return self.zone.name if self.zone else self.municipality.name

    @property
    def weighted(self) -> str:
        """By which known totals; empty for none."""
        return sentence(self.release.calibration)

    @property
    def versions(self) -> str:
        return versions_told(
            {
                need.indicator.title: need.row.figure.definition_version
                for need in self.needs
            }
        )

    @property
    def round(self) -> str:
        return releases.round_title(self.release.observation_set)

    @property
    def file_name(self) -> str:
        place = self.zone.code if self.zone else "town"
        return f"{self.municipality.slug}-{place}-release-{self.release.number}.pdf"

    @cached_property
    def needs(self) -> list[Need]:
        """In the order of the catalogue; only indicators that have a row."""
        here = figures(self.release).filter(zone=self.zone)
        sexes = here.filter(breakdown__in=(ALL, GIRLS, BOYS))
        by_key = {(row.indicator, row.breakdown): row for row in sexes}
        town = self._town_rows() if self.zone else {}
        changes = self._changes()
        modelled = self._modelled()
        return [
            Need(
                indicator=each,
                row=Row(each.title, by_key[code, ALL], changes.get(code)),
                groups={
                    group: Row(each.title, by_key[code, group])
                    for group in (GIRLS, BOYS)
                    if (code, group) in by_key
                },
                town=town.get(code),
                larger=self.around.of_parent.get(code) if self.around else None,
                merged=self.around.merged.get(code) if self.around else None,
                modelled=_beside(by_key[code, ALL], modelled.get(code)),
            )
            for code, each in offered_by(self.release).items()
            if (code, ALL) in by_key
        ]

    @cached_property
    def around(self) -> Around | None:
        return Around(self.release, self.zone) if self.zone else None

    @property
    def larger(self) -> str:
        """The name of the larger area that holds the zone; empty without one."""
        return self.around.name if self.around else ""

    def together(self) -> list[tuple[str, list[Need]]]:
        """What is told of the zone with its neighbours where alone it says little, by the
        names of them all, the shortest list first.
        """
        found: dict[str, list[Need]] = defaultdict(list)
        for each in self.needs:
            if each.merged_instead:
                found[each.merged_instead.name].append(each)
        return sorted(found.items(), key=lambda pair: (len(pair[0]), pair[0]))

    @cached_property
    def means(self) -> list[tuple[MeanRow, MeanRow | None]]:
        """The town's own, of all children of the zone; beside each, that of the town."""
        town = rows_of_zone(self.release, None) if self.zone else []
        by_code = {row.mean.code: row for row in town}
        found = rows_of_zone(self.release, self.zone)
        return [(row, by_code.get(row.mean.code)) for row in found]

    def _modelled(self) -> dict[str, ModelledEstimate]:
        if self.zone is None:
            return {}
        found = ModelledEstimate.objects.of_release(self.release)
        return {each.indicator: each for each in found.filter(zone=self.zone)}

    @cached_property
    def deprived(self) -> Deprived:
        return Deprived(self.release, self.zone)

    def _town_rows(self) -> dict[str, Row]:
        rows = figures(self.release).of_breakdown(ALL).of_town()
        return {row.indicator: Row(_("Whole town"), row) for row in rows}

    def _changes(self) -> dict[str, Change]:
        found = Change.objects.of_release(self.release).of_breakdown(ALL)
        return {each.indicator: each for each in found.filter(zone=self.zone)}

    @cached_property
    def top(self) -> list[Need]:
        """The greatest needs of children among the published figures."""
        shown = [x for x in self.needs if x.row.shown and not x.row.people.apart]
        return sorted(shown, key=lambda each: -(each.row.figure.estimate or 0))[:TOP]

    @cached_property
    def gaps(self) -> list[Gap]:
        """The widest gaps between groups in the greatest needs."""
        codes = [each.indicator.code for each in self.top]
        rows = figures(self.release).filter(zone=self.zone, indicator__in=codes)
        by_code: dict[str, dict[str, Estimate]] = defaultdict(dict)
        for row in rows:
            by_code[row.indicator][row.breakdown] = row
        found = [
            gap
            for each in self.top
            for gap in gaps_of(each.row.name, by_code[each.indicator.code])
        ]
        return sorted(found, key=lambda gap: -gap.points)[:TOP]

    @property
    def themes(self) -> list[dict[str, Any]]:
        found = [
            {
                "name": str(dimension.label),
                "needs": [x for x in self.needs if x.indicator.dimension == dimension],
            }
            for dimension in Dimension
        ]
        return [each for each in found if each["needs"]]

    @cached_property
    def former_round(self) -> str:
        found = (
            Change.objects.of_release(self.release)
            .select_related("former__observation_set")
            .defer("former__likeness")
            .first()
        )
        return releases.round_title(found.former.observation_set) if found else ""

    @property
    def withheld(self) -> int:
        return sum(each.row.figure.flag == "withheld" for each in self.needs)

    def facts(self) -> list[dict[str, str]]:
        """Numbers that say how large the place is and how many were asked."""
        rows = [x.row.figure for x in self.needs if not x.row.people.apart]
        asked = max((row.n or 0 for row in rows), default=0)
        households = max((row.households or 0 for row in rows), default=0)
        children = max((row.population or 0 for row in rows), default=0)
        schools = self._schools()
        found = [
            (children, ngettext("child, estimated", "children, estimated", children)),
            (asked, ngettext("child asked about", "children asked about", asked)),
            (households, ngettext("household asked", "households asked", households)),
            (schools, ngettext("school", "schools", schools)),
        ]
        return [
            {"number": whole(number), "label": label}
            for number, label in found
            if number
        ]

    def _schools(self) -> int:
        places = Facility.objects.of(self.municipality).current()
        found = places.filter(kind__in=("school", "kindergarten"))
        if self.zone:
            area = Zone.objects.only("geometry").get(pk=self.zone.pk).geometry
            found = found.filter(geometry__intersects=area)
        return found.count()

    @cached_property
    def axis(self) -> Axis:
        rows = [x for each in self.top for x in (each.row, each.town) if x and x.shown]
        top = max((row.interval[1] for row in rows), default=10)
        return Axis(ticks(top), rtl=get_language_bidi())

    @property
    def scale(self) -> str:
        """Where the strips end."""
        return _("%d of 100 children") % self.axis.last

    def strips(self) -> list[dict[str, Any]]:
        """The top needs with the places of their marks on a line of STRIP units.

        The mark of the town is a second, thin one.
        """
        return [
            {
                "need": each,
                **self._mark(each.row),
                "town": self._place(each.town) if each.town and each.town.shown else "",
            }
            for each in self.top
        ]

    def _mark(self, row: Row) -> dict[str, str]:
        left, width = self.axis.span(*row.interval) if row.bounded else (0, 0)
        return {
            "x": f"{left * STRIP / 100:.1f}",
            "width": f"{width * STRIP / 100:.1f}",
            "dot": self._place(row),
        }

    def _place(self, row: Row) -> str:
        return f"{self.axis.at(row.value or 0) * STRIP / 100 - 1.5:.1f}"

    @property
    def long(self) -> bool:
        """Whether the table of all indicators must begin on the first page."""
        return len(self.needs) > LONG

    @property
    def columns(self) -> int:
        """Of the table of all indicators."""
        return 7 + bool(self.zone) + bool(self.larger) + bool(self.former_round)

    @cached_property
    def pictured(self) -> Need | None:
        """The greatest need whose map says something, else the greatest of all.

        Reliable here, and published for at least half of the zones.
        """
        rows = Estimate.objects.of_release(self.release).of_breakdown(ALL)
        counted = rows.exclude(zone=None).values_list("indicator")
        shares = dict(counted.annotate(share=Count("estimate") * 1.0 / Count("pk")))
        telling = (
            each
            for each in self.top
            if not each.row.uncertain and shares.get(each.indicator.code, 0) >= 0.5
        )
        return next(telling, self.top[0] if self.top else None)

    @cached_property
    def picture(self) -> Drawing | None:
        """The zones by that need, each with its figure; the profile's own is marked."""
        if self.pictured is None:
            return None
        code = self.pictured.indicator.code
        rows = figures(self.release).of_indicator(code).of_breakdown(ALL)
        view = View(
            self.municipality,
            [self.release],
            self.release,
            self.pictured.indicator,
            ALL,
        )
        return Drawing(
            view,
            Ground.of(view),
            signs={
                row.zone.code: Row(row.zone.name, row).symbol
                for row in rows
                if row.zone is not None
            },
            chosen=self.zone.code if self.zone else "",
        )


def _beside(direct: Estimate, found: ModelledEstimate | None) -> Modelled | None:
    if found is None or direct.flag != Estimate.Flag.UNCERTAIN:
        return None
    return Modelled(Row("", direct), found)
