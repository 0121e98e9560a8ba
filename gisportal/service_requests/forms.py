from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.gis.geos import Point
from django.utils.translation import gettext_lazy as _

from gisportal.cases import workflow
from gisportal.cases.errors import PlaceRefused
from gisportal.cases.models import Case
from gisportal.cases.services import Place, find_place
from gisportal.service_requests.models import Category
from layers.geography.files.photo import PhotoRefused, clean_photo
from layers.geography.models import Municipality, Zone

PHOTO_TYPES = "image/jpeg,image/png,image/webp"
MAX_WORDS = 4000


def _choices(form: forms.Form, name: str) -> forms.ModelChoiceField:
    return cast(forms.ModelChoiceField, form.fields[name])


class TownForm(forms.Form):
    """A form about one municipality, which it asks about parcels and categories."""

    def __init__(self, *args: Any, municipality: Municipality, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.municipality = municipality
        if "category" in self.fields:
            _choices(self, "category").queryset = Category.objects.of(municipality)


class WhatForm(TownForm):
    category = forms.ModelChoiceField(
        Category.objects.none(),
        label=_("What is it about?"),
        to_field_name="code",
        empty_label=None,
        widget=forms.RadioSelect,
        template_name="service_requests/category_field.html",
        error_messages={"required": _("Choose what it is about.")},
    )
    description = forms.CharField(
        label=_("What is the matter?"),
        help_text=_("A few words are enough. Please write no names of others."),
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write a few words about it.")},
    )


class WhereForm(TownForm):
    """A place on the map, by parcel number or in words; `place` after validation."""

    latitude = forms.FloatField(
        label=_("Latitude"),
        required=False,
        min_value=-90,
        max_value=90,
        widget=forms.HiddenInput,
    )
    longitude = forms.FloatField(
        label=_("Longitude"),
        required=False,
        min_value=-180,
        max_value=180,
        widget=forms.HiddenInput,
    )
    parcel = forms.CharField(
        label=_("Parcel number"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    address = forms.CharField(
        label=_("Address or landmark"),
        required=False,
        max_length=300,
        help_text=_("For example: behind the school, beside the bakery."),
    )

    place: Place | None = None

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        latitude, longitude = answers.get("latitude"), answers.get("longitude")
        geometry = None
        if latitude is not None and longitude is not None:
            geometry = Point(longitude, latitude, srid=4326)
        if not self.errors:
            try:
                self.place = find_place(
                    municipality=self.municipality,
                    geometry=geometry,
                    parcel_code=answers.get("parcel", ""),
                    address=answers.get("address", ""),
                )
            except PlaceRefused as fault:
                self.add_error("parcel" if fault.code == "parcel" else None, fault)
        return answers


class PhotoForm(forms.Form):
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        help_text=_(
            "It helps to find the place. We remove the position and the device's "
            "data from the photo before we keep it."
        ),
        widget=forms.FileInput(attrs={"accept": PHOTO_TYPES, "data-preview": "photo"}),
    )

    def clean_photo(self) -> Any:
        file = self.cleaned_data["photo"]
        if not file:
            return None
        try:
            return clean_photo(file)
        except PhotoRefused as fault:
            raise forms.ValidationError(fault.messages) from fault


class DeskForm(WhatForm, WhereForm, PhotoForm):
    """A walk-in's request, on one page for the clerk."""

    reporter_name = forms.CharField(label=_("Name of the resident"), max_length=200)
    reporter_phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    channel = forms.ChoiceField(
        label=_("How did it come in?"),
        choices=[
            (Case.Channel.DESK, _("At the front desk")),
            (Case.Channel.PHONE, _("By telephone")),
        ],
        initial=Case.Channel.DESK,
    )
    field_order = [
        "reporter_name",
        "reporter_phone",
        "channel",
        "category",
        "description",
        "parcel",
        "address",
        "photo",
    ]


class AnswerForm(forms.Form):
    """Words to the resident, a further status, or both."""

    status = forms.ChoiceField(label=_("Status"), required=False)
    text = forms.CharField(
        label=_("Answer to the resident"),
        required=False,
        max_length=MAX_WORDS,
        help_text=_("The resident reads it here and by e-mail."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self, *args: Any, case: Case, actors: frozenset[workflow.Actor], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        stays = _("Stays: %(status)s") % {"status": case.get_status_display()}
        status_field = cast(forms.ChoiceField, self.fields["status"])
        status_field.choices = [
            ("", stays),
            *(
                (status.value, Case.Status(status).label)
                for status in workflow.next_statuses(case.status, actors)
                if status is not workflow.Status.WITHDRAWN
            ),
        ]

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if not answers.get("status") and not answers.get("text"):
            self.add_error("text", _("Write an answer or choose a new status."))
        return answers


class WordsForm(forms.Form):
    text = forms.CharField(
        label=_("Your reply"),
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NoteForm(WordsForm):
    text = forms.CharField(
        label=_("Internal note"),
        max_length=MAX_WORDS,
        help_text=_("Only the staff read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class QueueForm(TownForm):
    """What of the queue is shown, and in which order."""

    OPEN, OVERDUE, ALL = "open", "overdue", "all"
    SORTS = {
        "deadline": ["case__deadline", "case__pk"],
        "newest": ["-case__created_at", "-case__pk"],
        "oldest": ["case__created_at", "case__pk"],
    }

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            (OPEN, _("All open")),
            (OVERDUE, _("Overdue")),
            *Case.Status.choices,
            (ALL, _("All")),
        ],
    )
    category = forms.ModelChoiceField(
        Category.objects.none(),
        label=_("Category"),
        required=False,
        to_field_name="code",
        empty_label=_("All"),
    )
    zone = forms.ModelChoiceField(
        Zone.objects.none(),
        label=_("Zone"),
        required=False,
        to_field_name="code",
        empty_label=_("All"),
    )
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("deadline", _("Deadline first")),
            ("newest", _("Newest first")),
            ("oldest", _("Oldest first")),
        ],
    )

    def __init__(self, *args: Any, municipality: Municipality, **kwargs: Any) -> None:
        super().__init__(*args, municipality=municipality, **kwargs)
        _choices(self, "zone").queryset = (
            Zone.objects.of(municipality).current().filter(kind=Zone.Kind.QUARTER)
        )


class PublicForm(forms.Form):
    """`seen` is the last decision that the page told of."""

    seen = forms.IntegerField(
        label=_("last decision"),
        min_value=0,
        max_value=2**63 - 1,
        widget=forms.HiddenInput,
    )
    shown = forms.BooleanField(label=_("Show requests on public maps"), required=False)
    categories = forms.ModelMultipleChoiceField(
        Category.objects.none(),
        label=_("What concerns streets and public places, not homes?"),
        to_field_name="code",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, municipality: Municipality, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "categories").queryset = Category.objects.of(municipality)
