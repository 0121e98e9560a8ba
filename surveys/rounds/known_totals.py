"""A round's known totals of children: typed in, or read from a CSV.

A row of the file has a zone and its children, or a sex, an age band and its children.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.geography.models import Parcel, Zone, ZoneQuerySet
from layers.indicators.groups.breakdowns import DIMENSIONS, crossed
from layers.indicators.samples.known_totals import (
    MARGINS,
    MOST,
    SEX_AGE,
    SEX_AGE_KEYS,
    ZONE,
    KnownTotals,
    check_totals,
    name_of,
)
from surveys.models import Round

COLUMNS = ("zone", "sex", "age", "children")
BETWEEN = "."


class TotalsForm(forms.Form):
    """A number for each zone, and one for each sex and age band; empty tables are none."""

    def __init__(self, round: Round, data: Any = None) -> None:
        super().__init__(data)
        zones = zones_of(round).only("code", "name_ar", "name_en", "name_fr")
        self.rows = {
            ZONE: [(zone.code, zone.name) for zone in zones.order_by("code")],
            SEX_AGE: [(key, name_of(SEX_AGE, key)) for key in SEX_AGE_KEYS],
        }
        # A zone that is no longer current keeps its total until somebody takes it out.
        current = {code for code, _name in self.rows[ZONE]}
        former = set(round.known_totals.get(ZONE, {})) - current
        self.rows[ZONE] += [(code, code) for code in sorted(former)]
        for margin, rows in self.rows.items():
            known = round.known_totals.get(margin, {})
            for key, name in rows:
                self.fields[f"{margin}{BETWEEN}{key}"] = forms.IntegerField(
                    label=name,
                    required=False,
                    min_value=1,
                    max_value=MOST,
                    initial=known.get(key),
                    help_text=key if margin == ZONE and key != name else "",
                    widget=forms.NumberInput(
                        {"class": "form-control surveys-total", "inputmode": "numeric"}
                    ),
                )

    def fields_of(self, margin: str) -> list[forms.BoundField]:
        return [self[f"{margin}{BETWEEN}{key}"] for key, _name in self.rows[margin]]

    @property
    def zones(self) -> list[forms.BoundField]:
        return self.fields_of(ZONE)

    @property
    def ages(self) -> list[forms.BoundField]:
        return self.fields_of(SEX_AGE)

    def clean(self) -> dict[str, Any]:
        found: dict[str, dict[str, float]] = {}
        for name, value in self.cleaned_data.items():
            margin, _dot, key = name.partition(BETWEEN)
            if value is not None:
                found.setdefault(margin, {})[key] = value
        self.totals = {margin: found[margin] for margin in MARGINS if margin in found}
        if not self.errors:
            check_totals(self.totals)
        return self.cleaned_data


def zones_of(round: Round) -> ZoneQuerySet:
    """Current zones of the kinds in which parcels lie: a household counts in that zone."""
    kinds = Parcel.objects.of(round.municipality).exclude(zone=None)
    return (
        Zone.objects.of(round.municipality)
        .current()
        .filter(kind__in=kinds.order_by().values("zone__kind").distinct())
    )


class FileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("Table of known totals (CSV)"))


def read_totals(round: Round, file: IO[bytes]) -> dict[str, dict[str, float]]:
    """Raises a ValidationError with every line that cannot be taken."""
    codes = set(zones_of(round).values_list("code", flat=True))
    found: dict[str, dict[str, float]] = {margin: {} for margin in MARGINS}
    problems = []
    for number, row in enumerate(_rows(file), start=2):
        try:
            margin, key, children = _line(row, codes)
            if key in found[margin]:
                raise ValueError(_("it stands there twice; keep one"))
        except ValueError as wrong:
            problems.append(
                _("Line %(number)s: %(what)s.") % {"number": number, "what": wrong}
            )
        else:
            if children is not None:
                found[margin][key] = children
    if problems:
        raise ValidationError(problems[:20])
    totals = {margin: each for margin, each in found.items() if each}
    check_totals(totals)
    return totals


def _rows(file: IO[bytes]) -> list[dict[str, Any]]:
    try:
        text = file.read().decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        missing = set(COLUMNS) - set(rows.fieldnames or ())
        found = list(rows)
    except (UnicodeDecodeError, csv.Error) as broken:
        raise ValidationError(
            _(
                "This is no CSV in UTF-8. Save the table as “CSV UTF-8” and send it "
                "again."
            )
        ) from broken
    if missing:
        raise ValidationError(
            _("The file has no column %(names)s. Its first line must be: %(all)s.")
            % {"names": ", ".join(sorted(missing)), "all": ",".join(COLUMNS)}
        )
    return found


def _line(row: dict[str, Any], codes: set[str]) -> tuple[str, str, int | None]:
    """Margin, key and children (None for an empty cell). Raises ValueError in words."""
    zone, sex, age, children = ((row[name] or "").strip() for name in COLUMNS)
    if zone and not (sex or age):
        if zone not in codes:
            raise ValueError(_("the town has no zone %(code)s") % {"code": zone})
        margin, key = ZONE, zone
    else:
        margin, key = SEX_AGE, crossed(f"sex:{sex}", f"age:{age}")
        if zone or key not in SEX_AGE_KEYS:
            raise ValueError(
                _(
                    "give a zone alone, or a sex (%(sexes)s) and an age (%(ages)s) "
                    "without a zone"
                )
                % {
                    "sexes": ", ".join(DIMENSIONS["sex"].categories),
                    "ages": ", ".join(DIMENSIONS["age"].categories),
                }
            )
    if not children:
        return margin, key, None
    if not (children.isascii() and children.isdigit() and 0 < int(children) <= MOST):
        raise ValueError(
            _("“%(given)s” is no number of children above zero")
            % {"given": children[:40]}
        )
    return margin, key, int(children)


def lines_of(form: TotalsForm) -> Iterator[list[Any]]:
    """The table with what is known, to fill in and send back."""
    yield list(COLUMNS)
    for margin, rows in form.rows.items():
        for key, _name in rows:
            known = form[f"{margin}{BETWEEN}{key}"].initial or ""
            if margin == ZONE:
                yield [key, "", "", known]
            else:
                sex, age = (part.split(":")[1] for part in key.split("+"))
                yield ["", sex, age, known]


@transaction.atomic
def set_known_totals(*, round: Round, totals: KnownTotals) -> bool:
    """Whether anything changed; the next release is weighted to them.

    Raises UnlikeTotals where they contradict themselves.
    """
    check_totals(totals)
    locked = Round.objects.select_for_update().get(pk=round.pk)
    if locked.known_totals == totals:
        return False
    locked.known_totals, locked.restated_at = dict(totals), timezone.now()
    locked.save(update_fields=["known_totals", "restated_at"])
    return True
