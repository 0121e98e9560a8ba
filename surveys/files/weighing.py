"""What loading the records of a file would do, in the present state of the round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db.models import Q

from surveys.files.lists import EntityLists
from surveys.files.reading import Entry, Reading
from surveys.intake.services import digest_of
from surveys.models import Round, Submission
from surveys.placing import DOUBTFUL_METRES, Place, Spot
from surveys.placing import place_households as place_all
from surveys.problems import Problem
from surveys.questionnaires.parts import Facts, facts_of

PlacedBy = Submission.PlacedBy
_Known = tuple[int, str, Any]


class News(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Candidate:
    """A record of the file with its place and what loading it would do."""

    entry: Entry
    facts: Facts
    place: Place
    news: News
    submission_id: int | None
    instance_id: str


def weigh(round: Round, reading: Reading, entries: Sequence[Entry]) -> list[Candidate]:
    """Adds to the entries what only the round and the town know of them."""
    EntityLists(round, reading).judge(entries)
    structure, parts = reading.terms.structure, reading.parts
    facts = [facts_of(each.record, structure, parts) for each in entries]
    spots = [Spot(f.parcel, f.longitude, f.latitude, f.accuracy) for f in facts]
    places = place_all(round.municipality, spots, tolerance=round.tolerance)
    made = [_instances(round, each) for each in entries]
    by_code, by_instance = _known(round, entries, made)
    found = []
    for entry, fact, place, names in zip(entries, facts, places, made, strict=True):
        known = by_code.get(entry.code)
        known = known or next((by_instance[n] for n in names if n in by_instance), None)
        news = _news(known, digest_of(entry.record, place))
        key, instance = (known[0] if known else None), names[0] if names else ""
        candidate = Candidate(entry, fact, place, news, key, instance)
        entry.problems += _doubts(reading, candidate, round.tolerance)
        found.append(candidate)
    return found


def _instances(round: Round, entry: Entry) -> list[str]:
    """The IDs by which a row's key is known in the round: one of its own, by which the
    same key in the same round is the same record; and a phone's, as exports have it.
    """
    if not entry.key:
        return []
    own = f"uuid:{uuid5(NAMESPACE_URL, f'round/{round.pk}/{entry.key}')}"
    return [own, entry.key] if entry.key.startswith("uuid:") else [own]


def _known(
    round: Round, entries: Sequence[Entry], instances: Sequence[Sequence[str]]
) -> tuple[dict[str, _Known], dict[str, _Known]]:
    rows = (
        round.submissions.filter(back_check_of=None)
        .filter(
            Q(household__code__in=[each.code for each in entries if each.code])
            | Q(instance_id__in=[name for names in instances for name in names])
        )
        .order_by("pk")
        .values_list("household__code", "instance_id", "pk", "digest", "withdrawn_at")
    )
    by_code: dict[str, _Known] = {}
    by_instance: dict[str, _Known] = {}
    for code, instance, pk, digest, withdrawn_at in rows:
        by_code[code] = by_instance[instance] = (pk, digest, withdrawn_at)
    return by_code, by_instance


def _news(known: _Known | None, digest: str) -> News:
    if known is None:
        return News.ADDED
    if known[2] is not None:
        return News.WITHDRAWN
    return News.UNCHANGED if known[1] == digest else News.CHANGED


def _doubts(
    reading: Reading, candidate: Candidate, tolerance: int
) -> Iterator[Problem]:
    entry, facts, place = candidate.entry, candidate.facts, candidate.place
    where, main = reading.place_of(entry), reading.parts.main
    if candidate.news == News.WITHDRAWN:
        column = reading.header("", main.get("household_code", ""))
        yield Problem("withdrawn", *where, column, {"value": entry.name})
    key = main.get("location", "")
    location = reading.header("", key, f"@latitude:{key}")
    parcel = reading.header("", main.get("parcel", ""))
    metres, by = place.metres, place.placed_by
    if facts.parcel and by == PlacedBy.NOTHING and facts.longitude is None:
        params = {"value": facts.parcel[:40], "list": "parcels"}
        yield Problem("not_in_list", *where, parcel, params)
    elif by == PlacedBy.NOTHING:
        yield Problem("no_place", *where, parcel if facts.parcel else location)
    elif by == PlacedBy.PARCEL_CODE and (metres or 0) > DOUBTFUL_METRES:
        said = {"value": round(metres or 0), "parcel": place.parcel_code}
        yield Problem("far_from_parcel", *where, location, said)
    elif facts.parcel and by not in {PlacedBy.PARCEL_CODE, PlacedBy.SUCCESSOR}:
        yield Problem("parcel_unknown", *where, parcel, {"value": facts.parcel[:40]})
    if by == PlacedBy.ZONE:
        yield Problem("zone_only", *where, location, {"limit": tolerance})
