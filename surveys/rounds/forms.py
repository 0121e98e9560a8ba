from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Municipality, Zone
from surveys.forms import DateInput, RoundForm
from surveys.models import Form, Round
from surveys.rounds.editing import FIELDS
from surveys.rounds.services import SEGMENT_SIZE, Plan, surveyors_of

NOBODY = "none"


class OpenForm(forms.Form):
    """Which questionnaire the round asks."""

    form: forms.ModelChoiceField[Form] = forms.ModelChoiceField(
        Form.objects.none(), label=_("Questionnaire"), empty_label=None
    )

    def __init__(self, municipality: Municipality, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["form"].queryset = (
            Form.objects.of(municipality)
            .filter(versions__state="published", retired_at=None)
            .distinct()
        )


class EditForm(RoundForm):
    """A round that is there; its code stays, because addresses and releases carry it."""

    zones = forms.MultipleChoiceField(
        label=_("Target zones"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )

    class Meta(RoundForm.Meta):
        fields: tuple[str, ...] = FIELDS
        widgets = {
            name: DateInput() for name in ("starts_on", "ends_on", "school_year_start")
        }
        help_texts = {
            "school_year_start": RoundForm.Meta.help_texts["school_year_start"],
            "tolerance": _(
                "A position outside every parcel is put on the nearest one that is not "
                "farther away than this."
            ),
            "nonresponse": _(
                "Within each class, those who were interviewed also stand for those who "
                "were not."
            ),
        }

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        zones = Zone.objects.of(self.instance.municipality).reporting()
        self.fields["zones"].choices = [(zone.code, zone.name) for zone in zones]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        begins, last = cleaned.get("school_year_start"), cleaned.get("ends_on")
        if begins and last and begins > last:
            self.add_error(
                "school_year_start",
                _("The school year begins after the last interview. Change one."),
            )
        return cleaned


class BackCheckForm(OpenForm):
    """With which questionnaire interviews are held again."""

    def __init__(self, municipality: Municipality, *given: Any, **more: Any) -> None:
        super().__init__(municipality, *given, **more)
        field = self.fields["form"]
        field.required, field.empty_label = False, _("no back-checks")
        field.label = _("Questionnaire of the back-checks")


class DrawAgainForm(forms.Form):
    per_cent = forms.IntegerField(
        label=_("Share of each surveyor's interviews, per cent"),
        min_value=1,
        max_value=100,
        initial=10,
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31,
        initial=1,
        help_text=_("The same number draws the same interviews again."),
    )
    people = forms.MultipleChoiceField(
        label=_("Who holds them again"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, municipality: Municipality, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.persons = {str(each.pk): each for each in surveyors_of(municipality)}
        self.fields["people"].choices = [
            (key, person.full_name) for key, person in self.persons.items()
        ]

    @property
    def chosen(self) -> list[Any]:
        return [self.persons[key] for key in self.cleaned_data["people"]]


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

    surveyor = forms.ChoiceField(label=_("Surveyor"))

    def __init__(self, municipality: Municipality, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.people = {str(each.pk): each for each in surveyors_of(municipality)}
        self.fields["surveyor"].choices = [
            ("", _("Choose a surveyor")),
            *((key, person.full_name) for key, person in self.people.items()),
            (NOBODY, _("nobody: take them back")),
        ]

    @property
    def chosen(self) -> Any:
        return self.people.get(self.cleaned_data["surveyor"])
