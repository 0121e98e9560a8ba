"""What a new release of a round may say after those before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from layers.geography.models import Zone
from layers.indicators import errors
from layers.indicators.areas.levels import MERGED, Area
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.disclosure import differencing, group_differences, suppression
from layers.indicators.disclosure.differencing import Issued
from layers.indicators.disclosure.group_differences import Said
from layers.indicators.disclosure.group_parts import WHOLE
from layers.indicators.disclosure.kinship import Zones, comparable
from layers.indicators.figures import FLAG, REASON, Family, Figure, issued, windows
from layers.indicators.groups.breakdowns import label_of
from layers.indicators.groups.grouped import GroupedFamily, GroupTable
from layers.indicators.groups.nested import issued_between, must_be_held
from layers.indicators.groups.parts_anew import Earlier, parts_anew
from layers.indicators.maths import Booleans
from layers.indicators.models import (
    AreaEstimate,
    Estimate,
    FamilyCounts,
    ObservationSet,
    Release,
)

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
    groups: dict[tuple[str, str], list[Said]] = field(default_factory=dict)
    """By family and table."""
    areas: dict[tuple[str, str, str, str], AreaEstimate] = field(default_factory=dict)
    """What the last one says of larger areas, by indicator, breakdown and area's key."""
    regions: dict[str, list[list[str]]] = field(default_factory=dict)
    """By family, the codes of the zones of each region in the last one."""
    between: dict[str, list[Issued]] = field(default_factory=dict)
    """By family of a need within another one, as `Family.between`."""

    @classmethod
    def of(cls, observation_set: ObservationSet) -> Past:
        releases = Release.objects.filter(observation_set=observation_set)
        last = releases.latest_first().first()
        counts: dict[str, list[Issued]] = defaultdict(list)
        zones: dict[str, list[Zones]] = defaultdict(list)
        # Those of means are compared in `means`.
        rows = FamilyCounts.objects.filter(release__in=releases).exclude(
            content__has_key="mean"
        )
        groups: dict[tuple[str, str], list[Said]] = defaultdict(list)
        between: dict[str, list[Issued]] = defaultdict(list)
        for row in rows.order_by("release__number"):
            counts[row.family].append(_read(row.content))
            zones[row.family].append([(pk, code) for pk, code in row.content["zones"]])
            if found := row.content.get("between"):
                between[row.family].append(issued_between(row.family, **found))
            for name, content in row.content.get("groups", {}).items():
                groups[row.family, name].append(_read_table(content))
        said = Estimate.objects.of_release(last).select_related("zone") if last else ()
        former = {(row.indicator, row.breakdown, row.zone_id): row for row in said}
        told = AreaEstimate.objects.of_release(last) if last else ()
        areas = {(row.indicator, row.breakdown, *row.area.key): row for row in told}
        regions = {
            row.family: regions_in(row.content)
            for row in rows
            # Releases from before larger areas say nothing of them.
            if last and row.release_id == last.pk and "tiers" in row.content
        }
        return cls(counts, former, zones, groups, areas, regions, between)

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
    groups: GroupedFamily
    said: dict[str, Said]
    """By table of groups, with what is said anew."""

    @classmethod
    def of(cls, family: Family, groups: GroupedFamily, past: Past) -> Succeeding:
        earlier, new = past.beside(family, family.issued)
        held = differencing.held_back(earlier, new)[: len(family.issued.cells)]
        said = _said_anew(family, groups, held, past)
        return cls(family, held, past, groups, said)

    def beside(self, whole: Succeeding) -> Succeeding:
        """Of a need within another one: the town's figure is held where that one's is, or
        where those between the two moved by one to four.
        """
        between, shape = self.family.between, self.family.reasons.shape
        if between is None:
            return self
        of_whole = whole.held[: whole.family.reasons.size].reshape(shape)
        earlier = self.past.between.get(self.family.name, [])
        held = self.held.reshape(shape).copy()
        held[..., -1] |= must_be_held(earlier, between, of_whole[..., -1])
        return replace(self, held=held.ravel())

    def figures(self) -> Iterator[Figure]:
        own = self.held[: self.family.reasons.size]
        for figure, held in zip(self.family.figures(), own, strict=True):
            if self.family.tells(figure):
                yield self._former(figure) if held else figure
        for table in self.groups.tables:
            yield from self._of_groups(table)

    def of_areas(self) -> Iterator[tuple[Area, Figure]]:
        """Figures of larger areas, told or not."""
        cells = (found for tier in self.family.tiers for found in tier.figures())
        later = self.held[self.family.reasons.size :]
        for (area, figure), held in zip(cells, later, strict=True):
            place = figure.indicator, figure.breakdown, *area.key
            row = self.past.areas.get(place)
            yield area, kept(figure, row) if held else figure

    def _of_groups(self, table: GroupTable) -> Iterator[Figure]:
        """Those of the town, and of the zones, if any of them has a value."""
        if not table.table.shown.any():
            return
        anew = table.by_key(self.said[table.place_in_family].fresh)
        told = table.by_key(table.table.told[:, :-1])
        found = [
            self._former(figure) if known and not fresh else figure
            for figure, known, fresh in zip(
                table.figures(), told.ravel(), anew.ravel(), strict=True
            )
        ]
        for part in ([x for x in found if x.zone], [x for x in found if not x.zone]):
            if any(each.estimate is not None for each in part):
                yield from part

    def _former(self, figure: Figure) -> Figure:
        zone = figure.zone.pk if figure.zone else None
        former = self.past.former.get((figure.indicator, figure.breakdown, zone))
        return kept(figure, former)

    def counts(self) -> dict[str, Any]:
        """What the release after this one is compared with; read back by `_read`."""
        counts, between = self._issued(), self._between()
        of_parts = {x.place_in_family for x in self.groups.tables if x.part != WHOLE}
        return {
            "zones": [(zone.pk, zone.code) for zone in self.family.sample.zones],
            "codes": [each.indicator.code for each in self.family.members],
            "windows": windows(self.family.members),
            "count": counts.count.tolist(),
            "affected": counts.affected.tolist(),
            "fresh": counts.fresh.tolist(),
            "secret": counts.secret.tolist(),
            "tiers": [
                [(each.key, each.places) for each in tier.areas]
                for tier in self.family.tiers
            ],
            "groups": {
                name: {
                    "places": said.places,
                    "count": said.count.tolist(),
                    "affected": said.affected.tolist(),
                    "fresh": said.fresh.tolist(),
                }
                for name, said in self.said.items()
                # Of the others nothing is said that could be compared; a part's table is
                # compared beside those of the other parts.
                if said.fresh.any() or name in of_parts
            },
            **({"between": between} if between else {}),
        }

    def _between(self) -> dict[str, Any]:
        counts = self.family.between
        if counts is None:
            return {}
        told = bool(
            counts.fresh[0] and not self.held[self.family.reasons.shape[-1] - 1]
        )
        total, inside = int(counts.count[0]), int(counts.affected[0])
        return {"total": total, "inside": inside, "told": told}

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
            if isinstance(zone, tuple):
                where["zones"] = zone[1]
            known = {
                each.indicator.code: each.indicator for each in self.family.members
            }
            raise given_away(where, known)
        tables = {each.place_in_family: each for each in self.groups.tables}
        for name, (row, column) in self.groups.given_away():
            groups = tables[name]
            where = {"indicator": groups.indicator.code, **groups.place(row, column)}
            raise given_away(where, {groups.indicator.code: groups.indicator})


