"""Open requests go with the parcel and the zone that they are about."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gisportal.cases import workflow
from gisportal.cases.models import Case
from layers.editing.followers import Change, Following, Move, Place


class Requests:
    """A request goes to the piece that holds its point; without a point to the one that
    keeps the code, else to the largest, for a person to look at. What is answered stays
    with the place as it was then.
    """

    name = "requests"
    title = _("Open requests of residents")
    permission = "service_requests.view_all"

    def count(self, number: int) -> str:
        return ngettext("%(n)s request", "%(n)s requests", number) % {"n": number}

    def follow(self, change: Change) -> Following:
        field = "parcel" if change.parcels else "zone"
        moves, memory = [], {}
        cases = Case.objects.of(change.municipality)
        standing = cases.filter(
            status__in=workflow.OPEN, **{f"{field}__in": list(change.replaced)}
        )
        for case in standing.order_by("number"):
            pk = getattr(case, f"{field}_id")
            own = (change.memory or {}).get(str(case.pk))
            place, is_open = _destination(change, case, pk, own)
            if place is not None and place.pk != pk:
                memory[str(case.pk)] = pk
                cases.filter(pk=case.pk).update(**{field: place.pk})
            if is_open or str(case.pk) in memory:
                target = place.code if place else change.codes[pk]
                moves.append(Move(case.number, change.codes[pk], target, is_open))
        return Following(moves, memory)

    go_back = follow


def _destination(
    change: Change, case: Case, pk: int, own: int | None
) -> tuple[Place | None, bool]:
    after = change.successors[pk]
    mine = next((each for each in after if each.pk == own), None)
    if mine is None and case.geometry is not None:
        mine = change.holding(pk, case.geometry.x, case.geometry.y)
    if mine is not None:
        return mine, False
    place = change.keeping(pk) or (after[0] if after else None)
    return place, len(after) != 1


FOLLOWERS = (Requests(),)
