from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.quality.daysoff import as_thresholds, holidays_in
from surveys.quality.definitions import Check, Threshold

WITH_HOLIDAYS = "day_off"
MAX_HOLIDAYS = 100


class CheckForm(forms.Form):
    """A check in one round: on or off, and where it begins to speak."""

    enabled = forms.BooleanField(label=gettext_lazy("Switched on"), required=False)

    def __init__(
        self, check: Check, present: dict[str, float] | None, *given: Any
    ) -> None:
        """`present` are the thresholds in use, None where it is off."""
        values = {**check.defaults, **(present or {})}
        initial: dict[str, Any] = {**values, "enabled": present is not None}
        initial["holidays"] = "\n".join(holidays_in(values))
        super().__init__(*given, initial=initial, auto_id=f"id_{check.code}_%s")
        self.check = check
        for name, threshold in check.thresholds.items():
            self.fields[name] = _field(threshold)
        if check.code == WITH_HOLIDAYS:
            self.fields["holidays"] = forms.CharField(
                label=_("Holidays"),
                required=False,
                max_length=5000,
                widget=forms.Textarea({"rows": 3, "dir": "ltr"}),
                help_text=_("One date in each line, such as 2026-05-01."),
            )

    def clean_holidays(self) -> list[date]:
        lines = self.cleaned_data["holidays"].split()
        if len(lines) > MAX_HOLIDAYS:
            raise ValidationError(_("Not more than %(max)s.") % {"max": MAX_HOLIDAYS})
        try:
            return [date.fromisoformat(line) for line in lines]
        except ValueError as error:
            raise ValidationError(
                _("Write each date as year, month, day: 2026-05-01.")
            ) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        low, high = cleaned.get("earliest"), cleaned.get("latest")
        if low is not None and high is not None and low >= high:
            self.add_error("latest", _("Must be later than the earliest hour."))
        return cleaned

    @property
    def thresholds(self) -> dict[str, float]:
        given = self.cleaned_data
        holidays = as_thresholds(given.get("holidays", []))
        return {**{each: given[each] for each in self.check.thresholds}, **holidays}


def _field(threshold: Threshold) -> forms.Field:
    if threshold.choices is not None:
        return forms.TypedChoiceField(
            label=threshold.label,
            choices=list(threshold.choices.items()),
            coerce=int,
        )
    return forms.FloatField(
        label=threshold.label,
        min_value=threshold.low,
        max_value=threshold.high,
        widget=forms.NumberInput({"step": "any", "dir": "ltr"}),
    )