def succeeding(
    families: Iterable[tuple[Family, GroupedFamily]], past: Past
) -> list[Succeeding]:
    """All families in a new release; a need within another one after that one."""
    found: dict[str, Succeeding] = {}
    for family, groups in families:
        each = Succeeding.of(family, groups, past)
        found[family.name] = (
            each.beside(found[family.within]) if family.within else each
        )
    return list(found.values())


def kept(figure: Figure, former: Estimate | AreaEstimate | None) -> Figure:
    """What the last release said in its place; withheld where it said nothing."""
    if former is None:
        nothing: dict[str, Any] = dict.fromkeys(VALUES)
        flag, reason = str(FLAG.WITHHELD), str(REASON.PROTECTS_OTHERS)
        return replace(figure, flag=flag, reason=reason, **nothing)
    values: dict[str, Any] = {name: getattr(former, name) for name in VALUES}
    return replace(
        figure,
        version=former.definition_version,
        flag=former.flag,
        reason=former.reason,
        **values,
    )


def regions_in(content: Mapping[str, Any]) -> list[list[str]]:
    """Those that were made when the round was first released; they stay."""
    codes = [code for _pk, code in content["zones"]]
    return [
        [codes[place] for place in places]
        for tier in content.get("tiers", [])
        for (level, _codes), places in tier
        if level == MERGED
    ]


def _said_anew(
    family: Family, groups: GroupedFamily, held: Booleans, past: Past
) -> dict[str, Said]:
    """The tables in their order: the sums of a later one are told by earlier ones."""
    anew = ~held[: family.reasons.size].reshape(family.reasons.shape)
    sums: dict[str, Booleans] = {"sex": anew[groups.widest, 1:, -1]}
    found: dict[str, Said] = {}
    for table in groups.of_whole():
        said = table.said
        if table.is_crossed:
            first, second = table.name.split("+")
            rows, columns = np.append(sums[first], False), sums[second]
        else:
            rows = np.asarray(anew[:, 0].all(axis=0))
            columns = np.ones(said.fresh.shape[1], dtype=bool)
        earlier = past.groups.get((family.name, table.name), [])
        back = group_differences.held_back(earlier, said, rows, columns)
        found[table.name] = replace(said, fresh=said.fresh & ~back)
        if not table.is_crossed:
            sums[table.name] = found[table.name].fresh[-1]
    before = Earlier(
        {name: x for (about, name), x in past.groups.items() if about == family.name},
        releases=len(past.issued.get(family.name, [])),
    )
    return found | parts_anew(groups, anew, found, before)


def given_away(
    where: dict[str, Any], known: Mapping[str, Indicator]
) -> errors.FigureGivenAway:
    """The refusal in the reader's language, for a figure named by `where`."""
    code = where["indicator"]
    zone = Zone.objects.filter(pk=where["zone"]).first()
    return errors.FigureGivenAway(
        where,
        title=known[code].title if code in known else code,
        group=label_of(where["breakdown"]),
        zone=zone.name if zone else where.get("zones") or _("Whole town"),
    )


def _read(content: dict[str, Any]) -> Issued:
    return issued(
        zones=[(pk, code) for pk, code in content["zones"]],
        codes=content["codes"],
        windows=[(start, end) for start, end in content["windows"]],
        tiers=content.get("tiers", []),
        count=np.array(content["count"], dtype=np.int64),
        affected=np.array(content["affected"], dtype=np.int64),
        fresh=np.array(content["fresh"], dtype=bool),
        secret=np.array(content["secret"], dtype=bool),
    )


def _read_table(content: dict[str, Any]) -> Said:
    return Said(
        places=tuple(content["places"]),
        count=np.array(content["count"], dtype=np.int64),
        affected=np.array(content["affected"], dtype=np.int64),
        fresh=np.array(content["fresh"], dtype=bool),
    )
