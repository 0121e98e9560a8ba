"""Two indicators on one map: three classes of each, nine colours together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from layers.indicators import releases
from layers.indicators.definitions.municipal import indicators_in
from layers.maps.columns import Column
from layers.maps.desk import View
from layers.maps.errors import UnfitView
from layers.maps.scheme import Scheme
from layers.maps.wording import keys, steps

SIDE = 3
TERCILES = Scheme(method="quantile", count=SIDE)
# A zone is as blank as the blanker of its two figures.
BLANK = ("withheld", "no_data", "uncertain", "reliable")


@dataclass(frozen=True)
class Bivariate:
    """`first` runs to the side of the legend, `second` upwards."""

    first: View
    second: View

    @classmethod
    def asked(cls, view: View, query: Mapping[str, str]) -> Bivariate:
        """Raises Http404 for an unknown second indicator."""
        offered = indicators_in(view.release)
        others = [x for x in offered if x != view.indicator.code]
        if not others:
            raise UnfitView(_("This round has one indicator only; two are needed."))
        code = query.get("second") or releases.told_most(view.release, others)
        if code not in offered:
            raise Http404(_("This round has no such indicator."))
        if code == view.indicator.code:
            raise UnfitView(_("Choose two different indicators."))
        first = view.beside(scheme=TERCILES, scale="")
        second = first.beside(indicator=offered[code])
        if view.breakdown not in {each.key for each in second.groups}:
            raise UnfitView(
                _("“%s” has no figures for this group of children.")
                % second.indicator.title
            )
        return cls(first, second)

    @property
    def query(self) -> dict[str, str]:
        return {"mode": "bivariate", "second": self.second.indicator.code}

    @property
    def identity(self) -> tuple:
        return ("bivariate", self.second.indicator.identity)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row a zone, those with the greatest need in both first."""
        others = {row["code"]: row for row in self.second.rows}
        rows = [_joined(row, others.get(row["code"])) for row in self.first.rows]
        return sorted(
            rows,
            key=lambda row: (row["class"] is None, -(row["value"] or 0), row["name"]),
        )

    @property
    def columns(self) -> tuple[Column, ...]:
        return (
            Column("first", "of_100", self.first.indicator.title),
            Column("second", "second_of_100", self.second.indicator.title),
        )

    @property
    def town(self) -> dict[str, Any]:
        return _joined(self.first.town, self.second.town)

    def legend(self) -> dict[str, Any]:
        usual, second = self.first.legend(), self.second.legend()
        definitions = dict.fromkeys([usual["definition"], second["definition"]])
        return {
            **usual,
            "definition": " · ".join(definitions),
            "versions": [*usual["versions"], *second["versions"]],
            "kind": "bivariate",
            "palette": "bivariate",
            "x": _axis(self.first),
            "y": _axis(self.second),
            "steps": [],
            "keys": keys(self.rows),
            "town": _("Whole town: %(one)s, %(first)s; %(other)s, %(second)s.")
            % {
                "one": self.first.indicator.title,
                "first": self.first.town["says"],
                "other": self.second.indicator.title,
                "second": self.second.town["says"],
            },
            "doubtful": _(
                "Each indicator in three classes with as many zones in each."
            ),
        }

    def values(self) -> dict[str, Any]:
        return {
            **self.first.values(),
            **self.query,
            "zones": {row["code"]: row for row in self.rows},
            "legend": self.legend(),
        }


def _axis(view: View) -> dict[str, Any]:
    return {"title": view.indicator.title, "steps": steps(view.ends)}


def _joined(row: dict[str, Any], other: dict[str, Any] | None) -> dict[str, Any]:
    if other is None or None in (row["class"], other["class"]):
        flags = {row["flag"], other["flag"] if other else "no_data"}
        flag = next(each for each in BLANK if each in flags)
        blank = row if row["class"] is None or other is None else other
        return {**row, "class": None, "value": None, "low": None, "high": None,
                "n": None, "asked": "", "certainty": None, "flag": flag,
                "says": blank["says"] if blank["class"] is None else "",
                "range": blank["range"]}  # fmt: skip
    flag = "uncertain" if "uncertain" in (row["flag"], other["flag"]) else "reliable"
    return {
        **row,
        # For the order alone: both needs together.
        "value": row["value"] + other["value"],
        "first": row["value"],
        "second": other["value"],
        "class": SIDE * other["class"] + row["class"],
        "flag": flag,
        "says": row["says"],
        "range": _("and %s") % other["says"],
        "certainty": min(row["certainty"], other["certainty"]),
    }
