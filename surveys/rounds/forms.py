from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Municipality, Zone
from surveys.models import Form, Round
from surveys.rounds.services import SEGMENT_SIZE, Plan, surveyors_of


class OpenForm(forms.Form):
    """Which questionnaire the round asks."""

    form = forms.ModelChoiceField(
        Form.objects.none(), label=_("Questionnaire"), empty_label=None
    )

    def __init__(self, municipality: Municipality, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["form"].queryset = (
            Form.objects.of(municipality)
            .filter(versions__state="published", retired_at=None)
            .distinct()
        )


class PlanForm(forms.Form):
    design = forms.ChoiceField(label=_("Sampling design"), choices=Round.Design)
    size = forms.IntegerField(
        label=_("Parcels to visit"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=_("For simple and stratified samples."),
    )
    segments = forms.IntegerField(
        label=_("Segments"),
        min_value=1,
        max_value=100_000,
        required=False,
        help_text=_("For two stages: groups of neighbouring parcels."),
    )
    per_segment = forms.IntegerField(
        label=_("Parcels in each segment"), min_value=1, max_value=1000, initial=10
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31,
        initial=1,
        help_text=_("The same number draws the same parcels again."),
    )
    zones = forms.ModelMultipleChoiceField(
        Zone.objects.none(),
        label=_("Zones"),
        required=False,
        help_text=_("None chosen: all."),
        to_field_name="code",
    )

    def __init__(self, municipality: Municipality, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["zones"].queryset = Zone.objects.of(municipality).reporting()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        needed = {
            Round.Design.SIMPLE: "size",
            Round.Design.STRATIFIED: "size",
            Round.Design.TWO_STAGE: "segments",
        }.get(cleaned.get("design", ""))
        if needed and not cleaned.get(needed) and needed not in self.errors:
            self.add_error(needed, _("Say how many."))
        return cleaned

    @property
    def plan(self) -> Plan:
        given = self.cleaned_data
        return Plan(
            design=given["design"],
            size=given["size"] or 0,
            segments=given["segments"] or 0,
            per_segment=given["per_segment"] or 10,
            segment_size=SEGMENT_SIZE,
            seed=given["seed"] or 0,
            zones=tuple(zone.code for zone in given["zones"]),
        )


class AssignForm(forms.Form):
    """Who goes to the chosen parcels; nobody, to take them back."""

    surveyor = forms.ChoiceField(label=_("Surveyor"), required=False)

    def __init__(self, municipality: Municipality, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.people = {str(each.pk): each for each in surveyors_of(municipality)}
        self.fields["surveyor"].choices = [
            ("", _("nobody")),
            *((key, person.full_name) for key, person in self.people.items()),
        ]

    @property
    def chosen(self) -> Any:
        return self.people.get(self.cleaned_data["surveyor"])
