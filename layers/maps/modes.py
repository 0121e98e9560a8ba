"""The ways in which the desk draws figures, each under the name its address bears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.maps.bivariate import Bivariate
from layers.maps.columns import Column
from layers.maps.desk import View
from layers.maps.differences import Difference
from layers.maps.errors import UnfitView
from layers.maps.likeness import Likeness
from layers.maps.means import MeanMap

MODES = {
    "": gettext_lazy("One indicator"),
    "difference": gettext_lazy("Change between two rounds"),
    "bivariate": gettext_lazy("Two indicators together"),
    "clusters": gettext_lazy("Likeness of neighbours"),
}
"""Of one indicator at least; `MEAN` beside them is a choice of its own."""
MEAN = "mean"
_AS_INDICATOR = f"{MEAN}:"


class Shown(Protocol):
    """What map, legend, table and paper draw from."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row a zone, in the order of the table."""

    @property
    def town(self) -> dict[str, Any]: ...

    @property
    def query(self) -> dict[str, str]: ...

    @property
    def columns(self) -> tuple[Column, ...]:
        """The numbers of a row that files hold, as they are told in this mode."""

    @property
    def identity(self) -> tuple:
        """What the figures depend on beside the view."""

    def legend(self) -> dict[str, Any]: ...

    def values(self) -> dict[str, Any]: ...


def shown(view: View, query: Mapping[str, str]) -> Shown:
    """What the address asks for. Raises Http404 or UnfitView."""
    mode = query.get("mode") or ""
    if mode == "difference":
        return Difference.asked(view, query)
    if mode in {*MODES, MEAN} and mode and view.level:
        raise UnfitView(
            _(
                "Larger areas are shown of one indicator, or of what changed. For this way to look, choose the zones."
            )
        )
    if mode == "bivariate":
        return Bivariate.asked(view, query)
    if mode == "clusters":
        return Likeness(view)
    if mode == MEAN:
        return MeanMap.asked(view, query)
    if mode:
        raise Http404(_("There is no such way to draw the figures."))
    return view


def spelled_out(query: QueryDict) -> QueryDict | None:
    """The address of a mean that was chosen in the list of indicators, else None.

    The list says `indicator=mean:CODE`, so that forms without scripts can choose one.
    """
    code = query.get("indicator", "").removeprefix(_AS_INDICATOR)
    if code == query.get("indicator", ""):
        return None
    found = query.copy()
    for name in ("indicator", "breakdown", "level", "other", "second"):
        found.pop(name, None)
    found["mode"], found["mean"] = MEAN, code
    return found


def query_of(view: View, picture: Shown) -> dict[str, str]:
    """The whole question, for links."""
    return {**view.query, **picture.query}
