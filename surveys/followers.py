"""Households, records and parcels to visit go with a parcel or zone that is edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from layers.editing.followers import Change, Following, Move, Place
from layers.geography.models import Parcel, Zone
from surveys.models import Household, Round, Submission, SubmissionEvent, Target
from surveys.moving import Moved, move_records
from surveys.placing import VAGUE_METRES
from surveys.quality.tasks import request_checks
from surveys.restating import IN_THE_FIELD, NEEDED, restate_places

PlacedBy = Submission.PlacedBy
Settled = tuple[Place | None, bool]
"""Where a thing goes, and whether a person should look at it."""
PLACED = ("parcel_id", "zone_id", "placed_by")


class Records:
    """A record goes to the piece that holds its position; without one to the largest, and
    a person is asked to look. What has no successor is placed anew by its position.
    """

    name = "records"
    title = _("Survey records")
    permission = "surveys.view_submission"

    def count(self, number: int) -> str:
        return ngettext("%(n)s record", "%(n)s records", number) % {"n": number}

    def follow(self, change: Change) -> Following:
        return self._go(change, {})

    def go_back(self, change: Change) -> Following:
        return self._go(change, change.memory or {})

    def _go(self, change: Change, remembered: dict[str, list]) -> Following:
        records = list(_standing(change))
        former = {each.pk: _stored(each) for each in records}
        origins = {each.pk: _code(each, change) for each in records}
        last = _last_event(change)
        doubtful, wanted = set(), {}
        for record in records:
            own = remembered.get(str(record.pk))
            if own and record.placed_by != PlacedBy.HAND:
                wanted[record.pk] = own
                continue
            place, is_open = _destination(change, record)
            if is_open:
                doubtful.add(record.pk)
            if place is not None:
                wanted[record.pk] = _placed(change, record, place)
        _put(change, records, wanted)
        restate_places(
            municipality=change.municipality, parcels=change.parcels, by=change.by
        )
        now = Submission.objects.filter(pk__in=former).values_list("pk", *PLACED)
        changed = {pk for pk, *stored in now if stored != former[pk]}
        for round in Round.objects.filter(pk__in=_rounds_since(change, last)):
            request_checks(round)
        moves = list(_moves(change, last, doubtful))
        moves += [
            Move(str(each.household), origins[each.pk], origins[each.pk], True)
            for each in records
            if each.pk in doubtful - changed
        ]
        return Following(moves, {str(pk): former[pk] for pk in sorted(changed)})


def _standing(change: Change) -> QuerySet[Submission]:
    """On a place that changed; in a changed zone only those that have no parcel and are
    not placed by an exact position.
    """
    records = (
        Submission.objects.of(change.municipality)
        .filter(erased_at=None)
        .select_related("parcel", "zone", "household")
        .only(*NEEDED, "household__code", "household__parcel")
        .order_by("pk")
    )
    if change.parcels:
        return records.filter(parcel__in=list(change.replaced))
    in_zones = records.filter(parcel=None, zone__in=list(change.replaced))
    # The others are thousands, and their position alone decides: `follow_zones`.
    return in_zones.exclude(
        Q(accuracy=None) | Q(accuracy__lte=VAGUE_METRES),
        placed_by=PlacedBy.ZONE,
        geometry__isnull=False,
    )


def _stored(record: Submission) -> list[Any]:
    return [getattr(record, name) for name in PLACED]


def _destination(change: Change, record: Submission) -> Settled:
    pk = (record.parcel_id if change.parcels else record.zone_id) or 0
    point = record.geometry
    if point is not None and (record.accuracy or 0) <= VAGUE_METRES:
        found = change.holding(pk, point.x, point.y)
        if found is not None:
            return found, False
    return _without_position(change, pk)


def _without_position(change: Change, pk: int) -> Settled:
    after = change.successors[pk]
    return (after[0] if after else None), len(after) > 1


def _placed(change: Change, record: Submission, place: Place) -> list[Any]:
    """Parcel, zone and how it was placed, on this place."""
    if not change.parcels:
        return [None, place.pk, record.placed_by]
    if place.pk == record.parcel_id:
        return [place.pk, place.zone_id, record.placed_by]
    point, former = record.geometry, record.parcel_id or 0
    inside = point is not None and change.holding(former, point.x, point.y)
    split = former in change.split
    placed_by = PlacedBy.INSIDE if inside and split else PlacedBy.SUCCESSOR
    return [place.pk, place.zone_id, placed_by]


def _put(
    change: Change, records: Sequence[Submission], wanted: dict[int, list[Any]]
) -> None:
    """Parcel, zone and how it was placed, by the record's key."""
    parcels = _codes(Parcel, {parcel for parcel, _zone, _by in wanted.values()})
    zones = _codes(Zone, {zone for _parcel, zone, _by in wanted.values()})
    moves = []
    for record in records:
        parcel, zone, placed_by = wanted.get(record.pk) or _stored(record)
        if [parcel, zone, placed_by] != _stored(record):
            stands = record.household.parcel_id == record.parcel_id != parcel
            codes = parcels.get(parcel, ""), zones.get(zone, "")
            moves.append(Moved(record, parcel, zone, placed_by, *codes, stands))
    move_records(change.municipality, moves, by=change.by)


def _codes(model: type[Parcel] | type[Zone], keys: set[int | None]) -> dict[Any, str]:
    return dict(model.objects.filter(pk__in=keys).values_list("pk", "code"))


