"""A town's own mean by zone, as a map in its own unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from layers.indicators.definitions.means import MeanIndicator, Worse
from layers.indicators.definitions.municipal import means_in
from layers.indicators.definitions.wording import number_of
from layers.indicators.groups.breakdowns import ALL, label_of
from layers.indicators.models import Estimate, MeanEstimate
from layers.indicators.samples.people import OF_CHILDREN
from layers.maps import classes
from layers.maps.columns import LIMITS, Column
from layers.maps.desk import View
from layers.maps.errors import UnfitView
from layers.maps.mean_words import MeanRow
from layers.maps.scheme import USUAL, Scheme
from layers.maps.wording import households_asked, keys

Flag = Estimate.Flag


@dataclass(frozen=True)
class MeanMap:
    """Of the view's round; its indicator and group have no part in it."""

    view: View
    mean: MeanIndicator

    @classmethod
    def asked(cls, view: View, query: Mapping[str, str]) -> MeanMap:
        """Raises UnfitView where the round has no means."""
        offered = means_in(view.release)
        if not offered:
            raise UnfitView(
                _(
                    "This round has no means. Make one under “The town's own "
                    "indicators”; the next release tells it."
                )
            )
        code = query.get("mean") or next(iter(offered))
        if code not in offered:
            raise Http404(_("This round has no such mean."))
        return cls(view, offered[code])

    @property
    def query(self) -> dict[str, str]:
        return {"mode": "mean", "mean": self.mean.code}

    @property
    def identity(self) -> tuple:
        return ("mean", self.mean.code, self.mean.version)

    @cached_property
    def figures(self) -> list[MeanEstimate]:
        found = MeanEstimate.objects.of_release(self.view.release)
        return list(found.of_indicator(self.mean.code).order_by("zone__code"))

    @property
    def scheme(self) -> Scheme:
        """Limits set by hand are of 100 children, not of this unit."""
        chosen = self.view.scheme
        return Scheme(
            chosen.method if chosen.method != "manual" else USUAL.method,
            chosen.count,
            palette=chosen.palette,
        )

    @cached_property
    def ends(self) -> list[int]:
        """Upper ends of the classes, in steps of the mean from its lower limit."""
        return self.scheme.ends(self._known)

    @cached_property
    def _known(self) -> list[int]:
        return [
            self._steps(each.estimate)
            for each in self.figures
            if each.zone is not None and each.estimate is not None
        ]

    def _steps(self, value: float) -> int:
        return round((value - self.mean.least) / self.mean.step)

    def _value(self, steps: int) -> str:
        value = self.mean.least + steps * self.mean.step
        return number_of(self.mean, value)

    @property
    def _falls(self) -> bool:
        return self.mean.worse == Worse.LOWER

    def _class(self, value: float) -> int:
        """The greatest need last, whichever way the number runs."""
        if not self.ends:
            return 0
        place = classes.class_of(self._steps(value), self.ends)
        return len(self.ends) - 1 - place if self._falls else place

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row a zone, the greatest need first, then those without a figure."""
        rows = [
            {"code": each.zone.code, "name": each.zone.name, **self._spoken(each)}
            for each in self.figures
            if each.zone is not None
        ]
        sign = 1 if self._falls else -1
        return sorted(
            rows,
            key=lambda row: (
                row["value"] is None,
                sign * (row["value"] or 0),
                row["name"],
            ),
        )

    @cached_property
    def town(self) -> dict[str, Any]:
        return next(self._spoken(each) for each in self.figures if each.zone is None)

    def _spoken(self, figure: MeanEstimate) -> dict[str, Any]:
        row = MeanRow("", figure, self.mean)
        if figure.estimate is None:
            return {
                "value": None, "low": None, "high": None, "n": None, "class": None,
                "certainty": None,
                "flag": figure.flag, "says": str(Flag(figure.flag).label),
                "range": row.reason, "asked": "",
            }  # fmt: skip
        return {
            "value": figure.estimate,
            "low": figure.low,
            "high": figure.high,
            "n": figure.n,
            "class": self._class(figure.estimate),
            "certainty": classes.certainty(abs(figure.estimate), figure.se or 0),
            "flag": figure.flag,
            "says": row.amount,
            "range": row.between,
            "asked": row.asked,
        }

    @property
    def columns(self) -> tuple[Column, ...]:
        label = _("mean, %(unit)s") % {"unit": self.mean.unit}
        return (
            Column("value", "mean", label),
            *LIMITS,
            Column("n", "n", _("children asked, rounded")),
        )

    def legend(self) -> dict[str, Any]:
        version = {"version": self.mean.version, "standard": self.mean.standard.title}
        return {
            **self.view.legend(),
            "kind": "steps",
            "heading": capfirst(_("mean, %(unit)s") % {"unit": self.mean.unit}),
            "palette": self.scheme.palette,
            "steps": self._labels(),
            "keys": keys(self.rows),
            "town": (
                _("Whole town: %(says)s, %(range)s.")
                % {"says": self.town["says"], "range": self.town["range"]}
            ),
            "definition": _("Definition %(version)d, %(standard)s") % version,
            "versions": [self.mean.version],
            "sample": self._sample(),
            "doubtful": "",
        }

    def _sample(self) -> str:
        town = next(each for each in self.figures if each.zone is None)
        return " · ".join(
            part
            for part in (
                OF_CHILDREN.asked(town.n) if town.n else "",
                households_asked(town.households) if town.households else "",
                _("release %d") % self.view.release.number,
            )
            if part
        )

    def _labels(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        start = min(self._known, default=0)
        for end in self.ends:
            low, high = self._value(start), self._value(end)
            label = high if start >= end else f"{low}–{high}"
            found.append({"from": start, "to": end, "label": label})
            start = end + 1
        return found[::-1] if self._falls else found

    def values(self) -> dict[str, Any]:
        return {
            **self.view.values(),
            **self.query,
            # The address keeps what one comes back to.
            "subject": self.view.subject
            | {"indicator": self.mean.code, "breakdown": ALL},
            "title": self.mean.title,
            "description": self.mean.description,
            "group": label_of(ALL),
            "zones": {row["code"]: row for row in self.rows},
            "town": self.town,
            "legend": self.legend(),
        }
