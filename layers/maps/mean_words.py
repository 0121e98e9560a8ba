"""A published mean in words and numbers, as maps, pages and files show it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from layers.geography.models import Zone
from layers.indicators.definitions.means import MeanIndicator
from layers.indicators.definitions.municipal import means_in
from layers.indicators.definitions.wording import (
    amount_words,
    between_words,
    number_of,
)
from layers.indicators.models import Estimate, MeanEstimate, Release
from layers.indicators.samples.people import OF_CHILDREN

Flag = Estimate.Flag
# As MICS and DHS print them.
WITHHELD, NO_DATA = "(*)", "–"


@dataclass(frozen=True)
class MeanRow:
    """One mean under the name by which its list tells it from the others."""

    name: str
    figure: MeanEstimate
    mean: MeanIndicator

    @property
    def code(self) -> str:
        return self.figure.zone.code if self.figure.zone else ""

    @property
    def shown(self) -> bool:
        return self.figure.estimate is not None

    @property
    def uncertain(self) -> bool:
        return bool(self.figure.flag == Flag.UNCERTAIN)

    @property
    def bounded(self) -> bool:
        """A figure of one household per stratum has no interval."""
        return self.figure.low is not None and self.figure.high is not None

    @property
    def symbol(self) -> str:
        """The value as tables print it: 25, (25), (*) or –."""
        value = self.figure.estimate
        if value is None:
            return NO_DATA if self.figure.flag == Flag.NO_DATA else WITHHELD
        said = number_of(self.mean, value)
        return f"({said})" if self.uncertain else said

    @property
    def amount(self) -> str:
        value = self.figure.estimate
        return "" if value is None else amount_words(self.mean, value)

    @property
    def range(self) -> str:
        low, high = self.figure.low, self.figure.high
        if low is None or high is None:
            return NO_DATA
        return f"{number_of(self.mean, low)}–{number_of(self.mean, high)}"

    @property
    def between(self) -> str:
        low, high = self.figure.low, self.figure.high
        if low is None or high is None:
            return ""
        return between_words(self.mean, low, high)

    @property
    def says(self) -> str:
        """For example: 25 minutes, between 22 and 28. Or why nothing is said."""
        if not self.shown:
            return self.reliability
        if not self.between:
            return self.amount
        said = {"says": self.amount, "between": self.between}
        return _("%(says)s, %(between)s") % said

    @property
    def reason(self) -> str:
        return str(Estimate.Reason(self.figure.reason).label)

    @property
    def reliability(self) -> str:
        label = str(Flag(self.figure.flag).label)
        if self.figure.flag == Flag.RELIABLE or not self.figure.reason:
            return label
        return _("%(flag)s: %(reason)s") % {"flag": label, "reason": self.reason}

    @property
    def asked(self) -> str:
        return OF_CHILDREN.asked(self.figure.n) if self.figure.n is not None else ""

    @property
    def n(self) -> str:
        return _whole(self.figure.n)

    @property
    def households(self) -> str:
        return _whole(self.figure.households)

    @property
    def weighted(self) -> str:
        return _whole(self.figure.population)

    @property
    def se(self) -> str:
        found = self.figure.se
        return NO_DATA if found is None else number_of(self.mean, found, more=1)

    @property
    def cv(self) -> str:
        """Standard error over the mean, in percent."""
        estimate, error = self.figure.estimate, self.figure.se
        if not estimate or error is None:
            return NO_DATA
        return str(number_format(round(100 * error / abs(estimate), 1), 1))

    @property
    def deff(self) -> str:
        found = self.figure.deff
        return NO_DATA if found is None else str(number_format(found, 2))

    @property
    def deft(self) -> str:
        found = self.figure.deff
        return NO_DATA if found is None else str(number_format(sqrt(found), 2))


def _whole(number: int | None) -> str:
    return (
        NO_DATA if number is None else str(number_format(number, force_grouping=True))
    )


def rows_of_zone(release: Release, zone: Zone | None) -> list[MeanRow]:
    """All means of a zone, or of the town (None), under their titles."""
    known = means_in(release)
    if not known:
        return []
    found = MeanEstimate.objects.of_release(release).of_zone(zone)
    by_code = {each.indicator: each for each in found}
    return [
        MeanRow(mean.title, by_code[code], mean)
        for code, mean in known.items()
        if code in by_code
    ]
