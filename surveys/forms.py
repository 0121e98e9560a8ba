from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from surveys.models import Round

MAX_FILES = 10


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class RoundForm(forms.ModelForm):
    class Meta:
        model = Round
        fields: tuple[str, ...] = (
            "name_ar",
            "name_en",
            "name_fr",
            "code",
            "starts_on",
            "ends_on",
            "school_year_start",
        )
        widgets = {
            "starts_on": DateInput(),
            "ends_on": DateInput(),
            "school_year_start": DateInput(),
        }
        help_texts = {
            "code": _("Short, in Latin letters, such as 2026-spring."),
            "ends_on": _("Interviews outside these days are refused."),
            "school_year_start": _(
                "First day of the school year in which the interviews take place. "
                "School age is counted on this day."
            ),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error(
                "ends_on", _("The last interview is before the first. Change one.")
            )
        return cleaned


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file, or the CSV files that belong together."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data or ([None] if self.required else [])
        files = [super(FilesField, self).clean(each, initial) for each in given]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(
                _("Choose one file, or a CSV file per sheet. You chose %(count)s."),
                params={"count": len(files)},
            )
        if sum(each.size for each in files) > settings.SURVEY_FILE_MB * 1024**2:
            raise forms.ValidationError(
                _(
                    "The file is larger than %(limit)s MB. Split it into several "
                    "files and upload them one after the other."
                ),
                params={"limit": settings.SURVEY_FILE_MB},
            )
        return files


class UploadForm(forms.Form):
    """`sent` has what arrived in pieces already: a key, a space and the file's name on
    each line.
    """

    answers = FilesField(
        label=_("File with the answers"),
        help_text=_(
            "An Excel workbook (.xlsx) like the template, a CSV file per sheet, a "
            "GeoPackage or GeoJSON."
        ),
        allow_empty_file=True,
        error_messages={"required": _("Choose the file with the answers.")},
        max_length=200,
        widget=FilesInput(
            attrs={"accept": ".xlsx,.csv,.zip,.txt,.gpkg,.geojson,.json"}
        ),
    )
    sent = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["answers"].required = not self.data.get("sent")

    def sent_files(self) -> list[tuple[str, str]]:
        """Key and name of each."""
        lines = self.cleaned_data["sent"].splitlines()
        pairs = [line.partition(" ") for line in lines]
        return [(key, name) for key, _space, name in pairs][:MAX_FILES]


class WithdrawalForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Such as: the family asked for it; the wrong household."),
    )
