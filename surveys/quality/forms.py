from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.models import Round
from surveys.quality.definitions import CHECKS, Check
from surveys.quality.services import settings_of


class ChecksForm(forms.Form):
    """Every check of a round, switched on or off, with its thresholds."""

    def __init__(self, round: Round, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        now = settings_of(round)
        for code, check in CHECKS.items():
            self.fields[code] = forms.BooleanField(
                label=check.title,
                required=False,
                initial=code in now,
                widget=forms.CheckboxInput({"class": "form-check-input"}),
            )
            for name, threshold in check.thresholds.items():
                self.fields[f"{code}-{name}"] = forms.FloatField(
                    label=threshold.label,
                    min_value=threshold.low,
                    max_value=threshold.high,
                    initial=now.get(code, check.defaults)[name],
                    # Of a check that is off its thresholds are not asked.
                    required=False,
                    widget=forms.NumberInput({"class": "form-control", "step": "any"}),
                    help_text=_("from %(low)s to %(high)s, usually %(usual)s")
                    % {
                        "low": f"{threshold.low:g}",
                        "high": f"{threshold.high:g}",
                        "usual": f"{threshold.usual:g}",
                    },
                )

    def rows(self) -> Iterator[tuple[Check, Any, list[Any]]]:
        for code, check in CHECKS.items():
            names = [f"{code}-{name}" for name in check.thresholds]
            yield check, self[code], [self[name] for name in names]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for code, check in CHECKS.items():
            if not cleaned.get(code):
                continue
            for name in check.thresholds:
                field = f"{code}-{name}"
                if field not in self.errors and cleaned.get(field) is None:
                    self.add_error(field, _("A check that is on needs a number here."))
        return cleaned

    def settings(self) -> Iterator[tuple[str, bool, dict[str, float]]]:
        """Code, whether it is on, its thresholds that are not the usual ones."""
        for code, check in CHECKS.items():
            values = {
                name: self.cleaned_data.get(f"{code}-{name}")
                for name in check.thresholds
            }
            own = {
                name: value
                for name, value in values.items()
                if value is not None and value != check.defaults[name]
            }
            yield code, bool(self.cleaned_data.get(code)), own
