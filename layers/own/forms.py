from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from layers.geography.files.archive import LARGEST
from layers.geography.files.request import Options
from layers.geography.folding import folded
from layers.maps.classes import FEWEST, MOST
from layers.maps.palettes import SEQUENTIAL
from layers.maps.scheme import METHODS, PALETTES
from layers.own.models import OwnLayer
from layers.own.reading import TYPE_WORDS
from layers.own.styles import INKS, NAMES, NUMBERS, ONE, VALUES, Chosen

LICENCES = [
    ("", _("all rights reserved")),
    ("CC0-1.0", _("no conditions (CC0)")),
    ("CC-BY-4.0", _("name the source (CC BY 4.0)")),
    ("CC-BY-SA-4.0", _("name the source, share alike (CC BY-SA 4.0)")),
    ("ODbL-1.0", _("as OpenStreetMap (ODbL)")),
]
ZOOMS = [
    (0, _("always")),
    (12, _("from the size of a town")),
    (14, _("from the size of a quarter")),
    (16, _("from the size of a street")),
]


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "GeoPackage, GeoJSON, FlatGeobuf, KML, a zipped Shapefile, or CSV with"
            " longitude and latitude or a WKT column."
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
    """How a file is to be read; `layers` are those it holds, where it holds several."""

    crs = forms.RegexField(
        r"^(?i:EPSG:)?\d{4,6}$",
        label=_("Coordinate reference system"),
        help_text=_("Only where the file doesn't say it: EPSG:22770, for example."),
        required=False,
        error_messages={"invalid": _("Write EPSG and its number: EPSG:22770.")},
    )

    def __init__(
        self, *args: Any, layers: list[str], options: Options, **kwargs: Any
    ) -> None:
        super().__init__(*args, initial={"crs": options.crs}, **kwargs)
        self.former = options
        if layers:
            self.fields["layer"] = forms.ChoiceField(
                label=_("Layer"),
                choices=[(name, name) for name in layers],
                widget=forms.RadioSelect,
            )
            self.order_fields(["layer", "crs"])

    def options(self) -> Options:
        crs = self.cleaned_data["crs"].upper()
        return Options(
            crs=f"EPSG:{crs}" if crs.isdigit() else crs,
            layer=self.cleaned_data.get("layer", self.former.layer),
        )


class DescribeForm(forms.Form):
    """What a layer is called, and which columns are kept under which labels.

    `columns` are descriptions with source, type, personal and, of a layer that is there
    already, name and label.
    """

    name_ar = forms.CharField(label=_("Title in Arabic"), max_length=200)
    name_en = forms.CharField(
        label=_("Title in English"), max_length=200, required=False
    )
    name_fr = forms.CharField(
        label=_("Title in French"), max_length=200, required=False
    )
    description = forms.CharField(
        label=_("What it shows, in a sentence"), max_length=500, required=False
    )
    attribution = forms.CharField(
        label=_("Source"),
        help_text=_("Who made the data. Empty: the municipality."),
        max_length=200,
        required=False,
    )
    licence = forms.ChoiceField(
        label=_("What others may do with it"), choices=LICENCES, required=False
    )
    min_zoom = forms.TypedChoiceField(
        label=_("Shown on maps"), choices=ZOOMS, coerce=int, initial=0
    )

    def __init__(
        self, *args: Any, columns: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.columns = columns
        for place, each in enumerate(columns):
            self._add(place, each)

    def _add(self, place: int, column: dict[str, Any]) -> None:
        label = column.get("label", {})
        # A column that may tell who a person is stays out unless it is wanted.
        keep = "label" in column or not column["personal"]
        made: dict[str, forms.Field] = {
            "keep": forms.BooleanField(
                label=_("Keep this column"), required=False, initial=keep
            )
        }
        for code, name in settings.LANGUAGES:
            made[code] = forms.CharField(
                label=name,
                max_length=100,
                required=False,
                initial=label.get(code, ""),
            )
        if "name" not in column and column["type"] != "text":
            made["type"] = forms.ChoiceField(
                label=_("Type"),
                required=False,
                choices=[
                    (column["type"], TYPE_WORDS[column["type"]]),
                    ("text", TYPE_WORDS["text"]),
                ],
            )
        self.fields.update({f"{key}_{place}": field for key, field in made.items()})

    @property
    def rows(self) -> Iterable[dict[str, Any]]:
        """A column of the file with its form fields, for the template."""
        for place, column in enumerate(self.columns):
            yield {
                **column,
                "type_word": TYPE_WORDS[column["type"]],
                "keep": self[f"keep_{place}"],
                "labels": [
                    self[f"{code}_{place}"] for code, _name in settings.LANGUAGES
                ],
                "choice": self[f"type_{place}"] if self._has(place) else None,
            }

    @property
    def about(self) -> list[forms.BoundField]:
        return [self[name] for name in self.base_fields]

    def _has(self, place: int) -> bool:
        return f"type_{place}" in self.fields

    def described(self) -> list[dict[str, Any]]:
        """The columns that are kept, as `OwnLayer.fields` holds them."""
        said = self.cleaned_data
        return [
            {
                **{k: column[k] for k in ("name", "confirmed") if k in column},
                "source": column["source"],
                "type": said.get(f"type_{place}") or column["type"],
                "personal": column["personal"],
                "label": {
                    code: said[f"{code}_{place}"]
                    for code, _name in settings.LANGUAGES
                    if said[f"{code}_{place}"]
                },
            }
            for place, column in enumerate(self.columns)
            if said[f"keep_{place}"]
        ]

    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.base_fields}


