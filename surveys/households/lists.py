"""Entity lists as programs write them: added to, changed, taken from. What the phones'
own lists hold is made of records, and changes only with these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.models import Municipality
from surveys.errors import EntityConflict, EntityRefused
from surveys.households.phone_files import CHILDREN, HOUSEHOLDS
from surveys.models import Entity

OF_RECORDS = frozenset({HOUSEHOLDS, CHILDREN})
LIST_NAME = re.compile(r"(?!__)[^\W\d][\w-]{0,99}")
PROPERTY = re.compile(r"(?!__|name$|label$)[^\W\d][\w.-]{0,99}", re.IGNORECASE)
# No NUL, and no half of a pair of surrogates.
KEPT = re.compile(r"[^\x00\ud800-\udfff]*")
LABEL, VALUE, PROPERTIES, AT_ONCE = 300, 5000, 200, 10_000


@dataclass(frozen=True)
class Given:
    """What a program says of one entity; None where it says nothing."""

    uuid: UUID
    label: str | None
    data: dict[str, str]


def read_given(given: Any) -> Given:
    """Of one entity's JSON. Raises EntityRefused with what to do about it."""
    if not isinstance(given, Mapping):
        raise EntityRefused(_("An entity is an object with label and data."))
    try:
        uuid = UUID(str(given["uuid"])) if given.get("uuid") else uuid4()
    except ValueError as error:
        raise EntityRefused(_("uuid is not a UUID.")) from error
    label = given.get("label")
    if label is not None:
        label = _text(label, "label", LABEL)
        if not label.strip():
            raise EntityRefused(_("label is empty: give each entity a name to show."))
    data = given.get("data") or {}
    if not isinstance(data, Mapping) or len(data) > PROPERTIES:
        raise EntityRefused(
            _("data is an object of at most %(most)d properties.")
            % {"most": PROPERTIES}
        )
    return Given(
        uuid, label, {read_property(key): _text(data[key], key, VALUE) for key in data}
    )


def read_property(name: Any) -> str:
    if not isinstance(name, str) or not PROPERTY.fullmatch(name):
        raise EntityRefused(
            _(
                "A property's name has letters, digits, dots and dashes, begins with a "
                "letter, and is not “name” or “label”: %(name)s"
            )
            % {"name": str(name)[:100]}
        )
    return name


def _text(value: Any, name: str, longest: int) -> str:
    """Entities hold texts: a number becomes one, nothing an empty one."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise EntityRefused(_("%(name)s is not a text.") % {"name": name})
    written = str(value)
    if not KEPT.fullmatch(written):
        raise EntityRefused(
            _("%(name)s has a character that can't be kept.") % {"name": name}
        )
    if len(written) > longest:
        raise EntityRefused(
            _("%(name)s has more than %(most)d characters.")
            % {"name": name, "most": longest}
        )
    return written


def refuse_list(name: str) -> None:
    """Raises EntityRefused for a list that is not written to."""
    if name in OF_RECORDS:
        raise EntityRefused(
            _(
                "The list %(name)s is made of the records themselves. Correct the record, "
                "and the phones get it."
            )
            % {"name": name}
        )
    if not LIST_NAME.fullmatch(name):
        raise EntityRefused(
            _("A list's name has letters, digits and dashes and begins with a letter.")
        )


@transaction.atomic
def create_entities(
    *, municipality: Municipality, list_name: str, given: Sequence[Given]
) -> list[Entity]:
    """All or none. Raises EntityRefused, or EntityConflict for a UUID that is taken."""
    refuse_list(list_name)
    if not 0 < len(given) <= AT_ONCE:
        raise EntityRefused(
            _("Send between 1 and %(most)d entities at once.") % {"most": AT_ONCE}
        )
    for number, each in enumerate(given, start=1):
        if each.label is None:
            raise EntityRefused(
                _("Entity %(number)d has no label.") % {"number": number}
            )
    rows = [
        Entity(
            municipality=municipality,
            list_name=list_name,
            uuid=each.uuid,
            label=each.label or "",
            data=each.data,
        )
        for each in given
    ]
    try:
        with transaction.atomic():
            return Entity.objects.bulk_create(rows, batch_size=1000)
    except IntegrityError as error:
        raise EntityConflict(_("An entity with this uuid is there already.")) from error


@transaction.atomic
def change_entity(
    *, entity: Entity, given: Given, base_version: int | None = None
) -> Entity:
    """Properties that are not named stay. What changes nothing raises no version.

    Raises EntityConflict where `base_version` is not the one that stands.
    """
    refuse_list(entity.list_name)
    found = Entity.objects.select_for_update().get(pk=entity.pk)
    if base_version is not None and base_version != found.version:
        raise EntityConflict(
            _("Somebody changed it meanwhile: it is at version %(version)d.")
            % {"version": found.version}
        )
    label = given.label if given.label is not None else found.label
    # The UUID stands for a label that is withheld.
    label = found.label if label == str(found.uuid) else label
    data = {**found.data, **given.data}
    if (label, data) != (found.label, found.data):
        found.label, found.data = label, data
        found.version += 1
        found.save()
    return found


@transaction.atomic
def delete_entity(*, entity: Entity) -> None:
    """Phones that have it are told that it is gone."""
    refuse_list(entity.list_name)
    Entity.objects.filter(pk=entity.pk).update(
        deleted_at=timezone.now(), changed_at=timezone.now()
    )
