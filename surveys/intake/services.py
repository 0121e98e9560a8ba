"""The one pipeline: every way in ends here, with a record and where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib import resources
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils import timezone

from layers.geography.models import Municipality
from layers.geography.statements import fetch, insert
from surveys.households.entities import EntityChange, apply_entities
from surveys.models import (
    Arrival,
    FormVersion,
    Household,
    RepeatRow,
    Round,
    Submission,
    SubmissionEvent,
    Target,
    Upload,
)
from surveys.placing import Place, Spot, place_households
from surveys.quality.tasks import request_checks
from surveys.questionnaires.parts import (
    Facts,
    Parts,
    child_facts,
    facts_of,
    find_parts,
)
from surveys.record import Record, changes

State, PlacedBy = Submission.State, Submission.PlacedBy
HOUSEHOLDS = "households"
SQL = resources.files("surveys.sql")
NAMED_HOUSEHOLDS = SQL.joinpath("households.sql").read_text()
TARGETS = SQL.joinpath("targets.sql").read_text()


@dataclass(frozen=True)
class Edit:
    """Who changed a stored record in the office, and why. `state` is where the edit
    leads, unless it is left to the pipeline.
    """

    by: Any
    note: str
    state: str = ""


@dataclass(frozen=True)
class Incoming:
    """A record on its way into the round. `design` may say `stratum`, `psu`, `weight`
    and `frame_households`, as files do; the round's sample says it otherwise.
    """

    record: Record
    source: Submission.Source
    by: Any = None
    instance_id: str = ""
    arrival: Arrival | None = None
    upload: Upload | None = None
    design: Mapping[str, Any] = field(default_factory=dict)
    entities: tuple[EntityChange, ...] = ()
    edit: Edit | None = None


@dataclass(frozen=True)
class _Known:
    """What was looked up for one incoming record."""

    facts: Facts
    household: Household
    place: Place
    target: Target | None


@transaction.atomic(savepoint=False)
def store_records(
    *, round: Round, version: FormVersion, incoming: Sequence[Incoming]
) -> list[Submission]:
    """New submissions of the round, in the order given, each with its rows and its
    first event. Costs the same few queries for one record as for thousands.
    """
    parts = find_parts(version.structure, version.parts)
    known = _look_up(round, version, parts, incoming)
    now = timezone.now()
    submissions = [
        Submission(
            municipality_id=round.municipality_id,
            round=round,
            version=version,
            instance_id=each.instance_id or f"uuid:{uuid4()}",
            back_check_of=_back_checked(round, version, about, each.by),
            **_content(round, each, about, now),
        )
        for each, about in zip(incoming, known, strict=True)
    ]
    insert(submissions)
    _write_rows(submissions, incoming, parts)
    insert(
        [
            SubmissionEvent(
                municipality_id=round.municipality_id,
                submission=submission,
                by=each.by,
                kind=SubmissionEvent.Kind.RECEIVED,
                to_state=submission.state,
            )
            for submission, each in zip(submissions, incoming, strict=True)
        ]
    )
    _after(submissions, incoming, known)
    request_checks(round)
    return submissions


@transaction.atomic
def replace_record(
    *, submission: Submission, incoming: Incoming, version: FormVersion
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Other answers for the same submission, with an event that tells the difference.

    A record that was sent back becomes corrected; any other is to be reviewed anew.
    Gives the changed answers by address: as they were and as they are.
    """
    former = Submission.objects.select_for_update().get(pk=submission.pk)
    stored = stored_record(former)
    before, after = changes(stored, incoming.record)
    parts = find_parts(version.structure, version.parts)
    (about,) = _look_up(former.round, version, parts, [incoming], former.household)
    content = _content(former.round, incoming, about, timezone.now())
    if former.placed_by == PlacedBy.HAND and (
        about.place.parcel_id is None
        or _spot(facts_of(stored, version.structure, parts)) == _spot(about.facts)
    ):
        for name in ("parcel_id", "zone_id", "placed_by", "stratum", "psu", "weight"):
            content[name] = getattr(former, name)
        kept = replace(about.place, parcel_id=former.parcel_id)
        about = replace(about, place=kept, target=None)
    edit = incoming.edit or Edit(incoming.by, "")
    sent_back = former.state == State.SENT_BACK
    content["state"] = edit.state or (State.CORRECTED if sent_back else State.RECEIVED)
    content |= {"version": version, "checked_at": None}
    content["instance_id"] = incoming.instance_id or former.instance_id
    for name, value in content.items():
        setattr(submission, name, value)
    submission.save(update_fields=list(content))
    submission.rows.all().delete()
    _write_rows([submission], [incoming], parts)
    SubmissionEvent.objects.create(
        municipality_id=former.municipality_id,
        submission=submission,
        by=edit.by,
        kind=SubmissionEvent.Kind.EDITED,
        note=edit.note,
        from_state=former.state,
        to_state=submission.state,
        before=before,
        after=after,
    )
    _after([submission], [incoming], [about])
    request_checks(former.round)
    return before, after


