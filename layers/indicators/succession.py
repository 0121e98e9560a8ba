"""What a new release of a round may say after those before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from layers.geography.models import Zone
from layers.indicators import differencing, errors, suppression
from layers.indicators.differencing import Issued
from layers.indicators.figures import FLAG, REASON, Family, Figure, issued, windows
from layers.indicators.indicator import Indicator
from layers.indicators.kinship import Zones, comparable
from layers.indicators.maths import Booleans
from layers.indicators.models import Estimate, FamilyCounts, ObservationSet, Release

Former = dict[tuple[str, str, int | None], Estimate]
NAMES = {"indicator", "version", "zone", "breakdown", "flag", "reason"}
VALUES = tuple(each.name for each in fields(Figure) if each.name not in NAMES)
"""What a figure that is held back keeps from the last release: all of it, or a new share
beside an old count would tell the difference.
"""


@dataclass(frozen=True)
class Past:
    """The releases of a round so far."""

    issued: dict[str, list[Issued]]
    """By family, the oldest first."""
    former: Former
    """What the last one says, by indicator, breakdown and zone."""
    zones: dict[str, list[Zones]]
    """By family, the zones of each release in `issued`."""

    @classmethod
    def of(cls, observation_set: ObservationSet) -> Past:
        releases = Release.objects.filter(observation_set=observation_set)
        last = releases.latest_first().first()
        counts: dict[str, list[Issued]] = defaultdict(list)
        zones: dict[str, list[Zones]] = defaultdict(list)
        rows = FamilyCounts.objects.filter(release__in=releases)
        for row in rows.order_by("release__number"):
            counts[row.family].append(_read(row.content))
            zones[row.family].append([(pk, code) for pk, code in row.content["zones"]])
        said = Estimate.objects.of_release(last).select_related("zone") if last else ()
        former = {(row.indicator, row.breakdown, row.zone_id): row for row in said}
        return cls(counts, former, zones)

    def beside(self, family: Family, new: Issued) -> tuple[list[Issued], Issued]:
        """The family's releases and the new one, ready to be compared."""
        present = [(zone.pk, zone.code) for zone in family.sample.zones]
        name = family.name
        return comparable(
            self.issued.get(name, []), self.zones.get(name, []), new, present
        )


@dataclass(frozen=True)
class Succeeding:
    """A family in a new release: some of its figures keep what the last one said."""

    family: Family
    held: Booleans
    """(cells,)"""
    past: Past

    @classmethod
    def of(cls, family: Family, past: Past) -> Succeeding:
        earlier, new = past.beside(family, family.issued)
        held = differencing.held_back(earlier, new)[: len(family.issued.cells)]
        return cls(family, held, past)

    def figures(self) -> Iterator[Figure]:
        for figure, held in zip(self.family.figures(), self.held, strict=True):
            yield self._former(figure) if held else figure

    def _former(self, figure: Figure) -> Figure:
        zone = figure.zone.pk if figure.zone else None
        row = self.past.former.get((figure.indicator, figure.breakdown, zone))
        if row is None:
            nothing: dict[str, Any] = dict.fromkeys(VALUES)
            return replace(
                figure,
                flag=str(FLAG.WITHHELD),
                reason=str(REASON.PROTECTS_OTHERS),
                **nothing,
            )
        values: dict[str, Any] = {name: getattr(row, name) for name in VALUES}
        return replace(
            figure,
            version=row.definition_version,
            flag=row.flag,
            reason=row.reason,
            **values,
        )

    def counts(self) -> dict[str, Any]:
        """What the release after this one is compared with; read back by `_read`."""
        counts = self._issued()
        return {
            "zones": [(zone.pk, zone.code) for zone in self.family.sample.zones],
            "codes": [each.indicator.code for each in self.family.members],
            "windows": windows(self.family.members),
            "count": counts.count.tolist(),
            "affected": counts.affected.tolist(),
            "fresh": counts.fresh.tolist(),
            "secret": counts.secret.tolist(),
        }

    def _issued(self) -> Issued:
        counts = self.family.issued
        return replace(counts, fresh=counts.fresh & ~self.held)

    def audit(self) -> None:
        """Raises FigureGivenAway for the first withheld figure that can be worked out."""
        table, counts = self.family.table, self._issued()
        hidden = ~counts.fresh
        told = suppression.recoverable(table, hidden) & counts.secret
        rest = suppression.small_rest(table, hidden, self.family.rule)
        earlier, new = self.past.beside(self.family, counts)
        through = [part[0] for part in differencing.found(earlier, new)]
        for cell in [*np.flatnonzero(told), *through, *([rest.about] if rest else [])]:
            code, breakdown, zone = counts.cells[cell]
            keys = {each.code: each.pk for each in self.family.sample.zones}
            where = {"indicator": code, "breakdown": breakdown, "zone": keys.get(zone)}
            known = {
                each.indicator.code: each.indicator for each in self.family.members
            }
            raise given_away(where, known)


def given_away(
    where: dict[str, Any], known: Mapping[str, Indicator]
) -> errors.FigureGivenAway:
    """The refusal in the reader's language, for a figure named by `where`."""
    code = where["indicator"]
    zone = Zone.objects.filter(pk=where["zone"]).first()
    return errors.FigureGivenAway(
        where,
        title=known[code].title if code in known else code,
        group=str(Estimate.Breakdown(where["breakdown"]).label),
        zone=zone.name if zone else _("Whole town"),
    )


def _read(content: dict[str, Any]) -> Issued:
    return issued(
        zones=[(pk, code) for pk, code in content["zones"]],
        codes=content["codes"],
        windows=[(start, end) for start, end in content["windows"]],
        count=np.array(content["count"], dtype=np.int64),
        affected=np.array(content["affected"], dtype=np.int64),
        fresh=np.array(content["fresh"], dtype=bool),
        secret=np.array(content["secret"], dtype=bool),
    )
