from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from shapely import MultiPolygon, Polygon

from layers.editing.cutting import distinct
from layers.editing.drafts import Asked
from layers.editing.models import Edit, Layer
from layers.editing.parents import above
from layers.editing.pieces import LARGEST, read_pieces
from layers.editing.services import Order
from layers.geography.models import Municipality, Zone

KINDS = [
    (Edit.Kind.SPLIT, _("Split")),
    (Edit.Kind.MERGE, _("Merge")),
    (Edit.Kind.RESHAPE, _("Move a border")),
    (Edit.Kind.ADD, _("Add")),
    (Edit.Kind.RETIRE, _("Take out of force")),
]
LANGUAGES = ("ar", "en", "fr")
NAMES = tuple(f"name_{language}" for language in LANGUAGES)
SEPARATORS = re.compile(r"[\n,،]+")
BETWEEN = re.compile(r"[\s,;،]+")
# A border of more corners than this is for an import.
MOST_CORNERS = 20_000


class Codes(forms.CharField):
    """A list of codes, one a line or with commas between."""

    widget = forms.Textarea

    def clean(self, value: Any) -> tuple[str, ...]:
        text = super().clean(value)
        codes = [each.strip() for each in SEPARATORS.split(text) if each.strip()]
        for code in codes:
            if len(code) > 60:
                raise ValidationError(_("A code has 60 characters at the most."))
        return tuple(codes)


class Corners(forms.CharField):
    """Positions in degrees (EPSG:4326), a line each: longitude, then latitude.

    An empty line begins another ring.
    """

    widget = forms.Textarea

    def clean(self, value: Any) -> list[list[tuple[float, float]]]:
        text = super().clean(value).replace("\r", "").replace("٫", ".")
        rings: list[list[tuple[float, float]]] = [[]]
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                rings[-1].append(_position(line, number))
            elif rings[-1]:
                rings.append([])
        if sum(map(len, rings)) > MOST_CORNERS:
            raise ValidationError(_("These are too many corners for an edit by hand."))
        return [ring for ring in rings if ring]


def _position(line: str, number: int) -> tuple[float, float]:
    try:
        longitude, latitude = map(float, BETWEEN.split(line.strip()))
    except ValueError:
        longitude = latitude = float("nan")
    # Not a number is in no range.
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValidationError(
            _("Line %(number)s is no position. Write longitude and latitude: 35.83 33.80"),
            params={"number": number},
        )  # fmt: skip
    return longitude, latitude