def stored_record(submission: Submission) -> Record:
    """The submission's present answers, as they could be sent again."""
    from_rows = list(submission.rows.order_by("pk"))
    record = Record(answers=dict(submission.answers))
    index: dict[int, int] = {}
    for row in from_rows:
        parent = None if row.parent_id is None else index[row.parent_id]
        index[row.pk] = record.add(row.table, row.ordinal, parent, dict(row.answers))
    return record


def _look_up(
    round: Round,
    version: FormVersion,
    parts: Parts,
    incoming: Sequence[Incoming],
    household: Household | None = None,
) -> list[_Known]:
    facts = [facts_of(each.record, version.structure, parts) for each in incoming]
    places = place_households(
        round.municipality,
        [_spot(about) for about in facts],
        tolerance=round.tolerance,
    )
    if household is None:
        households = _households(round.municipality, facts, incoming)
    else:
        households = [household]
    targets = _targets(round, places)
    return [
        _Known(about, house, place, targets.get(place.parcel_id or 0))
        for about, house, place in zip(facts, households, places, strict=True)
    ]


def _spot(facts: Facts) -> Spot:
    return Spot(facts.parcel, facts.longitude, facts.latitude, facts.accuracy)


def _households(
    municipality: Municipality, facts: Sequence[Facts], incoming: Sequence[Incoming]
) -> list[Household]:
    """By entity, else by number; who has neither is a new household."""
    keys = [_key(about, each) for about, each in zip(facts, incoming, strict=True)]
    distinct = dict.fromkeys(keys)
    given = {
        "municipality": municipality.pk,
        "uuids": [key for key, _code in distinct],
        "codes": [code for _key, code in distinct],
    }
    by_uuid, by_code = {}, {}
    for household in fetch(Household, NAMED_HOUSEHOLDS, given):
        by_uuid[household.uuid], by_code[household.code] = household, household
    return [by_uuid[key] if key in by_uuid else by_code[code] for key, code in keys]


def _targets(round: Round, places: Sequence[Place]) -> dict[int, Target]:
    """By parcel: its place in the round's sample."""
    parcels = {place.parcel_id for place in places if place.parcel_id}
    if not parcels:
        return {}
    given = {"round": round.pk, "parcels": sorted(parcels)}
    return {each.parcel_id: each for each in fetch(Target, TARGETS, given)}


def _key(facts: Facts, incoming: Incoming) -> tuple[UUID | None, str]:
    """The entity and the number of a household; a number is made up where none is said."""
    chosen = facts.household
    for change in incoming.entities:
        if change.list_name == HOUSEHOLDS and change.row is None:
            chosen = change.uuid
    try:
        key = UUID(chosen) if chosen else None
    except ValueError:
        key = None
    made_up = (incoming.instance_id or str(uuid4())).removeprefix("uuid:")[:8]
    return key, facts.household_code or f"{facts.parcel or 'H'}-{made_up}"[-60:]


def _back_checked(
    round: Round, version: FormVersion, known: _Known, by: Any
) -> Submission | None:
    """The interview that a record of the back-check form repeats: the household's, else
    the one drawn for this person on the parcel.
    """
    if round.back_check_form_id != version.form_id:
        return None
    firsts = round.submissions.filter(back_check_of=None).exclude(
        version__form=version.form_id
    )
    first = firsts.filter(household=known.household).order_by("pk").first()
    if first is None and known.place.parcel_id and by is not None:
        first = firsts.filter(
            drawn_again__surveyor=by,
            parcel=known.place.parcel_id,
            back_checks=None,
        ).first()
    return first


