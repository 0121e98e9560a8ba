"""What of the requests everyone may know: the town's decisions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext as _

from gisportal.accounts.models import User
from gisportal.service_requests.errors import DecidedMeanwhile, NotConfirmed
from gisportal.service_requests.models import Category, PublicDecision
from layers.geography.models import Municipality


@dataclass(frozen=True)
class Change:
    """What a decision would change; `shown` None leaves the layer as it is."""

    shown: bool | None
    marked: tuple[Category, ...]
    unmarked: tuple[Category, ...]
    # To be told more of than now: all of it where the layer itself comes back.
    opened: tuple[Category, ...]

    @property
    def opens(self) -> bool:
        return bool(self.shown or self.opened)

    def decisions(self, municipality: Municipality, by: User) -> list[PublicDecision]:
        whole = [] if self.shown is None else [(None, self.shown)]
        each = [
            *whole,
            *((category, True) for category in self.marked),
            *((category, False) for category in self.unmarked),
        ]
        return [
            PublicDecision(
                municipality=municipality, category=category, public=public, by=by
            )
            for category, public in each
        ]


def last_decision(municipality: Municipality) -> int:
    """Its key; 0 where nothing was decided yet."""
    found = PublicDecision.objects.of(municipality).order_by("-pk")
    return found.values_list("pk", flat=True).first() or 0


def change(
    municipality: Municipality, *, shown: bool, in_public_space: Collection[Category]
) -> Change:
    """From what holds now to a layer that is `shown` with these categories marked."""
    before = PublicDecision.objects.of(municipality).layer_shown()
    wanted = {category.pk for category in in_public_space}
    known = list(Category.objects.of(municipality))
    marked = [x for x in known if x.pk in wanted and not x.in_public_space]
    kept = [x for x in known if x.pk in wanted]
    return Change(
        shown=None if shown == before else shown,
        marked=tuple(marked),
        unmarked=tuple(x for x in known if x.in_public_space and x.pk not in wanted),
        opened=tuple((marked if before else kept) if shown else ()),
    )


@transaction.atomic
def decide_public(
    *,
    municipality: Municipality,
    shown: bool,
    in_public_space: Collection[Category],
    seen: int,
    confirmed: bool,
    by: User,
) -> Change:
    """Decide and note who did; `seen` is the last decision that `by` knew of.

    Raises DecidedMeanwhile, and NotConfirmed where something would become public.
    """
    _wait_for_others(municipality)
    if last_decision(municipality) != seen:
        latest = PublicDecision.objects.of(municipality).select_related("by")[0]
        raise DecidedMeanwhile(
            _("%(who)s decided anew meanwhile. Look at it again, then save.")
            % {"who": latest.by}
        )
    wanted = change(municipality, shown=shown, in_public_space=in_public_space)
    if wanted.opens and not confirmed:
        raise NotConfirmed(_("Confirm what becomes public."))
    own = Category.objects.of(municipality)
    for categories, value in ((wanted.marked, True), (wanted.unmarked, False)):
        if categories:
            own.filter(pk__in=[x.pk for x in categories]).update(in_public_space=value)
    PublicDecision.objects.bulk_create(wanted.decisions(municipality, by))
    return wanted


def _wait_for_others(municipality: Municipality) -> None:
    """Until the end of the transaction nobody else decides for the town."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('public requests', %s))",
            [municipality.pk],
        )
