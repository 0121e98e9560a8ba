"""The figures of deprivation that a release publishes, beside the rounds before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from layers.geography.models import Zone
from layers.indicators import errors
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.definitions.municipal import catalogue_of
from layers.indicators.deprivation.measures import Booleans
from layers.indicators.deprivation.schemes import Scheme, scheme_of
from layers.indicators.deprivation.scores import Scored, scored
from layers.indicators.deprivation.town import Detail, detail_of
from layers.indicators.deprivation.zones import Table, issued, table_of
from layers.indicators.disclosure import differencing, suppression
from layers.indicators.disclosure.differencing import Issued
from layers.indicators.groups.near_groups import Beside
from layers.indicators.models import (
    AgeBand,
    DeprivationCounts,
    DeprivationFigure,
    Estimate,
    ObservationSet,
    Release,
)
from layers.indicators.samples.observations import VARIABLES
from layers.indicators.samples.sample import read_sample

FLAG, REASON = Estimate.Flag, Estimate.Reason
VALUES = (
    *("estimate", "se", "low", "high", "df"),
    *("n", "households", "dropped", "population", "total", "flag", "reason"),
)
BATCH = 2000


@dataclass(frozen=True)
class Past:
    """The releases of a round so far."""

    issued: list[Issued]
    """The oldest first; under whatever scheme."""
    last: Release | None

    @classmethod
    def of(cls, observation_set: ObservationSet) -> Past:
        releases = Release.objects.filter(observation_set=observation_set)
        rows = DeprivationCounts.objects.filter(release__in=releases)
        counts = [_read(row.content) for row in rows.order_by("release__number")]
        return cls(counts, releases.latest_first().first())

    def former(self, scheme: Scheme) -> dict[tuple[str, int | None, str], Any]:
        """What the last release says, if it was reckoned in the same way."""
        last = self.last
        if last is None or last.deprivation.get("identity") != scheme.identity:
            return {}
        rows = DeprivationFigure.objects.of_release(last).filter(part="")
        return {(row.band, row.zone_id, row.measure): row for row in rows}


@dataclass(frozen=True)
class Deprivation:
    """All that one release says of deprivation, before it is stored."""

    scheme: Scheme
    scored: Scored
    table: Table
    past: Past
    held: Booleans
    """(cells,) that keep what the last release said."""

    @classmethod
    def of(cls, observation_set: ObservationSet) -> Deprivation | None:
        """None where nothing of the scheme was asked."""
        town = observation_set.municipality
        scheme, known = scheme_of(town), catalogue_of(town)
        sample = read_sample(observation_set, variables_of(scheme, known))
        children = scored(sample, scheme, known)
        if not children.bands:
            return None
        table, past = table_of(children), Past.of(observation_set)
        held = differencing.held_back(past.issued, table.issued)
        return cls(scheme, children, table, past, held)

    @cached_property
    def details(self) -> list[Detail]:
        """Of bands whose headcount in the town is shown, and is that of now."""
        keys = self.table.keys
        return [
            detail_of(self.scored, place)
            for place, name in enumerate(self.scored.bands)
            if self.table.shown((name, None))
            and not self.held[keys.index((name, None))]
        ]

    def audit(self) -> None:
        """Raises FigureGivenAway for the first withheld figure that can be worked out."""
        counts = self._issued()
        hidden = ~counts.fresh
        told = suppression.recoverable(self.table.cells, hidden) & counts.secret
        rest = suppression.small_rest(self.table.cells, hidden, self.table.rule)
        through = [part[0] for part in differencing.found(self.past.issued, counts)]
        found = [*np.flatnonzero(told), *through, *([rest.about] if rest else [])]
        for cell in found:
            band, code = self.table.keys[int(cell)]
            zones = {each.code: each.name for each in self.scored.sample.zones}
            self._refuse(band, zones[code] if code else _("Whole town"))
        for detail in self.details:
            if detail.given_away() is not None:
                self._refuse(detail.name, _("Whole town"))

    def _refuse(self, band: str, zone: str) -> None:
        label = str(AgeBand(band).label)
        where: dict[str, str | int | None] = {"indicator": "deprivation", "band": band}
        raise errors.FigureGivenAway(
            where, title=_("Several needs at once"), group=label, zone=zone
        )

    def beside(self) -> Iterator[Beside]:
        """Whom H counts, by age band and zone, for the groups published beside it."""
        band, zone = self.scored.band, self.scored.zone
        asked, poor = band >= 0, self.scored.poor
        bands, zones = len(self.scored.bands), len(self.scored.sample.zones)
        shown = (self.table.reasons == "").reshape(bands + 1, zones + 1)
        cells = band * zones + zone, band, zone, np.zeros_like(zone)
        told = shown[:-1, :-1], shown[:-1, -1], shown[-1, :-1], shown[-1, -1:]
        for cell, known in zip(cells, told, strict=True):
            yield Beside(
                np.where(asked, cell, -1),
                np.flatnonzero(known),
                (asked, poor, asked & ~poor),
            )

    def figures(self) -> Iterator[dict[str, Any]]:
        held = dict(zip(self.table.keys, self.held, strict=True))
        former = self.past.former(self.scheme)
        for row in self.table.figures():
            zone: Zone | None = row["zone"]
            if held[row["band"], zone.code if zone else None]:
                key = (row["band"], zone.pk if zone else None, row["measure"])
                yield _former(row, former.get(key))
            else:
                yield row
        for detail in self.details:
            yield from detail.figures()

    def as_data(self) -> dict[str, Any]:
        """The scheme as it was used; kept with the release."""
        bands = {name: each.as_data() for name, each in self.scored.bands.items()}
        return identity(self.scheme) | {"bands": bands}

    def counts(self) -> dict[str, Any]:
        """What the release after this one is compared with; read back by `_read`."""
        counts = self._issued()
        return {
            "zones": [(zone.pk, zone.code) for zone in self.scored.sample.zones],
            "bands": list(self.scored.bands),
            **{
                name: getattr(counts, name).tolist()
                for name in ("count", "affected", "fresh", "secret")
            },
        }

    def _issued(self) -> Issued:
        counts = self.table.issued
        return replace(counts, fresh=counts.fresh & ~self.held)


def identity(scheme: Scheme) -> dict[str, Any]:
    """What a release remembers of the scheme even where nothing could be reckoned."""
    return {"scheme": scheme.version, "identity": scheme.identity}


def variables_of(scheme: Scheme, known: Mapping[str, Indicator]) -> list[str]:
    wanted = {
        name
        for code in scheme.codes & set(known)
        for name in known[code].variables | {"school_age"}
    }
    return [name for name in VARIABLES if name in wanted]


def store_deprivation(release: Release, found: Deprivation) -> None:
    """In the transaction that makes the release."""
    town = release.municipality
    DeprivationFigure.objects.bulk_create(
        (
            DeprivationFigure(municipality=town, release=release, **row)
            for row in found.figures()
        ),
        batch_size=BATCH,
    )
    DeprivationCounts.objects.create(
        municipality=town, release=release, content=found.counts()
    )


def _former(row: dict[str, Any], said: DeprivationFigure | None) -> dict[str, Any]:
    kept = {name: row[name] for name in ("band", "zone", "measure", "part")}
    if said is None:
        flag, reason = FLAG.WITHHELD, REASON.PROTECTS_OTHERS
        return kept | {"flag": str(flag), "reason": str(reason)}
    return kept | {name: getattr(said, name) for name in VALUES}


def _read(content: dict[str, Any]) -> Issued:
    return issued(
        zones=[(pk, code) for pk, code in content["zones"]],
        bands=content["bands"],
        count=np.array(content["count"], dtype=np.int64),
        affected=np.array(content["affected"], dtype=np.int64),
        fresh=np.array(content["fresh"], dtype=bool),
        secret=np.array(content["secret"], dtype=bool),
    )
