"""Which column of a file answers which question, as people say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from surveys.files.tables import DESIGN, Mapping_, Matched, match_sheets, plain
from surveys.files.working import remember_mapping, remembered, version_for
from surveys.models import Upload
from surveys.questionnaires.structure import Structure


@dataclass(frozen=True)
class Column:
    """One column of a file, and what it may mean: (meaning, words), as chosen."""

    name: str
    header: str
    meaning: str


@dataclass(frozen=True)
class Columns:
    """Of one sheet; `name` begins the names of its columns' fields."""

    sheet: str
    table: str
    columns: list[Column]
    options: list[tuple[str, str]]


def columns_of(upload: Upload, language: str) -> list[Columns]:
    """Raises FileRefused for what can't be read at all."""
    version, known = version_for(upload.round), remembered(upload)
    structure, path = version.structure, Path(upload.file.path)
    tables = {m.table.name: m for m, _rows in match_sheets(path, structure, known)}
    return [
        Columns(
            matched.sheet,
            name,
            [
                Column(f"column-{number}-{place}", header, meaning)
                for place, (header, meaning) in enumerate(
                    zip(matched.headers, matched.columns, strict=True)
                )
                if header
            ],
            _options(matched, structure, language),
        )
        for number, (name, matched) in enumerate(tables.items())
    ]


def _options(
    matched: Matched, structure: Structure, language: str
) -> list[tuple[str, str]]:
    options = []
    for each in matched.table.questions:
        label = structure.in_language(each.labels, language)
        options.append((each.key, f"{each.key} – {label[:80]}" if label else each.key))
    # Parts of answers and keys are offered where the file has them already.
    known = {key for key, _ in options}
    special = dict.fromkeys(["@key", "@parent", *map("@{}".format, DESIGN)])
    special |= dict.fromkeys(each for each in matched.columns if each)
    return options + [(each, each) for each in special if each not in known]


def choose_columns(*, upload: Upload, chosen: Mapping[str, str], language: str) -> None:
    """Understands the upload, and the next files of its form, as is chosen: meanings
    by the names of `Column`. What is not among the options is not read.
    """
    mapping: Mapping_ = {}
    for sheet in columns_of(upload, language):
        allowed = {meaning for meaning, _ in sheet.options}
        mapping[sheet.table] = {
            plain(each.header): chosen[each.name]
            if chosen[each.name] in allowed
            else ""
            for each in sheet.columns
            if each.name in chosen
        }
    with transaction.atomic():
        upload.mapping, upload.progress = mapping, {}
        upload.save(update_fields=["mapping", "progress"])
        remember_mapping(version=version_for(upload.round), upload=upload)