def _zone_code(record: Submission) -> str:
    return record.zone.code if record.zone else ""


def _code(record: Submission, change: Change) -> str:
    return str(record.parcel or "") if change.parcels else _zone_code(record)


def _last_event(change: Change) -> int:
    events = SubmissionEvent.objects.of(change.municipality).order_by("-pk")
    return events.values_list("pk", flat=True).first() or 0


def _rounds_since(change: Change, last: int) -> set[int]:
    events = SubmissionEvent.objects.of(change.municipality).filter(
        pk__gt=last, kind=SubmissionEvent.Kind.PLACED
    )
    return set(events.order_by().values_list("submission__round", flat=True).distinct())


def _moves(change: Change, last: int, doubtful: set[int]) -> Iterable[Move]:
    """What was written into the records' own history since."""
    events = (
        SubmissionEvent.objects.of(change.municipality)
        .filter(pk__gt=last, kind=SubmissionEvent.Kind.PLACED)
        .order_by("pk")
        .values_list("submission_id", "submission__household__code", "before", "after")
    )
    what = "parcel" if change.parcels else "zone"
    for record, household, before, after in events:
        yield Move(household, before[what], after[what], record in doubtful)


class Households:
    """A household without a record on the place goes to the piece that keeps the code."""

    name = "households"
    title = _("Households without a record")
    permission = "surveys.view_submission"

    def count(self, number: int) -> str:
        return ngettext("%(n)s household", "%(n)s households", number) % {"n": number}

    def follow(self, change: Change) -> Following:
        rows = Household.objects.of(change.municipality)
        return _with_parcel(change, rows)

    go_back = follow


class Visits:
    """A parcel to visit goes on in the piece that keeps its code, else in the largest. Of
    parcels that were merged one visit is enough: the others stay as they are.
    """

    name = "visits"
    title = _("Parcels to visit")
    permission = "surveys.manage_round"

    def count(self, number: int) -> str:
        return ngettext("%(n)s parcel to visit", "%(n)s parcels to visit", number) % {"n": number}  # fmt: skip

    def follow(self, change: Change) -> Following:
        rows = Target.objects.of(change.municipality).filter(
            round__status__in=IN_THE_FIELD
        )
        return _with_parcel(change, rows)

    go_back = follow


def _with_parcel(
    change: Change, rows: QuerySet[Household] | QuerySet[Target]
) -> Following:
    """Rows of the places that are followed by others, each by its own memory or the rule."""
    if not change.parcels:
        return Following()
    moves, memory = [], {}
    remembered = change.memory or {}
    for row in rows.filter(parcel__in=list(change.replaced)).order_by("pk"):
        former = row.parcel_id or 0
        place, is_open = _kept(change, former, remembered.get(str(row.pk)))
        if place and place.pk != former and not _is_free(row, place):
            place, is_open = None, True
        if place and place.pk != former:
            memory[str(row.pk)] = former
            type(row).objects.filter(pk=row.pk).update(parcel=place.pk)
        if is_open or str(row.pk) in memory:
            origin = change.codes[former]
            target = place.code if place else origin
            moves.append(Move(_label(row), origin, target, is_open))
    return Following(moves, memory)


def _kept(change: Change, pk: int, own: int | None) -> Settled:
    after = change.successors[pk]
    mine = next((each for each in after if each.pk == own), None)
    if mine is not None:
        return mine, False
    place = change.keeping(pk) or (after[0] if after else None)
    return place, len(after) != 1


def _is_free(row: Model, place: Place) -> bool:
    if not isinstance(row, Target):
        return True
    return not Target.objects.filter(round=row.round_id, parcel=place.pk).exists()


def _label(row: Household | Target) -> str:
    return str(row.round) if isinstance(row, Target) else row.code


class Rounds:
    """A round that is to visit a zone visits what took its place."""

    name = "rounds"
    title = _("Rounds in the field")
    permission = "surveys.manage_round"

    def count(self, number: int) -> str:
        return ngettext("%(n)s round", "%(n)s rounds", number) % {"n": number}

    def follow(self, change: Change) -> Following:
        if change.parcels:
            return Following()
        moves, memory = [], {}
        codes = {change.codes[pk]: after for pk, after in change.replaced.items()}
        for round in Round.objects.of(change.municipality).filter(
            status__in=IN_THE_FIELD
        ):
            zones = _zones(round.zones, codes)
            if zones != round.zones:
                memory[str(round.pk)] = round.zones
                moves.append(Move(str(round), ", ".join(round.zones), ", ".join(zones)))
                Round.objects.filter(pk=round.pk).update(zones=zones)
        return Following(moves, memory)

    def go_back(self, change: Change) -> Following:
        moves, memory = [], {}
        for pk, zones in (change.memory or {}).items():
            round = Round.objects.of(change.municipality).get(pk=pk)
            memory[pk] = round.zones
            moves.append(Move(str(round), ", ".join(round.zones), ", ".join(zones)))
            Round.objects.filter(pk=pk).update(zones=zones)
        return Following(moves, memory)


def _zones(wanted: Sequence[str], codes: dict[str, Sequence[Place]]) -> list[str]:
    """Of a zone without successor its code stays, for a person to see."""
    found: list[str] = []
    for code in wanted:
        after = codes.get(code)
        found += [each.code for each in after] if after else [code]
    return list(dict.fromkeys(found))


# Visits before records, which look for their place in the sample; households after them:
# where a household has a record, that decides.
FOLLOWERS = (Visits(), Records(), Households(), Rounds())