WAYS = {VALUES: "values_of", NUMBERS: "numbers_of"}


COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


class StyleForm(forms.Form):
    how = forms.ChoiceField(
        label=_("Colours"),
        choices=[
            (ONE, _("one colour")),
            (VALUES, _("by the words of a column")),
            (NUMBERS, _("by the numbers of a column")),
        ],
        widget=forms.RadioSelect,
    )
    values_of = forms.ChoiceField(label=_("Column of words"))
    numbers_of = forms.ChoiceField(label=_("Column of numbers"))
    ink = forms.ChoiceField(
        label=_("Colour, or the first of them"),
        choices=[(name, NAMES[name]) for name in INKS],
    )
    palette = forms.ChoiceField(
        label=_("Colours of the classes"),
        choices=[(name, PALETTES.get(name, name)) for name in SEQUENTIAL],
    )
    classes = forms.TypedChoiceField(
        label=_("Number of classes"),
        choices=[(n, n) for n in range(FEWEST + 1, MOST + 1)],
        coerce=int,
    )
    method = forms.ChoiceField(
        label=_("Limits of the classes"),
        choices=[(name, word) for name, word in METHODS.items() if name != "manual"],
    )
    width = forms.FloatField(label=_("Width of lines"), min_value=0.5, max_value=8)
    size = forms.FloatField(label=_("Size of points"), min_value=2, max_value=20)
    opacity = forms.IntegerField(
        label=_("Opacity in percent"), min_value=10, max_value=100
    )

    def __init__(self, *args: Any, own: OwnLayer, labels: dict, **kwargs: Any) -> None:
        chosen = Chosen.of(own.style)
        initial = {
            **chosen.as_json(),
            "values_of": chosen.field,
            "numbers_of": chosen.field,
            "opacity": round(chosen.opacity * 100),
        }
        super().__init__(*args, initial=initial, **kwargs)
        fields: Any = self.fields
        numbers = [x for x in own.fields if x["type"] == "number"]
        offered = [("values_of", own.fields), ("numbers_of", numbers)]
        # What the chosen way doesn't use may stay empty; a script hides it.
        unused = {"values_of", "numbers_of"} - {WAYS.get(self["how"].value())}
        for name, columns in offered:
            fields[name].required = not self.is_bound or name not in unused
            fields[name].choices = [(x["name"], labels[x["name"]]) for x in columns]
        fields["how"].choices = [
            choice
            for choice, columns in zip(
                fields["how"].choices, (True, own.fields, numbers), strict=True
            )
            if columns
        ]
        points = own.geometry_kind == OwnLayer.Geometry.POINT
        del fields["width" if points else "size"]
        for name, step in (("width", "0.5"), ("size", "1"), ("opacity", "5")):
            if name in fields:
                fields[name].widget.attrs["step"] = step

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        for word, colour, _suggested in self._colours():
            if not COLOUR.fullmatch(colour):
                self.add_error(
                    "values_of",
                    _("“%(word)s” has no colour “%(text)s”. Choose one from the list.")
                    % {"word": word[:60], "text": colour[:20]},
                )
        return said

    def _colours(self) -> list[tuple[str, str, str]]:
        """Word, colour and the colour that was suggested for it, as the page sent them."""
        lists = [self.data.getlist(x) for x in ("word", "colour", "suggested")]
        return list(zip(*lists, strict=False))

    def by_hand(self) -> dict[str, str]:
        """What differs from the suggestion: the rest follows the first colour."""
        return {
            folded(word): colour.lower()
            for word, colour, suggested in self._colours()
            if colour.lower() != suggested.lower()
        }

    def chosen(self) -> Chosen:
        said = self.cleaned_data
        return Chosen(
            by_hand=self.by_hand() if said["how"] == VALUES else {},
            how=said["how"],
            field=said[WAYS[said["how"]]] if said["how"] in WAYS else "",
            ink=said["ink"],
            palette=said["palette"],
            method=said["method"],
            classes=said["classes"],
            width=said.get("width", 1.5),
            size=said.get("size", 5),
            opacity=said["opacity"] / 100,
        )


class ShareForm(forms.Form):
    """`confirm_…` fields stand for the columns that may tell who a person is."""

    sharing = forms.ChoiceField(
        label=_("Who may see it?"),
        choices=OwnLayer.Sharing.choices,
        widget=forms.RadioSelect,
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, own: OwnLayer, roles: list, **kwargs: Any) -> None:
        initial = {"sharing": own.sharing, "roles": own.roles}
        super().__init__(*args, initial=initial, **kwargs)
        fields: Any = self.fields
        fields["roles"].choices = roles
        for each in own.fields:
            if each["personal"]:
                fields[f"confirm_{each['name']}"] = forms.BooleanField(
                    label=_("“%s” tells nobody who a person is, a child least of all.")
                    % each["source"],
                    required=False,
                    initial=each.get("confirmed", False),
                )

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("sharing") == OwnLayer.Sharing.ROLES and not said.get("roles"):
            self.add_error("roles", _("Choose at least one role."))
        return said

    def confirmed(self) -> set[str]:
        return {
            name.removeprefix("confirm_")
            for name, said in self.cleaned_data.items()
            if name.startswith("confirm_") and said
        }
