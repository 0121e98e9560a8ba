"""The files a form needs on one surveyor's phone: its media, the parcels to visit, the
households that live there and what was answered the last time.

Bytes are the same until something changes, because phones compare their hash.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

import shapely
from django.db.models import Q, QuerySet

from layers.geography.models import Municipality, Parcel
from surveys.models import (
    BackCheck,
    Entity,
    FormVersion,
    Household,
    Round,
    Submission,
    Target,
)
from surveys.record import written
from surveys.review.returns import said_about

# Phones become slow beyond it.
MAX_PARCELS = 5000
# Six decimals of a degree are a hand's breadth.
DECIMALS = 6
HOUSEHOLDS, CHILDREN = "households", "children"
OUTCOME_COLOURS = {
    Target.Outcome.PENDING: "#1f6f5c",
    Target.Outcome.COMPLETE: "#9aa5a1",
}
REVISIT = "#b4532a"


@dataclass(frozen=True)
class PhoneFile:
    """`kind` is `media` or `entityList`, as the manifest says it."""

    name: str
    kind: str
    content_type: str
    md5: str
    content: bytes | None = None
    sha256: str = ""


def phone_files(
    *, municipality: Municipality, surveyor: Any, version: FormVersion
) -> list[PhoneFile]:
    """In the order of their names."""
    stored = {
        media.name: PhoneFile(
            media.name, "media", media.content_type, media.md5, sha256=media.sha256
        )
        for media in version.media.all()
    }
    names = sorted({*version.structure.files, *stored})
    maker = _Maker(municipality, surveyor, version)
    return [stored.get(name) or maker.make(name) for name in names]


def phone_file(
    *, municipality: Municipality, surveyor: Any, version: FormVersion, name: str
) -> PhoneFile | None:
    media = version.media.filter(name=name).first()
    if media is not None:
        return PhoneFile(
            name, "media", media.content_type, media.md5, sha256=media.sha256
        )
    if name not in version.structure.files:
        return None
    return _Maker(municipality, surveyor, version).make(name)


class _Maker:
    def __init__(
        self, municipality: Municipality, surveyor: Any, version: FormVersion
    ) -> None:
        self.municipality, self.surveyor = municipality, surveyor
        self.version = version
        self.round = Round.objects.filter(form=version.form_id, receiving=True).first()
        self.drawn = BackCheck.objects.filter(
            round__back_check_form=version.form_id,
            round__receiving=True,
            surveyor=surveyor,
            submission__back_checks=None,
        )

    @cached_property
    def again(self) -> bool:
        """Whether the form is one for back-checks: then nothing that was answered goes
        to the phone, for it is to be asked anew.
        """
        return self.version.form.back_checked.filter(receiving=True).exists()

    def make(self, name: str) -> PhoneFile:
        kind, content_type = "media", "text/csv"
        if name == "parcels.geojson":
            content, content_type = self._geojson(), "application/geo+json"
        elif name == "parcels.csv":
            content = self._parcels_csv()
        else:
            kind = "entityList"
            content = self._entities(name.removesuffix(".csv"))
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return PhoneFile(name, kind, content_type, md5, content)

    def parcels(self) -> QuerySet[Parcel]:
        """The surveyor's own; the round's where nobody has any; else the town's."""
        current = Parcel.objects.of(self.municipality).current()
        if self.again:
            current = current.filter(pk__in=self.drawn.values("submission__parcel"))
        targets = Target.objects.filter(round=self.round)
        if self.round and targets.exists():
            own = targets.filter(surveyor=self.surveyor)
            chosen = own if targets.filter(surveyor__isnull=False).exists() else targets
            current = current.filter(pk__in=chosen.values("parcel"))
        return current.select_related("zone").order_by("code")[:MAX_PARCELS]

    def _outcomes(self) -> dict[int, str]:
        targets = Target.objects.filter(round=self.round)
        return dict(targets.values_list("parcel", "outcome"))

    def _geojson(self) -> bytes:
        outcomes = self._outcomes()
        features = []
        for parcel in self.parcels():
            ring = _ring(parcel)
            if ring is None:
                continue
            outcome = outcomes.get(parcel.pk, Target.Outcome.PENDING)
            colour = OUTCOME_COLOURS.get(Target.Outcome(outcome), REVISIT)
            features.append(
                {
                    "type": "Feature",
                    "id": parcel.code,
                    "properties": {
                        "id": parcel.code,
                        "title": _title(parcel),
                        "stroke": colour,
                        "stroke-width": "3",
                        "fill": colour,
                    },
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
        collection = {"type": "FeatureCollection", "features": features}
        return json.dumps(collection, ensure_ascii=False).encode()

    def _parcels_csv(self) -> bytes:
        rows = []
        for parcel in self.parcels():
            ring = _ring(parcel)
            if ring is not None:
                corners = ";".join(f"{north} {east} 0 0" for east, north in ring)
                rows.append([parcel.code, _title(parcel), corners])
        return _csv(["name", "label", "geometry"], rows)

    def _entities(self, list_name: str) -> bytes:
        if list_name == HOUSEHOLDS:
            return _entity_csv(self._households())
        if list_name == CHILDREN:
            return _entity_csv(self._children())
        found = Entity.objects.of(self.municipality).filter(
            list_name=list_name, deleted_at=None
        )
        return _entity_csv(
            {
                "name": str(each.uuid),
                "label": each.label or str(each.uuid),
                "__version": str(each.version),
                **each.data,
            }
            for each in found.order_by("created_at", "pk")[:MAX_PARCELS]
        )

    def _latest(self) -> dict[int, Submission]:
        """By household, what it answered last. What was sent back to this surveyor goes
        first: it has to be corrected.
        """
        if self.again:
            drawn = Submission.objects.filter(pk__in=self.drawn.values("submission"))
            records = drawn.select_related("household", "parcel", "version")
            return {record.household_id: record for record in records.order_by("pk")}
        households = Household.objects.filter(
            Q(parcel__in=[parcel.pk for parcel in self.parcels()])
            | Q(submissions__in=self._returned())
        )
        found: dict[int, Submission] = {}
        records = (
            Submission.objects.of(self.municipality)
            .valid()
            .filter(household__in=households, back_check_of=None, erased_at=None)
            .select_related("household", "parcel", "version")
            .order_by("interviewed_on", "pk")
        )
        returned = set(self._returned().values_list("pk", flat=True))
        for record in records:
            former = found.get(record.household_id)
            if former is None or former.pk not in returned:
                found[record.household_id] = record
        return dict(sorted(found.items(), key=lambda each: each[1].household.code))

    def _returned(self) -> QuerySet[Submission]:
        return Submission.objects.of(self.municipality).filter(
            by=self.surveyor, state=Submission.State.SENT_BACK, withdrawn_at=None
        )

    def _households(self) -> Iterator[dict[str, str]]:
        latest = self._latest()
        comments = _comments(latest.values())
        versions = dict(
            Entity.objects.of(self.municipality)
            .filter(list_name=HOUSEHOLDS)
            .values_list("uuid", "version")
        )
        for record in latest.values():
            house, comment = record.household, comments.get(record.pk, "")
            returned = record.state == Submission.State.SENT_BACK and not self.again
            comment = "" if self.again else comment
            told = {} if self.again else record.answers
            answers = {key: written(value) for key, value in told.items()}
            own = {
                "name": str(house.uuid),
                "label": _household_label(record, comment),
                "__version": str(versions.get(house.uuid, 1)),
                "code": house.code,
                "parcel": record.parcel.code if record.parcel else "",
                "returned": record.instance_id if returned else "",
                "comment": comment,
            }
            yield {**answers, **own}

    def _children(self) -> Iterator[dict[str, str]]:
        latest = self._latest()
        by_record = {record.pk: record for record in latest.values()}
        rows = {
            (each.submission_id, each.ordinal): each
            for record in by_record.values()
            for each in record.rows.children()
        }
        known = {
            (entity.household_id, entity.data.get("child_id")): entity
            for entity in Entity.objects.of(self.municipality).filter(
                list_name=CHILDREN, household__in=latest
            )
        }
        for (pk, ordinal), row in sorted(rows.items()):
            record = by_record[pk]
            entity = known.get((record.household_id, row.code))
            returned = record.state == Submission.State.SENT_BACK and not self.again
            answers = row.answers if returned else {}
            born = row.birth_date.isoformat() if row.birth_date else ""
            yield {
                **{key: written(value) for key, value in answers.items()},
                "name": str(entity.uuid)
                if entity
                else child_uuid(record.household.uuid, row.code),
                "label": f"{record.household.code} · {row.code}",
                "__version": str(entity.version if entity else 1),
                "household": str(record.household.uuid),
                "ordinal": str(ordinal),
                "child_id": row.code,
                "child_name": row.name,
                "sex": "" if self.again else row.sex,
                "birth_date": "" if self.again else born,
            }


def _title(parcel: Parcel) -> str:
    """The number is set apart from the words: in Arabic it would be read back to front."""
    code = f"\u2068{parcel.code}\u2069"
    return f"{code} · {parcel.zone.name_ar}" if parcel.zone else code


def _household_label(record: Submission, comment: str) -> str:
    name = f"\u2068{record.household.code}\u2069 · {record.head_name}".rstrip(" ·")
    return f"↩ {name}: {comment}"[:300] if comment else name


def child_uuid(household: UUID, code: str) -> str:
    """Of a child that no form has made an entity of yet: always the same."""
    return str(uuid5(household, code))


def _comments(records: Iterable[Submission]) -> dict[int, str]:
    """What the reviewer wrote about each record that was sent back, in one line."""
    returned = [each for each in records if each.state == Submission.State.SENT_BACK]
    return {
        pk: " · ".join(
            " ".join(f"{about}: {note}".split() if about else note.split())
            for about, note in said
        )
        for pk, said in said_about(returned, "ar").items()
    }


def _ring(parcel: Parcel) -> list[list[float]] | None:
    """The outer ring of the largest part: phones refuse the whole form for a shape of
    several parts or none. Longitude first.
    """
    shape = shapely.from_wkb(bytes(parcel.geometry.wkb))
    parts = [part for part in shapely.get_parts(shape) if not part.is_empty]
    if not parts:
        return None
    outline = shapely.get_coordinates(max(parts, key=lambda part: part.area).exterior)
    ring = [[round(x, DECIMALS), round(y, DECIMALS)] for x, y in outline.tolist()]
    distinct = {tuple(corner) for corner in ring}
    return ring if len(distinct) >= 3 else None


def _entity_csv(rows: Iterable[dict[str, str]]) -> bytes:
    """`name`, `label` and `__version` first: without them the phone drops the list."""
    told = list(rows)
    first = ["name", "label", "__version"]
    rest = sorted({key for row in told for key in row} - set(first))
    columns = [*first, *rest]
    return _csv(columns, ([row.get(key, "") for key in columns] for row in told))


def _csv(columns: list[str], rows: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()
