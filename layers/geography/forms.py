from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from layers.geography.files.archive import LARGEST
from layers.geography.files.columns import ROLES
from layers.geography.files.request import Missing, Options, What
from layers.geography.models import Facility, ImportRun, Zone

ROLE_LABELS = {
    "code": _("Column with the code"),
    "official_area": _("Column with the official area"),
    "parent": _("Column with the parent zone's code"),
    "kind": _("Column with the kind"),
    "name_ar": _("Column with the Arabic name"),
    "name_en": _("Column with the English name"),
    "name_fr": _("Column with the French name"),
}


class UploadForm(forms.Form):
    what = forms.ChoiceField(
        label=_("What does the file hold?"),
        choices=ImportRun.What,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "GeoPackage, GeoJSON, FlatGeobuf, a zipped Shapefile, or CSV with a WKT"
            " column (for facilities also longitude and latitude)."
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                _("The file is larger than 2 GB. Split it, for example by section.")
            )
        return file


class OptionsForm(forms.Form):
    """How a file is to be read; the columns offered are those it has."""

    crs = forms.RegexField(
        r"^(?i:EPSG:)?\d{4,6}$",
        label=_("Coordinate reference system"),
        help_text=_("Only where the file doesn't say it: EPSG:22770, for example."),
        required=False,
        error_messages={"invalid": _("Write EPSG and its number: EPSG:22770.")},
    )
    layer = forms.CharField(
        label=_("Layer"),
        help_text=_("Only where the file holds several."),
        required=False,
        max_length=200,
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    missing = forms.ChoiceField(
        label=_("What is in force and not in the file"),
        choices=[
            (Missing.ASK, _("Retire it, but ask me when it is more than a tenth")),
            (Missing.RETIRE, _("Retire it: the file is the whole town")),
            (Missing.KEEP, _("Keep it: the file is a part of the town")),
        ],
        widget=forms.RadioSelect,
    )
    skip_refused = forms.BooleanField(
        label=_("Leave out refused rows and import the others"), required=False
    )
    dissolve = forms.BooleanField(
        label=_("Merge rows with the same code into one area"), required=False
    )
    set_boundary = forms.BooleanField(
        label=_("Draw the municipality's boundary from this file"), required=False
    )

    def __init__(
        self, *args: Any, what: str, columns: list[str], options: Options, **kwargs: Any
    ) -> None:
        initial = {
            **options.as_json(),
            **{f"column_{k}": v for k, v in options.columns.items()},
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.what = What(what)
        kinds = {What.ZONES: Zone.Kind, What.FACILITIES: Facility.Kind}
        if self.what in kinds:
            first = [("", _("As the file says"))]
            choices = list(kinds[self.what].choices)
            self.fields["kind"].choices = [*first, *choices]
        else:
            del self.fields["kind"]
        if self.what is not What.ZONES:
            del self.fields["dissolve"]
        if self.what is What.FACILITIES:
            del self.fields["set_boundary"]
        if columns:
            self._offer(columns)

    def _offer(self, columns: list[str]) -> None:
        choices = [("", _("As its name suggests")), *((c, c) for c in columns)]
        offered = {
            f"column_{role}": forms.ChoiceField(
                label=ROLE_LABELS[role], choices=choices, required=False
            )
            for role in ROLES[self.what]
        }
        self.fields = {**offered, **self.fields}

    def options(self) -> Options:
        data = self.cleaned_data
        crs = data["crs"].upper()
        return Options(
            crs=f"EPSG:{crs}" if crs.isdigit() else crs,
            layer=data["layer"],
            kind=data.get("kind", ""),
            missing=Missing(data["missing"]),
            skip_refused=data["skip_refused"],
            dissolve=data.get("dissolve", False),
            set_boundary=data.get("set_boundary", False),
            columns={
                role: data[f"column_{role}"]
                for role in ROLES[self.what]
                if data.get(f"column_{role}")
            },
        )