class ReasonForm(forms.Form):
    """What the log of edits wants to know."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_(
            "For those who ask in ten years: the deed, the decision, the survey."
        ),
        max_length=500,
        strip=True,
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    accepted = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def order(self, *, by: Any, on: date, dry_run: bool) -> Order:
        return Order(
            by=by,
            reason=self.cleaned_data["reason"],
            on=on,
            dry_run=dry_run,
            accepted=self.cleaned_data["accepted"],
            seen="" if dry_run else self.cleaned_data["seen"],
        )


class ChangeForm(ReasonForm):
    layer = forms.ChoiceField(label=_("What is changed?"), choices=Layer)
    kind = forms.ChoiceField(
        label=_("What is done?"), choices=KINDS, widget=forms.RadioSelect
    )
    codes = Codes(
        label=_("Chosen"),
        help_text=_("Touch on the map, or write codes, one a line."),
        required=False,
    )
    line = Corners(
        label=_("Lines that cut"),
        help_text=_(
            "Touch from one side to the other, or write two points or more: longitude and latitude, a point a line. An empty line begins another cut."
        ),
        required=False,
    )
    pieces = forms.FileField(
        label=_("File of the pieces"),
        help_text=_(
            "In place of a line: GeoPackage, GeoJSON or a zipped Shapefile with a column of codes. The pieces must cover the whole exactly."
        ),
        required=False,
    )
    corners = Corners(
        label=_("Corners"),
        help_text=_(
            "Drag a corner on the map, or change it here: longitude and latitude, a corner a line. An empty line begins a hole or another part."
        ),
        required=False,
    )
    neighbours_follow = forms.BooleanField(
        label=_("Neighbours move along, so that no gap and no overlap opens"),
        required=False,
        initial=True,
    )
    new_codes = Codes(
        label=_("Codes from now on"),
        help_text=_(
            "One a line, the largest piece first; left empty, free ones are found. A code that is kept keeps its accounts and its history."
        ),
        required=False,
    )
    names = forms.CharField(
        label=_("Names of the new zones"),
        help_text=_("A line for each code: Arabic | English | French."),
        widget=forms.Textarea,
        required=False,
    )
    parent = forms.ModelChoiceField(
        label=_("Zone above it"),
        queryset=Zone.objects.none(),
        empty_label=_("the one that it lies in"),
        required=False,
    )
    tolerance = forms.FloatField(
        label=_("Points catch on borders within, metres"),
        help_text=_(
            "What is drawn this near to a corner or a border lies on it, so that neighbours share it exactly. As at the town's last edit."
        ),
        min_value=0,
        max_value=1,
        required=False,
        widget=forms.NumberInput(attrs={"step": "0.01", "dir": "ltr"}),
    )
    valid_from = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"})
    )

    field_order = (
        "layer",
        "kind",
        "codes",
        "line",
        "pieces",
        "corners",
        "neighbours_follow",
        "new_codes",
        "names",
        "parent",
        "tolerance",
        "reason",
        "valid_from",
    )

    def __init__(self, *args: Any, municipality: Municipality, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.municipality = municipality
        zones = above(municipality, Layer.BLOCKS).only("code", "kind", *NAMES)
        self.fields["parent"].queryset = zones.order_by("kind", "code")
        self.fields["parent"].label_from_instance = _called
        rows = {"codes": 2, "line": 2, "corners": 6, "new_codes": 2, "names": 2}
        for name, count in rows.items():
            self.fields[name].widget.attrs |= {"rows": count, "dir": "auto"}
        for name in ("line", "corners"):
            self.fields[name].widget.attrs |= {"dir": "ltr", "spellcheck": "false"}

    def clean_tolerance(self) -> float:
        given = self.cleaned_data["tolerance"]
        return (
            Edit.objects.of(self.municipality).tolerance() if given is None else given
        )

    def clean_names(self) -> tuple[dict[str, str], ...]:
        told = []
        for line in self.cleaned_data["names"].splitlines():
            parts = [part.strip()[:200] for part in line.split("|")]
            if any(parts):
                told.append(dict(zip(LANGUAGES, parts + [""] * 3, strict=False)))
        return tuple(told)

    def clean_pieces(self) -> Any:
        file = self.cleaned_data["pieces"]
        if file and file.size > LARGEST:
            raise ValidationError(_("The pieces of one place take up to 20 MB."))
        return file

    def asked(self) -> Asked:
        """Reads the file of pieces, if there is one. Raises ImportRefused, EditRefused."""
        said = self.cleaned_data
        is_split, file = said["kind"] == Edit.Kind.SPLIT, said["pieces"]
        return Asked(
            kind=said["kind"],
            layer=Layer(said["layer"]),
            codes=said["codes"],
            new_codes=said["new_codes"],
            lines=tuple(tuple(line) for line in said["line"]),
            pieces=read_pieces(self.municipality, file) if is_split and file else (),
            geometry=area_of(said["corners"]),
            neighbours_follow=said["neighbours_follow"],
            names=said["names"],
            parent_id=said["parent"].pk if said["parent"] else None,
            tolerance=said["tolerance"],
        )


def _called(zone: Zone) -> str:
    return f"{zone.get_kind_display()} {zone.code}: {zone.name}"


def area_of(rings: list[list[tuple[float, float]]]) -> MultiPolygon | None:
    """A ring inside an earlier one is its hole, any other a part of its own."""
    parts: list[tuple[Polygon, list]] = []
    for corners in rings:
        ring = distinct(corners)
        if len(ring) < 3:
            return None
        area = Polygon(ring)
        holder = next(
            (each for each in parts if each[0].is_valid and each[0].contains(area)),
            None,
        )
        if holder and area.is_valid:
            holder[1].append(ring)
        else:
            parts.append((area, []))
    if not parts:
        return None
    return MultiPolygon([(list(area.exterior.coords), holes) for area, holes in parts])
