"""The same map many times: over the rounds, or over the groups of children."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.http import Http404
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.indicators.definitions.municipal import indicators_in
from layers.indicators.releases import round_title
from layers.maps.desk import View
from layers.maps.drawing import Drawing, Ground

OVER = {
    "rounds": gettext_lazy("over the rounds"),
    "groups": gettext_lazy("over the groups"),
}
# More pictures than that say less than a table.
MOST = 12


@dataclass(frozen=True)
class Small:
    title: str
    drawing: Drawing

    @property
    def coloured(self) -> bool:
        return any(row["class"] is not None for row in self.drawing.picture.rows)


@dataclass(frozen=True)
class Multiples:
    """All pictures share the limits of their classes."""

    view: View
    over: str

    @classmethod
    def asked(cls, view: View, over: str) -> Multiples:
        if over not in OVER:
            raise Http404(_("Small maps go over the rounds or over the groups."))
        return cls(view.beside(scale=over), over)

    def _views(self) -> Iterator[tuple[str, View]]:
        if self.over == "groups":
            for each in self.view.groups[:MOST]:
                yield str(capfirst(each.title)), self.view.beside(breakdown=each.key)
            return
        code = self.view.indicator.code
        for release in list(reversed(self.view.rounds))[-MOST:]:
            indicator = indicators_in(release).get(code)
            found = indicator and self.view.beside(release=release, indicator=indicator)
            if found and self.view.breakdown in {x.key for x in found.groups}:
                yield round_title(release.observation_set), found

    @property
    def pictures(self) -> list[Small]:
        """Those on which a zone has a colour."""
        return [each for each in self._all if each.coloured]

    @property
    def blank(self) -> list[Small]:
        """Those that would be empty: only their words are shown."""
        return [each for each in self._all if not each.coloured]

    @cached_property
    def _all(self) -> list[Small]:
        grounds: dict[tuple, Ground] = {}
        made = []
        for place, (title, view) in enumerate(self._views()):
            keys = tuple(sorted((each.code, each.zones) for each in view.places))
            if keys not in grounds:
                grounds[keys] = Ground.of(view)
            drawing = Drawing(
                view,
                grounds[keys],
                view.scheme.palette,
                names=False,
                key=f"small-{place}",
            )
            made.append(Small(title, drawing))
        return made

    def table(self) -> list[dict]:
        """A row a zone, a cell a picture, for those who cannot see them."""
        columns = [
            {row["code"]: row for row in each.drawing.picture.rows}
            for each in self.pictures
        ]
        names = {
            code: row["name"] for column in columns for code, row in column.items()
        }
        return [
            {"name": name, "cells": [column.get(code) for column in columns]}
            for code, name in sorted(names.items(), key=lambda pair: pair[1])
        ]
