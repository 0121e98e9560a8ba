"""Where neighbours resemble each other, as a map: local clusters of an indicator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from layers.indicators.errors import NoPattern
from layers.indicators.modelled.clusters import Clusters, clusters_of
from layers.maps.columns import Column
from layers.maps.desk import View
from layers.maps.errors import UnfitView
from layers.maps.zone_tables import CLUSTERS

ORDER = ("low-low", "low-high", "", "high-low", "high-high")


@dataclass(frozen=True)
class Likeness:
    view: View

    @property
    def query(self) -> dict[str, str]:
        return {"mode": "clusters"}

    @property
    def identity(self) -> tuple:
        return ("clusters",)

    @cached_property
    def found(self) -> Clusters:
        """Raises UnfitView where too few zones have a figure."""
        try:
            return clusters_of(
                self.view.release,
                indicator=self.view.indicator.code,
                breakdown=self.view.breakdown,
            )
        except NoPattern as refused:
            raise UnfitView(refused.messages) from refused

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The view's rows with the cluster in place of the class."""
        local = self.found.pattern.local
        named = dict(
            zip((x.code for x in self.found.zones), local.cluster, strict=True)
        )
        return [_row(row, str(named.get(row["code"], ""))) for row in self.view.rows]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.view.columns

    @property
    def town(self) -> dict[str, Any]:
        return self.view.town

    def legend(self) -> dict[str, Any]:
        moran = self.found.pattern.moran
        return {
            **self.view.legend(),
            "kind": "clusters",
            "heading": _("Beside its neighbours"),
            "palette": "clusters",
            "steps": [{"label": str(capfirst(CLUSTERS[name]))} for name in ORDER],
            "town": _("Moran's I %(i).2f, p = %(p).3f, %(zones)d zones.")
            % {"i": moran.i, "p": moran.p, "zones": moran.zones},
            "doubtful": _(
                "A zone is named where its likeness is stronger than chance (level 0.05, corrected for the number of zones)."
            ),
        }

    def values(self) -> dict[str, Any]:
        return {
            **self.view.values(),
            **self.query,
            "zones": {row["code"]: row for row in self.rows},
            "legend": self.legend(),
        }


def _row(row: dict[str, Any], cluster: str) -> dict[str, Any]:
    if row["class"] is None:
        return row
    place = ORDER.index(cluster) if cluster in ORDER else ORDER.index("")
    said = {"class": place, "asked": str(capfirst(CLUSTERS[cluster])), "certainty": 2}
    return {**row, **said}
