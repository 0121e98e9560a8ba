"""A published figure in words, numbers and symbols, as pages and papers show it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from layers.explorer.ranking import Axis
from layers.indicators.models import AreaEstimate, Change, Estimate
from layers.indicators.samples.people import People, people_of
from layers.maps.wording import out_of_100

Flag, Verdict = Estimate.Flag, Change.Verdict

# As MICS and DHS print them.
WITHHELD, NO_DATA = "(*)", "–"
# Keeps "24–38" and "+6" in their order within Arabic text, on paper as on a page.
LTR = "\u200e"

ARROWS = {
    Verdict.BETTER: "▼",
    Verdict.WORSE: "▲",
    Verdict.NO_EVIDENCE: "≈",
    Verdict.NOT_COMPARABLE: "–",
}


def whole(number: int) -> str:
    return number_format(number, force_grouping=True)


def tenths(share: float | None) -> str:
    """Percent with one decimal, the reader's sign between."""
    return NO_DATA if share is None else number_format(round(100 * share, 1), 1)


@dataclass(frozen=True)
class Row:
    """One figure under the name by which its list tells it from the others."""

    name: str
    figure: Estimate | AreaEstimate
    change: Change | None = None

    @property
    def people(self) -> People:
        # A figure of several needs at once is of no single indicator.
        return people_of(getattr(self.figure, "indicator", ""))

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
    def reliable(self) -> bool:
        return bool(self.figure.flag == Flag.RELIABLE)

    @property
    def value(self) -> int | None:
        return out_of_100(self.figure.estimate)

    @property
    def interval(self) -> tuple[float, float]:
        """In whole children of 100, as it is written."""
        return out_of_100(self.figure.low) or 0, out_of_100(self.figure.high) or 0

    @property
    def bounded(self) -> bool:
        """A figure of one household per stratum has no interval."""
        return self.figure.low is not None and self.figure.high is not None

    @property
    def symbol(self) -> str:
        """The value as tables print it: 31, (31), (*) or –."""
        if not self.shown:
            return NO_DATA if self.figure.flag == Flag.NO_DATA else WITHHELD
        return f"({self.value})" if self.uncertain else str(self.value)

    @property
    def range(self) -> str:
        if not (self.shown and self.bounded):
            return NO_DATA
        low, high = self.interval
        return span(low, high)

    @property
    def says(self) -> str:
        """For example: 31 of 100 children, between 24 and 38. Or why nothing is said."""
        if not self.shown:
            label = str(Flag(self.figure.flag).label)
            return _("%(flag)s: %(reason)s") % {"flag": label, "reason": self.reason}
        said = self.people.share(self.value or 0)
        if not self.bounded:
            return said
        low, high = self.interval
        between = _("between %(low)d and %(high)d") % {"low": low, "high": high}
        return _("%(says)s, %(between)s") % {"says": said, "between": between}

    @property
    def reason(self) -> str:
        return self.people.reason(self.figure.reason)

    @property
    def reliability(self) -> str:
        label = str(Flag(self.figure.flag).label)
        if self.figure.flag == Flag.RELIABLE or not self.figure.reason:
            return label
        return _("%(flag)s: %(reason)s") % {"flag": label, "reason": self.reason}

    @property
    def asked(self) -> str:
        return self.people.asked(self.figure.n) if self.figure.n is not None else ""

    @property
    def n(self) -> str:
        return NO_DATA if self.figure.n is None else whole(self.figure.n)

    @property
    def households(self) -> str:
        found = self.figure.households
        return NO_DATA if found is None else whole(found)

    @property
    def total(self) -> str:
        """Children in need; empty where the release did not count them."""
        return NO_DATA if self.figure.total is None else whole(self.figure.total)

    @property
    def in_need(self) -> str:
        total = self.figure.total
        return "" if total is None else self.people.in_need(total)

    @property
    def se(self) -> str:
        return tenths(self.figure.se)


