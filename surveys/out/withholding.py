"""What of an entity list names persons or places, and so stays unless it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from layers.geography.models import Municipality
from surveys.households.phone_files import CHILDREN, HOUSEHOLDS
from surveys.models import Entity, FormVersion
from surveys.out.tables import leaves
from surveys.questionnaires.parts import find_parts

# What the phones' own lists hold besides what a form saves.
ALWAYS = {
    HOUSEHOLDS: frozenset({"head_name", "phone", "comment"}),
    CHILDREN: frozenset({"child_name", "birth_date", "name"}),
}
WORD = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Withheld:
    properties: frozenset[str] = frozenset()
    # The label is put together from answers that stay.
    label: bool = False

    def label_of(self, entity: Entity) -> str:
        return str(entity.uuid) if self.label else entity.label

    def data_of(self, entity: Entity) -> dict[str, str]:
        return {
            key: value
            for key, value in entity.data.items()
            if key not in self.properties
        }


def withheld_of(municipality: Municipality, list_name: str) -> Withheld:
    """Over all versions of all forms that make or change entities of the list."""
    keys = (
        FormVersion.objects.of(municipality)
        .exclude(state=FormVersion.State.DRAFT)
        .values_list("pk", "md5")
    )
    parts = [
        found
        for key in keys
        for name, found in _of_version(*key).items()
        if name == list_name
    ]
    properties = frozenset().union(*(part.properties for part in parts))
    return Withheld(
        properties | ALWAYS.get(list_name, frozenset()),
        any(part.label for part in parts),
    )


@lru_cache(maxsize=512)
def _of_version(pk: int, md5: str) -> dict[str, Withheld]:
    """By list. Kept, because a published version never changes: `md5` is its content's."""
    version = FormVersion.objects.get(pk=pk)
    structure = version.structure
    if not structure.entities:
        return {}
    parts = find_parts(structure, version.parts)
    questions = [each for table in structure.tables for each in table.questions]
    staying = [each for each in questions if not leaves(each, parts, False)]
    words = _words_of_labels(version.xform)
    withheld = Withheld(
        frozenset(each.save_to for each in staying if each.save_to),
        any(each.key.rpartition("/")[2] in words for each in staying),
    )
    return {use.list_name: withheld for use in structure.entities}


def _words_of_labels(xform: str) -> set[str]:
    """Names that stand in the formulas of the form's entity labels."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(xform.encode(), parser)
    return {
        word
        for bind in root.iter("{*}bind")
        if (bind.get("nodeset") or "").endswith("/entity/label")
        for word in WORD.findall(bind.get("calculate") or "")
    }
