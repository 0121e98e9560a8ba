"""What is wrong with an XLSForm, or could be better: by sheet and row, with the way out.

Kept as codes with particulars; the words are chosen when it is read. The compiler's own
sentence is quoted where it has no words of ours.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import get_language_bidi
from django.utils.translation import gettext_lazy as _
from pyxform.errors import PyXFormError

ERRORS = {
    "empty": _("The file is empty. Choose the file that holds the form."),
    "too_large": _("The file is larger than %(limit)s MB. A form needs far less."),
    "unpacks": _("The file unpacks to far more than a form holds. It was not opened."),
    "kind": _("Upload the form as .xlsx, .xls, .csv or .md."),
    "broken": _("The file is damaged or not what its name says. Save it again."),
    "compiler": _("The form can't be used as it is. The compiler says: %(text)s"),
    "validator": _("ODK Validate finds a fault: %(text)s"),
    "name_twice": _(
        "The name “%(value)s” is there twice in the same group. Give each question its "
        "own."
    ),
    "name_form": _(
        "A name begins with a letter and has letters, digits, “_”, “-” and “.” only."
    ),
    "no_choice_label": _("A choice has no label. Write one."),
    "no_choice_name": _("A choice has no name. Write one."),
    "choice_twice": _("Two choices of one list have the same name. Change one."),
    "unknown_reference": _(
        "There is no question “%(q)s”, which is referred to here. Check the spelling."
    ),
    "reference_twice": _(
        "There are several questions “%(q)s”, so a reference to it is not clear. Rename "
        "one."
    ),
    "reference_form": _("A reference is written ${name}. Check the brackets."),
    "no_begin": _("“end %(type)s” has no “begin %(type)s” before it."),
    "no_end": _("“begin %(type)s” is never ended. Add “end %(type)s”."),
    "no_header": _("A column is missing: %(missing)s."),
    "entity": _("The saving into entity lists is not right: %(text)s"),
    "parameters": _("The parameters are not right: %(text)s"),
    "no_form_id": _(
        "Write a form_id on the sheet “settings”: it names the form for ever."
    ),
    "no_version": _(
        "Write a version on the sheet “settings”, such as 2026112401: phones notice by "
        "it that the form is new."
    ),
    "version_taken": _(
        "Version %(version)s of this form is here already. Raise the version on the "
        "sheet “settings”."
    ),
}
REMARKS = {
    "not_validated": _(
        "The form was not checked by ODK Validate, because Java is not installed on the "
        "server."
    ),
    "validator_slow": _("ODK Validate took too long. The form was not checked by it."),
    "compiler_remark": _("The compiler remarks: %(text)s"),
    "untranslated": _("“%(name)s” has no text in %(languages)s."),
}
BY_CODE = {
    "NAMES_001": "name_twice",
    "NAMES_004": "name_twice",
    "NAMES_006": "no_choice_name",
    "NAMES_007": "choice_twice",
    "NAMES_008": "name_form",
    "NAMES_009": "name_form",
    "LABEL_001": "no_choice_label",
    "PYREF_001": "reference_form",
    "PYREF_003": "unknown_reference",
    "PYREF_004": "reference_twice",
    "SURVEY_001": "no_begin",
    "SURVEY_002": "no_end",
    "HEADER_003": "no_header",
}
# Some complaints come without a code.
BY_TEXT = {
    "must be unique within their nearest parent": "name_twice",
    "Names must begin with a letter": "name_form",
}


@dataclass(frozen=True)
class FormProblem:
    """`row` counts from 1, as the spreadsheet shows it; None where it is not known."""

    code: str
    sheet: str = ""
    row: int | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def blocks(self) -> bool:
        return self.code in ERRORS

    @property
    def message(self) -> str:
        words = ERRORS.get(self.code) or REMARKS[self.code]
        shown = {name: _isolated(value) for name, value in self.params.items()}
        return str(words) % shown

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _isolated(value: object) -> str:
    return f"\u2068{value}\u2069" if get_language_bidi() else str(value)


def of_compiler(error: PyXFormError) -> FormProblem:
    """The compiler's complaint with its place, in our words where there are some."""
    text = str(error)
    row = re.search(r"\[row : (\d+)\]", text)
    sheet = re.search(r"[Oo]n the '(\w+)' sheet", text)
    name = getattr(getattr(error, "code", None), "name", "")
    context = {k: str(v) for k, v in (getattr(error, "context", None) or {}).items()}
    family = name.partition("_")[0]
    code = BY_CODE.get(name) or {"ENTITY": "entity", "RANGE": "parameters"}.get(family)
    code = code or next(
        (each for words, each in BY_TEXT.items() if words in text), None
    )
    if value := re.search(r"value '([^']*)'", text):
        context.setdefault("value", value[1])
    wanted = set(re.findall(r"%\((\w+)\)s", str(ERRORS[code or "compiler"])))
    plain = re.sub(r"^\[row : \d+\]\s*", "", text)[:500]
    params = {key: context.get(key, plain) for key in wanted}
    place = sheet[1] if sheet else ("survey" if row else "")
    return FormProblem(code or "compiler", place, int(row[1]) if row else None, params)
