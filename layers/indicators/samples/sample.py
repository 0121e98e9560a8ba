"""The sample of one observation set as arrays: its children, and its women apart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg2 import sql

from layers.geography.models import Zone
from layers.indicators import errors, maths
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.definitions.municipal import own_names
from layers.indicators.maths.calibration import BOUNDS, Calibration, rake
from layers.indicators.models import ObservationSet, SampleUnit
from layers.indicators.samples.copying import copied
from layers.indicators.samples.known_totals import (
    BAND_STARTS,
    SEX_AGE,
    SEX_AGE_KEYS,
    ZONE,
    KnownTotals,
    name_of,
    refuse_unlike,
    scaled,
)
from layers.indicators.samples.observations import (
    CHILDREN,
    MODULES,
    OF_WOMEN,
    VARIABLES,
    WOMEN,
)


@dataclass(frozen=True)
class Sample:
    """U households in D zones and N children; `columns` (N,) are NaN where unknown."""

    design: maths.Design
    zones: tuple[Zone, ...]
    unit_zone: maths.Integers
    unit_psu: maths.Integers
    unit_weight: maths.Floats
    """Before the factor of the response class."""
    unit_class: NDArray[np.str_]
    unit_factor: maths.Floats
    """That of the household's response class."""
    strata: tuple[str, ...]
    """By the design's stratum index."""
    frames: tuple[int | None, ...]
    """Primary sampling units in the frame of each stratum."""
    child_unit: maths.Integers
    child_group: maths.Integers
    """0 for girls, 1 for boys."""
    columns: dict[str, maths.Floats]
    known_totals: KnownTotals = field(default_factory=dict)
    who: str = CHILDREN
    """Whose answers `columns` are. Of WOMEN what is said of children holds as well, but
    that their group is 0 for all, and that no total of them is known."""
    women: Sample | None = None
    """The women of the same households; None where they were not read."""
    decided: dict[int, tuple[Indicator, maths.Booleans, maths.Booleans]] = field(
        init=False, default_factory=dict, repr=False
    )
    """What `decide` found, by the indicator as an object."""

    def of(self, indicator: Indicator) -> Sample:
        """That of the children or of the women, as the indicator is about them.

        Raises ValueError for women where they were not read.
        """
        if indicator.population.who == self.who:
            return self
        if self.women is None:
            raise ValueError(f"{indicator.code}: the sample has {self.who} alone")
        return self.women

    def decide(self, indicator: Indicator) -> tuple[maths.Booleans, maths.Booleans]:
        """(N,) eligible and in need; kept, because each group of a release asks."""
        key = id(indicator)
        if key not in self.decided:
            self.decided[key] = indicator, *indicator.decide(self.columns)
        _same, eligible, in_need = self.decided[key]
        return eligible, in_need

    @cached_property
    def calibration(self) -> Calibration | None:
        """None without known totals. Raises CannotCalibrate."""
        weight = (self.unit_weight * self.unit_factor)[self.child_unit]
        if not self.known_totals:
            return None
        margins, known, names = self._margins()
        found = rake(weight, margins, known)
        if not found.settled:
            name, total = names[found.furthest], known[found.furthest]
            raise errors.CannotCalibrate(name, total, found.worst, BOUNDS)
        return Calibration(
            before=weight,
            after=weight * found.factor,
            margins=tuple(margins),
            width=len(known),
            psu=self.unit_psu[self.child_unit],
            design=self.design,
        )

    @property
    def child_weight(self) -> maths.Floats:
        """(N,) with the factor of the response class, drawn to the known totals."""
        if self.calibration:
            return self.calibration.after
        return (self.unit_weight * self.unit_factor)[self.child_unit]

    def _margins(self) -> tuple[list[maths.Integers], maths.Floats, list[str]]:
        """Each child's category by margin, the totals of all, and their names."""
        places = {
            ZONE: self.unit_zone[self.child_unit],
            SEX_AGE: self.child_group * len(BAND_STARTS) + self._age_band(),
        }
        keys = {ZONE: [zone.code for zone in self.zones], SEX_AGE: list(SEX_AGE_KEYS)}
        margins: list[maths.Integers] = []
        known: list[float] = []
        names: list[str] = []
        for margin, totals in scaled(self.known_totals).items():
            reached = np.bincount(places[margin], minlength=len(keys[margin]))
            asked = {
                key for key, count in zip(keys[margin], reached, strict=True) if count
            }
            refuse_unlike(margin, asked, set(totals))
            order = {key: len(known) + at for at, key in enumerate(sorted(totals))}
            place = np.array([order.get(key, -1) for key in keys[margin]])
            margins.append(place[places[margin]])
            known += [totals[key] for key in sorted(totals)]
            names += [name_of(margin, key) for key in sorted(totals)]
        return margins, np.array(known), names

    def _age_band(self) -> maths.Integers:
        return np.digitize(self.columns["age_years"], BAND_STARTS[1:])


