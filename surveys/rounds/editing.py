"""Changes a round after it was made: what follows is told before, and what records
contradict is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from layers.geography.models import Zone
from surveys.errors import RoundRefused
from surveys.models import Round

NAMES = ("name_ar", "name_en", "name_fr")
FIELDS = (
    *NAMES,
    "starts_on",
    "ends_on",
    "school_year_start",
    "zones",
    "tolerance",
    "nonresponse",
)
# Published figures are other ones after these.
RESTATE = {*NAMES, "ends_on", "school_year_start", "nonresponse"}
NEXT_RELEASE = gettext_lazy(
    "The next release has it; those published stay as they are."
)
EFFECTS: Mapping[str, str | Promise] = {
    **dict.fromkeys(NAMES, NEXT_RELEASE),
    "starts_on": gettext_lazy("Interviews outside the days are findings of a check."),
    "ends_on": gettext_lazy(
        "Interviews outside the days are findings of a check. The figures of the next "
        "release carry this date."
    ),
    "school_year_start": gettext_lazy(
        "School ages are counted anew, and figures on school change with the next release."
    ),
    "zones": gettext_lazy("The next sample is drawn from these zones."),
    "tolerance": gettext_lazy(
        "It holds for what arrives from now on. Records placed by the nearest parcel stay."
    ),
    "nonresponse": gettext_lazy("Weights change with the next release."),
}


@dataclass(frozen=True)
class Change:
    field: str
    label: str
    before: str
    after: str
    effect: str | Promise


def changes_of(*, round: Round, wanted: Mapping[str, Any]) -> list[Change]:
    """What would change, in the order of the form."""
    return [
        Change(
            name,
            str(getattr(Round._meta.get_field(name), "verbose_name", name)),
            _told(round, name, getattr(round, name)),
            _told(round, name, wanted[name]),
            EFFECTS[name],
        )
        for name in FIELDS
        if getattr(round, name) != wanted[name]
    ]


def _told(round: Round, name: str, value: Any) -> str:
    if name == "zones":
        zones = Zone.objects.of(round.municipality).current().filter(code__in=value)
        return "، ".join(str(each) for each in zones) if value else _("all")
    if name == "nonresponse":
        return str(Round.Nonresponse(value).label)
    return value.isoformat() if isinstance(value, date) else str(value)


@transaction.atomic
def edit_round(*, round: Round, wanted: Mapping[str, Any]) -> list[Change]:
    """Raises RoundRefused, by field, for what records or the sample contradict."""
    locked = Round.objects.select_for_update(of=("self",)).get(pk=round.pk)
    changes = changes_of(round=locked, wanted=wanted)
    _refuse_contradicted(locked, wanted)
    for change in changes:
        setattr(locked, change.field, wanted[change.field])
    if RESTATE & {change.field for change in changes}:
        locked.restated_at = timezone.now()
    locked.full_clean(exclude=["municipality", "form", "back_check_form"])
    locked.save(update_fields=[*FIELDS, "restated_at"])
    return changes


def _refuse_contradicted(round: Round, wanted: Mapping[str, Any]) -> None:
    found: dict[str, ValidationError] = {}
    within = round.submissions.valid().filter(
        interviewed_on__range=(round.starts_on, round.ends_on)
    )
    sides = {
        "starts_on": within.filter(interviewed_on__lt=wanted["starts_on"]),
        "ends_on": within.filter(interviewed_on__gt=wanted["ends_on"]),
    }
    for name, outside in sides.items():
        days = list(outside.order_by("interviewed_on").values_list("interviewed_on"))
        if days:
            found[name] = ValidationError(_outside(len(days)) % _span(days))
    zones = wanted["zones"]
    targets = round.targets.exclude(parcel__zone__code__in=zones)
    if zones and zones != round.zones and targets.exists():
        found["zones"] = ValidationError(
            _(
                "Parcels of the sample lie in other zones. Keep these zones, or draw a new "
                "sample on the page “Field work” first."
            )
        )
    if found:
        raise RoundRefused(found)


def _outside(count: int) -> str:
    return ngettext(
        "%(count)s interview would be outside, of %(first)s. Choose a day that keeps it.",
        "%(count)s interviews would be outside, of %(first)s to %(last)s. Choose a day that "
        "keeps them.",
        count,
    )


def _span(days: list[tuple[date]]) -> dict[str, Any]:
    first, last = days[0][0].isoformat(), days[-1][0].isoformat()
    return {"count": len(days), "first": first, "last": last}