def _content(
    round: Round, incoming: Incoming, known: _Known, now: datetime
) -> dict[str, Any]:
    facts, place, target = known.facts, known.place, known.target
    design = incoming.design
    point = None
    if facts.longitude is not None and facts.latitude is not None:
        point = Point(facts.longitude, facts.latitude, srid=4326)
    return {
        "household": known.household,
        "source": incoming.source,
        "upload": incoming.upload,
        "arrival": incoming.arrival,
        "by": incoming.by,
        "outcome": outcome_of(facts),
        "interviewed_on": facts.interviewed_on or _today(round, now),
        "started_at": facts.started_at,
        "ended_at": facts.ended_at,
        "surveyor": facts.surveyor,
        "head_name": facts.head_name,
        "phone": facts.phone,
        "parcel_id": place.parcel_id,
        "zone_id": place.zone_id,
        "geometry": point,
        "accuracy": facts.accuracy,
        "placed_by": place.placed_by,
        "stratum": design.get("stratum") or (target.stratum if target else ""),
        "psu": design.get("psu") or (target.psu if target else ""),
        "weight": design.get("weight") or (target.base_weight if target else 1.0),
        "frame_households": design.get("frame_households")
        or (target.stratum_psus if target else None),
        "answers": incoming.record.answers,
        "digest": digest_of(incoming.record, place),
        "changed_at": now,
    }


def outcome_of(facts: Facts) -> str:
    if facts.outcome in Target.Outcome:
        return facts.outcome
    refused = facts.consent is False
    return Target.Outcome.REFUSED if refused else Target.Outcome.COMPLETE


def _today(round: Round, now: datetime) -> date:
    """Of an interview without a date: the day it came, within the round."""
    day = timezone.localdate(now, ZoneInfo(round.municipality.time_zone))
    return min(max(day, round.starts_on), round.ends_on)


def digest_of(record: Record, place: Place) -> str:
    """Equal for equal answers at an equal place."""
    content = [record.flat(), place.placed_by, place.parcel_code, place.zone_code]
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _write_rows(
    submissions: Sequence[Submission], incoming: Sequence[Incoming], parts: Parts
) -> None:
    """Level by level, because a row needs its parent's key."""
    made: dict[tuple[int, int], RepeatRow] = {}
    levels: dict[int, list[tuple[int, int]]] = {}
    for n, each in enumerate(incoming):
        for index in range(len(each.record.rows)):
            levels.setdefault(each.record.depth(index), []).append((n, index))
    for depth in sorted(levels):
        for n, index in levels[depth]:
            row = incoming[n].record.rows[index]
            made[n, index] = RepeatRow(
                municipality_id=submissions[n].municipality_id,
                submission=submissions[n],
                round_id=submissions[n].round_id,
                table=row.table,
                ordinal=row.ordinal,
                parent=None if row.parent is None else made[n, row.parent],
                answers=row.answers,
                **(vars(child_facts(row, parts)) if row.table == parts.roster else {}),
            )
        insert([made[key] for key in levels[depth]])


def _after(
    submissions: Sequence[Submission],
    incoming: Sequence[Incoming],
    known: Sequence[_Known],
) -> None:
    """What follows from a stored record elsewhere."""
    now = timezone.now()
    moved: dict[int, Household] = {}
    for submission, each, about in zip(submissions, incoming, known, strict=True):
        apply_entities(submission=submission, changes=each.entities)
        house, parcel = about.household, about.place.parcel_id
        if parcel and house.parcel_id != parcel:
            house.parcel_id = parcel
            moved[house.pk] = house
        target = about.target
        if target and submission.back_check_of_id is None:
            done = target.outcome == Target.Outcome.COMPLETE
            if not done and target.outcome != submission.outcome:
                target.outcome, target.outcome_at = submission.outcome, now
                target.save(update_fields=["outcome", "outcome_at"])
    if moved:
        Household.objects.bulk_update(moved.values(), ["parcel"])