def read_sample(
    observation_set: ObservationSet,
    wanted: Collection[str] | None = None,
    *,
    units: Collection[int] | None = None,
) -> Sample:
    """Households, and children with their answers as typed columns.

    `wanted` are the variables of children to read, by default the canonical ones and the
    municipality's own, and then women as well; `units` the keys of the households, all by default.
    """
    of_women = wanted is None
    if wanted is None:
        wanted = {*VARIABLES, *own_names(observation_set.municipality)}
    among = Among(observation_set, None if units is None else list(units))
    unit, child_group, columns = _children(among, wanted)
    rows = among.households()
    ids, zone_ids, strata, psus, weights, classes, frames = zip(*rows, strict=True)
    zones = _zones_of(observation_set, set(zone_ids))
    place = {zone.pk: index for index, zone in enumerate(zones)}
    unit_psu, design = design_of(strata, psus, frames)
    frame_of = dict(zip(strata, frames, strict=True))
    factors = observation_set.response_factors
    found = Sample(
        design=design,
        zones=zones,
        unit_zone=np.array([place[pk] for pk in zone_ids]),
        unit_psu=unit_psu,
        unit_weight=np.array(weights, dtype=np.float64),
        unit_class=np.array(classes),
        unit_factor=np.array([factors.get(each, 1.0) for each in classes]),
        strata=tuple(sorted(frame_of)),
        frames=tuple(frame_of[name] for name in sorted(frame_of)),
        child_unit=np.searchsorted(np.array(ids), unit),
        child_group=child_group,
        columns=columns,
        known_totals=observation_set.known_totals if units is None else {},
    )
    return replace(found, women=_women(among, ids, found)) if of_women else found


def design_of(
    strata: tuple[str, ...], psus: tuple[str, ...], frames: tuple[int | None, ...]
) -> tuple[maths.Integers, maths.Design]:
    """The PSU index (U,) of each household and the design; PSU keys nest in strata."""
    names, unit_stratum = np.unique(np.array(strata), return_inverse=True)
    _, key = np.unique(np.array(psus), return_inverse=True)
    _nested, first, unit_psu = np.unique(
        unit_stratum * (key.max() + 1) + key, return_index=True, return_inverse=True
    )
    frame = np.full(len(names), np.nan)
    frame[unit_stratum] = np.array(frames, dtype=np.float64)
    return unit_psu, maths.Design.from_frame(unit_stratum[first], frame)


def psu_names(observation_set: ObservationSet) -> list[tuple[str, str]]:
    """Stratum and key of each PSU, in the order of the design's indices."""
    units = SampleUnit.objects.filter(observation_set=observation_set)
    return sorted(units.values_list("stratum", "psu").distinct())


