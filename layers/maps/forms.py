from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.gis.geos import Point
from django.db.models import Max
from django.http import Http404, QueryDict
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Municipality
from layers.maps.desk import View
from layers.maps.errors import UnfitView
from layers.maps.models import MapComment, SavedMap
from layers.maps.modes import shown


class SavedMapForm(forms.ModelForm):
    """`roles` are those that may see the desk, as choices."""

    shared_with = forms.MultipleChoiceField(
        label=_("Shared with"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = SavedMap
        fields = ["title", "words", "shared_with", "story", "place", "state"]
        widgets = {
            "state": forms.HiddenInput,
            "words": forms.Textarea(attrs={"rows": 4}),
            "place": forms.NumberInput(attrs={"min": 1, "max": 99}),
        }
        help_texts = {
            "story": _("Maps with the same story are shown one after another."),
            "words": _("They stand beside the map in a story."),
            "place": _("Left empty, the map comes last."),
        }

    def __init__(
        self, *args: Any, municipality: Municipality, roles: list, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.municipality = municipality
        self.fields["shared_with"].choices = roles
        self.fields["place"].required = False
        if self.instance.pk is None:
            self.initial["place"] = None

    def clean_state(self) -> str:
        state = self.cleaned_data["state"].lstrip("?")
        query = QueryDict(state)
        try:
            shown(View.asked(self.municipality, query), query).legend()
        except (Http404, UnfitView) as wrong:
            raise forms.ValidationError(
                _("This map cannot be drawn any more. Open the desk and save it anew.")
            ) from wrong
        return state

    def clean_story(self) -> str:
        return " ".join(self.cleaned_data["story"].split())

    def clean(self) -> None:
        super().clean()
        if "place" not in self.errors and self.cleaned_data["place"] is None:
            self.cleaned_data["place"] = self._last(self.cleaned_data.get("story")) + 1

    def _last(self, story: str | None) -> int:
        """The last place taken in a story; 0 without one."""
        if not story:
            return 0
        others = SavedMap.objects.readable_by(
            self.instance.owner, self.municipality
        ).exclude(pk=self.instance.pk)
        return others.of_story(story).aggregate(last=Max("place"))["last"] or 0


class CommentForm(forms.ModelForm):
    longitude = forms.FloatField(min_value=-180, max_value=180)
    latitude = forms.FloatField(min_value=-85, max_value=85)

    class Meta:
        model = MapComment
        fields = ["text"]

    def place(self) -> Point:
        at = self.cleaned_data["longitude"], self.cleaned_data["latitude"]
        return Point(*at, srid=4326)
