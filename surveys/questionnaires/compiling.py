"""From the bytes of an XLSForm to an XForm, with all that can be said about it."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pyxform.errors import PyXFormError
from pyxform.validators.odk_validate import ODKValidateError, check_xform
from pyxform.xls2xform import convert

from surveys.questionnaires.problems import FormProblem, of_compiler
from surveys.questionnaires.structure import Labels, Question, Structure
from surveys.questionnaires.xform import read_structure

KINDS = (".xlsx", ".xlsm", ".xls", ".csv", ".md")
MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
LANGUAGES = ("ar", "en", "fr")
# The compiler writes a dash where a language has no text.
NO_TEXT = {"", "-"}


@dataclass(frozen=True)
class Compiled:
    """`problems` that block leave no XForm."""

    xform: str
    structure: Structure | None
    problems: tuple[FormProblem, ...]
    validated: bool = False


# The library's form is compiled for each municipality that takes it.
@lru_cache(maxsize=8)
def compile_xlsform(content: bytes, name: str, *, validate: bool = False) -> Compiled:
    """`name` tells the kind. With `validate`, ODK Validate looks too, where Java is."""
    kind = f".{name.rpartition('.')[2].lower()}"
    fault = _fault(content, kind)
    if fault is not None:
        return Compiled("", None, (fault,))
    warnings: list[str] = []
    try:
        made = convert(
            content,
            warnings=warnings,
            validate=False,
            file_type=kind,
            pretty_print=False,
        )
        structure = read_structure(made.xform)
    except PyXFormError as error:
        return Compiled("", None, (of_compiler(error),))
    except Exception:  # noqa: BLE001 - the readers of spreadsheets raise whatever they like
        return Compiled("", None, (FormProblem("broken"),))
    problems = list(_of_settings(structure))
    validated, said = _validated(made.xform) if validate else (False, [])
    problems += said
    problems += [
        FormProblem("compiler_remark", params={"text": text[:500]}) for text in warnings
    ]
    problems += _untranslated(structure)
    return Compiled(made.xform, structure, tuple(problems), validated)


def _fault(content: bytes, kind: str) -> FormProblem | None:
    if kind not in KINDS:
        return FormProblem("kind")
    if not content.strip():
        return FormProblem("empty")
    if len(content) > MAX_BYTES:
        return FormProblem("too_large", params={"limit": MAX_BYTES // 1024**2})
    if kind in {".xlsx", ".xlsm"}:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except zipfile.BadZipFile:
            return FormProblem("broken")
        if unpacked > MAX_UNPACKED:
            return FormProblem("unpacks")
    return None


def _of_settings(structure: Structure) -> Iterator[FormProblem]:
    if not structure.form_id or structure.form_id == "data":
        yield FormProblem("no_form_id", "settings")
    if not structure.version:
        yield FormProblem("no_version", "settings")


def _validated(xform: str) -> tuple[bool, list[FormProblem]]:
    """Whether ODK Validate passed it, and what it said."""
    if shutil.which("java") is None:
        return False, [FormProblem("not_validated")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form.xml"
        path.write_text(xform, encoding="utf-8")
        try:
            said = check_xform(str(path))
        except ODKValidateError as error:
            return False, [FormProblem("validator", params={"text": str(error)[:500]})]
    if any("took to long" in each for each in said):
        return False, [FormProblem("validator_slow")]
    return True, []


def _untranslated(structure: Structure) -> Iterator[FormProblem]:
    for name, labels in _texts(structure):
        missing = [each for each in LANGUAGES if labels.get(each, "") in NO_TEXT]
        if missing and (labels or name):
            params = {"name": name, "languages": ", ".join(missing)}
            yield FormProblem("untranslated", params=params)


def _texts(structure: Structure) -> Iterator[tuple[str, Labels]]:
    """All that a person reads: labels always, the other texts where there are some."""
    for table in structure.tables:
        if table.labels:
            yield table.name, table.labels
        for question in table.questions:
            yield from _of_question(question)
    for name, choices in structure.choices.items():
        for choice in choices:
            yield f"{name}: {choice.value}", choice.labels


def _of_question(question: Question) -> Iterator[tuple[str, Labels]]:
    if question.asked or question.type == "note":
        yield question.key, question.labels
    for more in (
        question.hints,
        question.required_message,
        question.constraint_message,
    ):
        if more:
            yield question.key, more
