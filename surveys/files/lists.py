"""The lists that a form chooses from and that are no part of it: files uploaded to the
version, and the lists of entities that the server makes for each phone.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from uuid import UUID

from lxml import etree

from surveys.files.reading import Entry, Reading
from surveys.households.phone_files import CHILDREN, HOUSEHOLDS, child_uuid
from surveys.intake.keeping import kept_path
from surveys.models import Entity, FormVersion, Household, RepeatRow, Round
from surveys.problems import Problem
from surveys.questionnaires.structure import Question

PARCELS = "parcels"
Rows = Sequence[Mapping[str, str]]


def lists_of(version: FormVersion) -> dict[str, Rows]:
    """Rows of the uploaded lists, by the name that the form's expressions use."""
    found: dict[str, Rows] = {}
    for media in version.media.all():
        path = PurePath(media.name)
        reader = READERS.get(path.suffix.lower())
        if reader is not None:
            content = kept_path(version.municipality_id, media.sha256).read_bytes()
            found[path.stem] = [_complete(row) for row in reader(content)]
    return found


def _complete(row: Mapping[str, Any]) -> dict[str, str]:
    """Expressions look for `name` and `label` in every row."""
    plain = {str(key): str(value or "") for key, value in row.items() if key}
    return {"name": "", "label": plain.get("name", ""), **plain}


def _csv_rows(content: bytes) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _geojson_rows(content: bytes) -> list[dict[str, Any]]:
    features = json.loads(content).get("features", ())
    return [
        {"id": feature.get("id"), **(feature.get("properties") or {})}
        for feature in features
    ]


def _xml_rows(content: bytes) -> list[dict[str, Any]]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(content, parser)
    return [
        {etree.QName(cell).localname: cell.text for cell in item.iterfind("*")}
        for item in root.iterfind("{*}item")
    ]


READERS = {".csv": _csv_rows, ".geojson": _geojson_rows, ".xml": _xml_rows}


class EntityLists:
    """Whether the answers that name an entity name one that there is."""

    def __init__(self, round: Round, reading: Reading) -> None:
        self.round, self.reading = round, reading
        # By table, the questions that the file answers, each with its list.
        self.questions: dict[str, list[tuple[Question, str]]] = {}
        parcel = reading.parts.main.get("parcel")
        for table in reading.terms.structure.tables:
            for each in table.questions:
                name = PurePath(each.choices_file).stem
                uploaded = each.choices in reading.terms.lists
                answered = (table.name, each.key) in reading.rules.there
                # A parcel is looked for with its place, which may know it by another.
                placed = not table.name and each.key == parcel
                if name and answered and not uploaded and not placed:
                    self.questions.setdefault(table.name, []).append((each, name))

    def judge(self, entries: Sequence[Entry]) -> None:
        """Adds what is wrong to the entries' problems."""
        if not self.questions:
            return
        named = [
            (entry, place, question, name, str(value))
            for entry in entries
            for place, table, answers in _tables(entry)
            for question, name in self.questions.get(table, ())
            for value in _values(answers.get(question.key))
        ]
        wanted: dict[str, set[str]] = {}
        for _entry, _place, _question, name, value in named:
            wanted.setdefault(name, set()).add(value)
        codes = [entry.code for entry in entries]
        known = {
            name: self._known(name, values, codes) for name, values in wanted.items()
        }
        for entry, place, question, name, value in named:
            if value not in known[name]:
                where = self.reading.place_of(entry, place)
                table = entry.lines[0 if place is None else place + 1][0]
                header = self.reading.header(table, question.key)
                params = {"value": value[:40], "list": name}
                entry.problems.append(Problem("not_in_list", *where, header, params))

    def _known(self, name: str, values: set[str], codes: Sequence[str]) -> set[str]:
        by_key = {key: value for value in values if (key := _uuid(value))}
        town = self.round.municipality
        found: set[UUID] = set(
            Entity.objects.of(town)
            .filter(list_name=name, uuid__in=by_key, deleted_at=None)
            .values_list("uuid", flat=True)
        )
        if name == HOUSEHOLDS:
            houses = Household.objects.of(town).filter(uuid__in=by_key)
            found |= set(houses.values_list("uuid", flat=True))
        if name == CHILDREN:
            rows = RepeatRow.objects.of(town).children()
            rows = rows.filter(submission__household__code__in=codes)
            pairs = rows.values_list("submission__household__uuid", "code").distinct()
            found |= by_key.keys() & {UUID(child_uuid(*pair)) for pair in pairs}
        return {by_key[key] for key in found}


def _tables(entry: Entry) -> list[tuple[int | None, str, Mapping[str, Any]]]:
    rows = enumerate(entry.record.rows)
    return [
        (None, "", entry.record.answers),
        *((place, row.table, row.answers) for place, row in rows),
    ]


def _values(answer: Any) -> list[Any]:
    if isinstance(answer, list):
        return answer
    return [] if answer is None else [answer]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.removeprefix("uuid:"))
    except ValueError:
        return None
