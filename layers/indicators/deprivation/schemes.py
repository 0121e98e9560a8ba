"""A municipality's choice of what counts as deprivation: drafted, tried, put in use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Municipality
from layers.indicators import errors
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.deprivation.age_bands import BANDS
from layers.indicators.models import AgeBand, DeprivationScheme
from layers.indicators.samples.observations import CHILDREN

MOST_INDICATORS, MOST_WEIGHT = 10, 20
"""In a band: the overlaps of more can't be read, nor kept safe in short time."""
EDITION = "1"
"""Changes when the same answers and the same scheme would give other figures."""
State = DeprivationScheme.State


class SchemeDimension(models.TextChoices):
    """Those of UNICEF's cross-country MODA, then those that a town may add."""

    WATER = "water", _("Water")
    SANITATION = "sanitation", _("Sanitation")
    HOUSING = "housing", _("Housing")
    PROTECTION = "protection", _("Protection")
    NUTRITION = "nutrition", _("Nutrition")
    HEALTH = "health", _("Health")
    EARLY_CHILDHOOD = "early_childhood", _("Early childhood")
    EDUCATION = "education", _("Education")
    INFORMATION = "information", _("Information")
    FOOD_SECURITY = "food_security", _("Food security")
    FUNCTIONING = "functioning", _("Functioning and disability")
    SOCIAL_PROTECTION = "social_protection", _("Social protection")


USUAL_HOME = {
    "was_water": SchemeDimension.WATER,
    "was_premises": SchemeDimension.WATER,
    "was_sanit": SchemeDimension.SANITATION,
    "was_hand": SchemeDimension.SANITATION,
    "hou_internet": SchemeDimension.INFORMATION,
}
"""Where an indicator stands unless its own dimension says it."""


def usual_dimension(indicator: Indicator) -> str:
    """The dimension offered for an indicator of the catalogue."""
    if indicator.code in USUAL_HOME:
        return str(USUAL_HOME[indicator.code])
    if indicator.dimension in SchemeDimension.values:
        return str(indicator.dimension)
    return str(SchemeDimension.WATER)


@dataclass(frozen=True)
class BandScheme:
    dimensions: Mapping[str, tuple[str, ...]]
    """Codes of indicators by dimension."""
    weights: Mapping[str, int]
    """Whole numbers above 0, by code."""
    cutoff: int
    """Points from which a child is deprived; each indicator counts its weight."""

    @property
    def total(self) -> int:
        return sum(self.weights.values())

    def as_data(self) -> dict[str, Any]:
        return {
            "cutoff": self.cutoff,
            "dimensions": {
                name: {code: self.weights[code] for code in codes}
                for name, codes in self.dimensions.items()
            },
        }


@dataclass(frozen=True)
class Scheme:
    """One choice per age band; a band without one is not reckoned."""

    version: int
    """0: the product's own."""
    bands: Mapping[str, BandScheme]

    def as_data(self) -> dict[str, Any]:
        return {"bands": {name: each.as_data() for name, each in self.bands.items()}}

    @property
    def identity(self) -> str:
        """What figures are comparable by."""
        said = json.dumps([EDITION, self.as_data()], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def codes(self) -> set[str]:
        return {code for each in self.bands.values() for code in each.weights}


def usual_scheme() -> Scheme:
    """One point for each thing; deprived from a third of the points on."""
    bands = {}
    for name, band in BANDS.items():
        codes = [code for codes in band.dimensions.values() for code in codes]
        bands[name] = BandScheme(
            band.dimensions, dict.fromkeys(codes, 1), ceil(len(codes) / 3)
        )
    return Scheme(0, bands)


def read_scheme(content: Mapping[str, Any], version: int) -> Scheme:
    """What `Scheme.as_data` wrote."""
    bands = {}
    for name, each in content["bands"].items():
        dimensions = each["dimensions"]
        bands[name] = BandScheme(
            {home: tuple(codes) for home, codes in dimensions.items()},
            {code: w for codes in dimensions.values() for code, w in codes.items()},
            each["cutoff"],
        )
    return Scheme(version, bands)


def scheme_of(municipality: Municipality) -> Scheme:
    """The one in use, or the product's own."""
    row = DeprivationScheme.objects.of(municipality).in_use().first()
    return read_scheme(row.content, row.version) if row else usual_scheme()


def suitable(indicator: Indicator, band: str) -> bool:
    """Whether an indicator is of these ages and was put to every child of a household."""
    start, end = indicator.population.months
    ages = BANDS[band]
    overlap = start < ages.after and end > ages.first
    children = indicator.population.who == CHILDREN
    return children and overlap and not indicator.population.module


def check_scheme(scheme: Scheme, known: Mapping[str, Indicator]) -> None:
    """Raises SchemeRefused, which names the band and says what to change."""
    if not scheme.bands:
        raise errors.SchemeRefused(errors.NO_BAND)
    for name, each in scheme.bands.items():
        said: dict[str, Any] = {"band": str(AgeBand(name).label)}
        if not each.weights:
            raise errors.SchemeRefused(errors.NOTHING_CHOSEN % said)
        if len(each.weights) > MOST_INDICATORS:
            most = {"most": MOST_INDICATORS}
            raise errors.SchemeRefused(errors.TOO_MANY_CHOSEN % (said | most))
        _check_weights(name, each, known)
        if not 1 <= each.cutoff <= each.total:
            total = {"total": each.total}
            raise errors.SchemeRefused(errors.BAD_CUTOFF % (said | total))


def _check_weights(
    name: str, chosen: BandScheme, known: Mapping[str, Indicator]
) -> None:
    said = {"band": str(AgeBand(name).label)}
    for code, weight in chosen.weights.items():
        if code not in known or not suitable(known[code], name):
            raise errors.SchemeRefused(errors.UNSUITABLE % (said | {"code": code}))
        if not 1 <= weight <= MOST_WEIGHT:
            limits = {"title": known[code].title, "most": MOST_WEIGHT}
            raise errors.SchemeRefused(errors.BAD_SCHEME_WEIGHT % (said | limits))


@transaction.atomic
def save_scheme(
    *,
    municipality: Municipality,
    scheme: Scheme,
    known: Mapping[str, Indicator],
    by: Any,
) -> DeprivationScheme:
    """Writes the draft, or begins the next version. Raises SchemeRefused."""
    check_scheme(scheme, known)
    versions = DeprivationScheme.objects.of(municipality).select_for_update()
    last = versions.newest_first().first()
    if last is None or last.state != State.DRAFT:
        version = last.version + 1 if last else 1
        last = DeprivationScheme(municipality=municipality, version=version)
    last.content, last.author = scheme.as_data(), by
    last.save()
    return last


@transaction.atomic
def use_scheme(
    *, scheme: DeprivationScheme, known: Mapping[str, Indicator]
) -> DeprivationScheme:
    """The next release reckons with it; the one before it is retired.

    Raises SchemeRefused where it is no draft, or an indicator is no longer known.
    """
    found = DeprivationScheme.objects.select_for_update().get(pk=scheme.pk)
    if found.state != State.DRAFT:
        raise errors.SchemeRefused(errors.NO_DRAFT)
    check_scheme(read_scheme(found.content, found.version), known)
    former = DeprivationScheme.objects.of(found.municipality).in_use()
    former.update(state=State.RETIRED)
    found.state, found.used_since = State.IN_USE, timezone.now()
    found.save(update_fields=["state", "used_since"])
    return found