def _children(
    among: Among, wanted: Collection[str]
) -> tuple[maths.Integers, maths.Integers, dict[str, maths.Floats]]:
    """The household's id, the group and the columns of each child."""
    of_home, of_child = among.columns()
    homes, home_answers = among.read("homes.sql", "id", of_home, wanted, numbers=1)
    (unit, male, months), own = among.read(
        "children.sql", "unit_id", of_child, {*wanted, *MODULES}, numbers=3
    )
    home = np.searchsorted(homes[0], unit)
    columns = dict.fromkeys((*MODULES, *wanted), np.full(len(unit), np.nan)) | own
    for name, answers in home_answers.items():
        shared = answers[home]
        told = own.get(name)
        columns[name] = (
            shared if told is None else np.where(np.isnan(told), shared, told)
        )
    columns["age_months"] = months
    columns["age_years"] = months // 12
    columns["girl"] = 1 - male
    return unit.astype(np.int64), male.astype(np.int64), columns


def _women(among: Among, ids: tuple[int, ...], children: Sample) -> Sample:
    """In the same households and design; no known total is one of women."""
    (unit, years, *answers), _none = among.read(
        "women.sql", "unit_id", [], (), numbers=2 + len(OF_WOMEN)
    )
    columns = {"age_years": years, "age_months": 12 * years}
    return replace(
        children,
        child_unit=np.searchsorted(np.array(ids), unit.astype(np.int64)),
        child_group=np.zeros(len(unit), dtype=np.int64),
        columns=columns | dict(zip(OF_WOMEN, answers, strict=True)),
        known_totals={},
        who=WOMEN,
    )


@dataclass(frozen=True)
class Among:
    """What is read: of one set all households, or those with these ids."""

    observation_set: ObservationSet
    units: list[int] | None

    def _condition(self, key: str) -> sql.Composable:
        """Of households by their ids alone: with the set beside them PostgreSQL would
        look through all of it as long as it has no statistics of new rows.
        """
        if self.units is None:
            return sql.SQL("observation_set_id = {}").format(
                sql.Literal(self.observation_set.pk)
            )
        ids = sql.Literal(self.units)
        return sql.SQL("{} = ANY({}::bigint [])").format(sql.Identifier(key), ids)

    def _rows(self, query: str, among: sql.Composable) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(_sql(query)).format(among=among))
            return cursor.fetchall()

    def households(self) -> list[tuple]:
        return self._rows("units.sql", self._condition("id"))

    def columns(self) -> tuple[list[str], list[str]]:
        """What the arrays of households and of children hold."""
        own = sql.SQL("id = {}").format(sql.Literal(self.observation_set.pk))
        ((of_home, of_child),) = self._rows("columns.sql", own)
        return of_home, of_child

    def read(
        self,
        query: str,
        key: str,
        stored: list[str],
        wanted: Collection[str],
        *,
        numbers: int,
    ) -> tuple[maths.Floats, dict[str, maths.Floats]]:
        """The (numbers, rows) of the query, and the answers by name.

        Where few of the stored answers are wanted only they are sent.
        """
        names = [name for name in stored if name in wanted]
        if 2 * len(names) > len(stored):
            names, picked = stored, sql.SQL(', "values"')
        else:
            places = [
                sql.SQL('"values"[{}]').format(sql.Literal(stored.index(name) + 1))
                for name in names
            ]
            array = sql.SQL(", ARRAY[{}]").format(sql.SQL(", ").join(places))
            picked = array if names else sql.SQL("")
        text = sql.SQL(_sql(query)).format(answers=picked, among=self._condition(key))
        table = copied(text, numbers=numbers, answers=len(names))
        return table[:numbers], dict(zip(names, table[numbers:], strict=True))


def _zones_of(observation_set: ObservationSet, used: set[int]) -> tuple[Zone, ...]:
    """Zones with households, and all others of the same kinds: those have no data."""
    kinds = Zone.objects.filter(pk__in=used).values_list("kind", flat=True).distinct()
    of_town = Zone.objects.of(observation_set.municipality).filter(kind__in=kinds)
    found = of_town.current() | of_town.filter(pk__in=used)
    return tuple(found.only("code").order_by("code", "pk"))


@cache
def _sql(name: str) -> str:
    return (resources.files(__package__) / "sql" / name).read_text("utf-8")


def has_units(observation_set: ObservationSet) -> bool:
    return SampleUnit.objects.filter(observation_set=observation_set).exists()
