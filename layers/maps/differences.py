"""What became of an indicator from one round to another, zone by zone, as a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from layers.indicators.areas.changes import area_changes
from layers.indicators.areas.told import Told
from layers.indicators.models import Change, Release
from layers.indicators.releases import round_title
from layers.indicators.rounds.changes import changes_between
from layers.maps.columns import LIMITS, Column
from layers.maps.desk import View
from layers.maps.errors import UnfitView

Verdict, Reason = Change.Verdict, Change.Reason
# Points of 100 from which a change has the stronger colour.
STRONG = 10
MUCH_BETTER, BETTER, SAME, WORSE, MUCH_WORSE = range(5)


@dataclass(frozen=True)
class Difference:
    """The view's round less a former one; `other` is the former round's code."""

    view: View
    former: Release

    @classmethod
    def asked(cls, view: View, query: Mapping[str, str]) -> Difference:
        """Raises UnfitView where there is nothing to compare with."""
        day = view.release.observation_set.reference_date
        earlier = [x for x in view.rounds if x.observation_set.reference_date < day]
        if not earlier:
            raise UnfitView(
                _("This is the first round. Choose a later one to see what changed.")
            )
        code = query.get("other") or earlier[0].observation_set.code
        former = next((x for x in earlier if x.observation_set.code == code), None)
        if former is None and code in {x.observation_set.code for x in view.rounds}:
            former = earlier[0]
        if former is None:
            raise Http404(_("There is no published round “%s”.") % code)
        return cls(view, former)

    @property
    def query(self) -> dict[str, str]:
        return {"mode": "difference", "other": self.former.observation_set.code}

    @property
    def identity(self) -> tuple:
        return ("difference", self.former.pk)

    @cached_property
    def changes(self) -> list[Change]:
        return changes_between(
            self.former,
            self.view.release,
            indicator=self.view.indicator.code,
            breakdown=self.view.breakdown,
        )

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row a zone or larger area, what got worse first."""
        areas = self._areas() if self.view.level else []
        held = {zone for place, _change in areas for zone in place.zones}
        rows = [
            {"code": place.code, "name": place.name, **spoken(change)}
            for place, change in areas
        ] + [
            {"code": each.zone.code, "name": each.zone.name, **spoken(each)}
            for each in self.changes
            if each.zone is not None and each.zone_id not in held
        ]
        return sorted(
            rows,
            key=lambda row: (row["class"] is None, -(row["value"] or 0), row["name"]),
        )

    def _areas(self) -> list[tuple[Told, Change]]:
        found = area_changes(
            self.former,
            self.view.release,
            level=self.view.level,
            indicator=self.view.indicator.code,
            breakdown=self.view.breakdown,
        )
        changes = {each.area.pk: each.change for each in found}
        return [(x, changes[x.area.pk]) for x in self.view.places if x.area]

    @property
    def columns(self) -> tuple[Column, ...]:
        return (Column("value", "change", self.view.people.change), *LIMITS)

    @cached_property
    def town(self) -> dict[str, Any]:
        return next(spoken(each) for each in self.changes if each.zone is None)

    def legend(self) -> dict[str, Any]:
        usual = self.view.legend()
        flags = {row["flag"] for row in self.rows}
        labels = {
            "withheld": _("One of the two figures is withheld"),
            "no_data": _("Not comparable"),
        }
        return {
            **usual,
            "kind": "change",
            "heading": self.view.people.change_heading,
            "palette": "change",
            "steps": [{"label": label} for label in self._labels()],
            "keys": [
                {"flag": flag, "label": label}
                for flag, label in labels.items()
                if flag in flags
            ],
            "town": _("Whole town: %(says)s, %(range)s.")
            % {"says": self.town["says"], "range": self.town["range"]},
            "round": _("%(former)s to %(round)s")
            % {
                "former": round_title(self.former.observation_set),
                "round": usual["round"],
            },
            "doubtful": " ".join(filter(None, (self.view.of_areas, self._rule()))),
        }

    def _rule(self) -> str:
        if self.view.level:
            return _(
                "An area is coloured where the change is more than chance (level 0.05, corrected for the number of areas). Only areas of the same zones in both rounds are compared."
            )
        return _(
            "A zone is coloured where the change is more than chance (level 0.05, corrected for the number of zones)."
        )

    def _labels(self) -> list[str]:
        points = {"points": STRONG}
        return [
            _("at least %(points)d fewer") % points,
            _("fewer"),
            _("no evidence"),
            _("more"),
            _("at least %(points)d more") % points,
        ]

    def values(self) -> dict[str, Any]:
        return {
            **self.view.values(),
            **self.query,
            "zones": {row["code"]: row for row in self.rows},
            "town": self.town,
            "legend": self.legend(),
        }


def spoken(change: Change) -> dict[str, Any]:
    if change.difference is None:
        hidden = change.reason == Reason.NOT_PUBLISHED
        return {
            "value": None, "low": None, "high": None, "n": None, "class": None,
            "certainty": None,
            "flag": "withheld" if hidden else "no_data",
            "says": str(capfirst(Verdict.NOT_COMPARABLE.label)),
            "range": str(change.get_reason_display()), "asked": "",
        }  # fmt: skip
    value, low, high = (
        round(100 * (share or 0))
        for share in (change.difference, change.low, change.high)
    )
    return {
        "value": value,
        "low": low,
        "high": high,
        "n": None,
        "class": _class(change.verdict, value),
        "certainty": 2,
        "flag": "reliable",
        "says": _moved(value),
        "range": _("between %(low)s and %(high)s")
        % {"low": signed(low), "high": signed(high)},
        "asked": str(capfirst(change.get_verdict_display())),
    }


def _class(verdict: str, value: int) -> int:
    if verdict == Verdict.WORSE:
        return MUCH_WORSE if value >= STRONG else WORSE
    if verdict == Verdict.BETTER:
        return MUCH_BETTER if value <= -STRONG else BETTER
    return SAME


def _moved(value: int) -> str:
    if value > 0:
        return _("%d of 100 more") % value
    if value < 0:
        return _("%d of 100 fewer") % -value
    return _("as many as before")


def signed(value: int) -> str:
    """With a true minus, kept together in a right-to-left sentence."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"\u2066{sign}{abs(value)}\u2069"
