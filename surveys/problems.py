"""What can be wrong in a file, each with the way out, in the reader's language.

A problem is kept as its code and particulars; the words are chosen when it is
read. Errors keep the file from being loaded, warnings don't.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext_lazy as _

ERRORS = {
    # Against the form
    "no_form": _(
        "The round's questionnaire is not published. Publish it, then upload the file "
        "again."
    ),
    "missing_main": _(
        "No sheet has the questions of “%(title)s”. Name the columns as the form names "
        "its questions, as in the template."
    ),
    "not_a_place": _(
        "“%(value)s” is not a place. Write latitude and longitude, such as "
        "33.8012 35.8411."
    ),
    "not_a_tick": _("“%(value)s” is neither yes nor no. Write 1 or 0."),
    "constraint": _(
        "“%(value)s” is not allowed by the form. %(why)s Correct the answer."
    ),
    "not_offered": _(
        "“%(value)s” is not offered with the other answers of this row. Correct it or "
        "the answer it depends on."
    ),
    "no_parent": _(
        "The row belongs to “%(value)s”, which is not on the sheet above it. Correct "
        "the number or add the row it belongs to."
    ),
    "no_parent_column": _(
        "No column says which row these rows belong to. Add a column “_parent_index” "
        "or the household's number."
    ),
    "repeat_count": _(
        "The form wants %(wanted)s rows of “%(table)s” here, and there are "
        "%(value)s. Correct the number or the rows."
    ),
    "no_household": _(
        "The row has no household number and no key. Without one the row can't be "
        "found again: fill it in."
    ),
    "not_in_list": _(
        "“%(value)s” is not on the list “%(list)s”. Correct it, or add it to the list first."
    ),
    # The whole file
    "empty_file": _("The file is empty. Choose the file that holds the answers."),
    "too_large": _(
        "The file is larger than %(limit)s MB. Split it into several files and "
        "upload them one after the other."
    ),
    "unpacks_too_large": _(
        "The file unpacks to far more than a survey holds, so it was not opened. "
        "Copy the answers into the template and upload that."
    ),
    "old_excel": _(
        "This is an old Excel file (.xls) or one with a password. Open it, save it "
        "as an Excel workbook (.xlsx) without password, and upload that."
    ),
    "broken_file": _(
        "The file is damaged, or not of the kind it says it is. Open it, save it again "
        "as .xlsx, and upload that; or upload CSV files."
    ),
    "unknown_kind": _(
        "This kind of file can't be read. Upload an Excel workbook (.xlsx), CSV files, "
        "a GeoPackage (.gpkg) or GeoJSON."
    ),
    "no_crs": _(
        "The layer “%(sheet)s” doesn't say in which coordinate system its places are. "
        "Save it with one, such as WGS 84 (EPSG:4326)."
    ),
    "repeated_column": _("The column “%(name)s” is there twice. Delete one of them."),
    "too_many_rows": _(
        "The sheet has more than %(limit)s rows. Split the file and upload the "
        "parts one after the other."
    ),
    "no_rows": _("The sheet has column names but no answers below them."),
    # One cell
    "required": _("This cell is empty. It must be filled in."),
    "not_a_number": _("“%(value)s” is not a number. Write digits only, such as 12."),
    "not_whole": _("“%(value)s” is not a whole number. Write it without a fraction."),
    "out_of_range": _("%(value)s is not between %(low)s and %(high)s."),
    "not_a_choice": _("“%(value)s” is not among the answers: %(choices)s."),
    "not_a_date": _(
        "“%(value)s” is not a date. Write year, month and day, such as 2026-04-18."
    ),
    "cell_error": _(
        "The formula in this cell gives an error (%(value)s). Write the value itself."
    ),
    "bad_characters": _(
        "The text holds signs that can't be stored. Delete the cell and type it again."
    ),
    "too_long": _("The text is longer than %(limit)s letters. Shorten it."),
    # How rows fit together
    "repeated_household": _(
        "Household %(value)s is already in row %(other)s. Keep one of the two rows."
    ),
    "repeated_child": _(
        "Child %(value)s of this household is already in row %(other)s. Give each "
        "child its own number."
    ),
    "half_coordinates": _("Write both latitude and longitude, or neither."),
    "outside_round": _(
        "The interview of %(value)s is not between %(low)s and %(high)s, the days of "
        "this round. Correct the date or choose the other round."
    ),
    "frame_differs": _(
        "Stratum %(stratum)s has %(value)s households here but %(other)s in row "
        "%(row_other)s. Write the same number on every row of a stratum."
    ),
}

WARNINGS = {
    "not_relevant": _(
        "The form doesn't ask this here, so the answer “%(value)s” was left out."
    ),
    "question_missing": _(
        "The form requires “%(value)s”, but the file has no column for it. What depends "
        "on it was not checked."
    ),
    "expression": _(
        "A rule of the form can't be applied to files and was not checked: %(why)s"
    ),
    "unknown_column": _("This column is not known and was not read."),
    "parcel_unknown": _(
        "Parcel %(value)s is not on the map. The household was placed by its "
        "coordinates."
    ),
    "far_from_parcel": _(
        "The coordinates are %(value)s m away from parcel %(parcel)s. The parcel "
        "number was kept."
    ),
    "withdrawn": _(
        "Household %(value)s was withdrawn from this round. Its row was left out."
    ),
    "zone_only": _(
        "No parcel lies within %(limit)s m of the coordinates. The household counts "
        "in its zone."
    ),
    "no_place": _(
        "No place was found: the parcel is not on the map and the coordinates are "
        "missing or outside the town. The household is kept, but it counts in no "
        "figure until its place is corrected."
    ),
}

# Reports outlive the words of the version that wrote them.
FORMER = _("Upload the file again: what was found in it is no longer told like this.")


def _isolated(value: object) -> str:
    """Between right-to-left words, dates and codes would be shown back to front."""
    if isinstance(value, dict):
        # Words of the form, by language.
        found = value.get(get_language()) or value.get("")
        value = found or next(iter(value.values()), "")
    return f"\u2068{value}\u2069" if get_language_bidi() else str(value)


@dataclass(frozen=True)
class Problem:
    """`row` is the row in the file, counted from 1; None means the whole sheet."""

    code: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def blocks(self) -> bool:
        return self.code in ERRORS

    @property
    def message(self) -> str:
        words = ERRORS.get(self.code) or WARNINGS.get(self.code) or FORMER
        return str(words) % {name: _isolated(v) for name, v in self.params.items()}

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