@dataclass(frozen=True)
class Moved:
    """A change between rounds in words."""

    change: Change

    @property
    def arrow(self) -> str:
        return ARROWS[Verdict(self.change.verdict)]

    @property
    def verdict(self) -> str:
        return str(Verdict(self.change.verdict).label)

    @property
    def points(self) -> str:
        if self.change.difference is None:
            return NO_DATA
        return signed(self.change.difference)

    @property
    def mark(self) -> str:
        """Arrow and points, as a chart shows them."""
        if self.change.difference is None:
            return self.arrow
        return f"{self.arrow} {self.points}"

    @property
    def says(self) -> str:
        """For example: Worse: 6 more of 100 children. Or why nothing is said."""
        change = self.change
        if change.difference is None:
            reason = str(Change.Reason(change.reason).label)
            return _("Not comparable: %s") % reason
        if change.verdict == Verdict.NO_EVIDENCE:
            return _("No evidence of change")
        size = abs(round(100 * change.difference))
        people = people_of(change.indicator)
        worse = change.verdict == Verdict.WORSE
        return people.worse(size) if worse else people.better(size)

    @property
    def brief(self) -> str:
        """For a narrow column: the points where it changed, else the reason."""
        if self.change.difference is None:
            return str(Change.Reason(self.change.reason).label)
        if self.change.verdict == Verdict.NO_EVIDENCE:
            return self.verdict
        return _("%(verdict)s, %(points)s") % {
            "verdict": self.verdict,
            "points": self.points,
        }

    @property
    def sign(self) -> str:
        """For a narrow column of a paper: the points only where it changed."""
        changed = self.change.verdict in (Verdict.BETTER, Verdict.WORSE)
        return self.mark if changed else self.arrow

    @property
    def p(self) -> str:
        found = self.change.p
        if found is None:
            return NO_DATA
        smallest = number_format(0.001, 3)
        return f"<{smallest}" if found < 0.001 else number_format(found, 3)

    @property
    def between(self) -> str:
        low, high = self.change.low, self.change.high
        if low is None or high is None:
            return NO_DATA
        return _("%(low)s to %(high)s") % {"low": signed(low), "high": signed(high)}


def signed(share: float) -> str:
    """Points with their sign: a minus as long as a plus."""
    value = round(100 * share)
    return f"{LTR}+{value}" if value > 0 else f"{LTR}−{-value}" if value < 0 else "0"


def span(low: float, high: float) -> str:
    return f"{low}{LTR}–{LTR}{high}"


def whisker(row: Row, axis: Axis) -> dict[str, Any]:
    """Where a row's dot and line lie, as percent of the drawing's width."""
    low, high = row.interval
    return spot(axis, row.value or 0, low, high)


def moved_whisker(change: Change, axis: Axis) -> dict[str, Any]:
    parts = (change.difference, change.low, change.high)
    value, low, high = (100 * part for part in parts if part is not None)
    return spot(axis, value, low, high)


def spot(axis: Axis, value: float, low: float, high: float) -> dict[str, Any]:
    """Dot and line of a value and its bounds, as percent of the drawing's width."""
    left, width = axis.span(low, high)
    return {
        "dot": f"{axis.at(value):.2f}",
        "from": f"{left:.2f}",
        "to": f"{left + width:.2f}",
        "width": f"{max(width, 0.6):.2f}",
    }


@dataclass(frozen=True)
class Precision:
    """A row of a table of sampling errors as MICS reports print it."""

    row: Row

    @property
    def share(self) -> str:
        return tenths(self.row.figure.estimate)

    @property
    def cv(self) -> str:
        """Standard error over the estimate, in percent."""
        figure = self.row.figure
        if not figure.estimate or figure.se is None:
            return NO_DATA
        return tenths(figure.se / figure.estimate)

    @property
    def deff(self) -> str:
        found = self.row.figure.deff
        return NO_DATA if found is None else number_format(found, 2)

    @property
    def deft(self) -> str:
        found = self.row.figure.deff
        return NO_DATA if found is None else number_format(sqrt(found), 2)

    @property
    def weighted(self) -> str:
        found = self.row.figure.population
        return NO_DATA if found is None else whole(found)

    @property
    def below(self) -> str:
        return self._two_errors(-1)

    @property
    def above(self) -> str:
        return self._two_errors(1)

    def _two_errors(self, sign: int) -> str:
        """The estimate and two standard errors, cut off at 0 and 100 percent."""
        figure = self.row.figure
        if figure.estimate is None or figure.se is None:
            return NO_DATA
        return tenths(min(max(figure.estimate + sign * 2 * figure.se, 0.0), 1.0))
