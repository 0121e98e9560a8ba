"""Which question of a form plays which part: the household's number, the parcel, the
roster of children and so on. By their usual names, or as the version says.

Pure: no Django, no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from surveys.questionnaires.structure import Structure
from surveys.record import Record, Row

USUAL = {
    # An entity of the list `households`, chosen on the phone.
    "household": ("household",),
    "household_code": ("household_id", "household_code"),
    # A parcel's number, or its entity, chosen on the map.
    "parcel": ("parcel_code", "parcel"),
    "location": ("location", "gps"),
    "interview_date": ("interview_date", "today"),
    "surveyor": ("surveyor",),
    "phone": ("phone",),
    "head_name": ("head_name",),
    "persons": ("persons",),
    # How many children are said to live there, to compare with the roster.
    "child_count": ("child_count",),
    "consent": ("consent",),
    # The instance ID of a record that was sent back and is corrected by this one.
    "corrects": ("corrects",),
    # What became of the visit, by the values of `Target.Outcome`.
    "outcome": ("outcome",),
}
USUAL_IN_ROSTER = {
    "child_code": ("child_id", "child_code"),
    "child_name": ("name", "child_name"),
    "sex": ("sex",),
    "birth_date": ("birth_date",),
    # In completed years, and in completed months: compared with the birth date.
    "age": ("age", "age_years"),
    "age_months": ("age_months",),
}
# Of women of 20 to 24, in a repeat of their own: her age in completed years, whether she
# ever married or lived with a partner, and how old she then was.
USUAL_OF_WOMEN = {
    "woman_age": ("woman_age",),
    "woman_married": ("woman_married",),
    "woman_age_married": ("woman_age_married",),
}
WOMEN = ("women", "women_20_24")
ROSTER = ("children", "child", "members")
SEXES = {"female": "female", "male": "male", "f": "female", "m": "male"}
ROSTER_PART, WOMEN_PART, VALUES = "roster", "women", "values"
# Parts that name a repeat.
TABLES = (ROSTER_PART, WOMEN_PART)


@dataclass(frozen=True)
class Parts:
    """Keys of questions by part; `roster` names the table of children, `women` that of
    women of 20 to 24, which few forms have. `values` tells by part what the form's own
    choices stand for, such as `{"sex": {"1": "male"}}`.
    """

    main: Mapping[str, str]
    roster: str = ""
    roster_keys: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    women: str = ""
    woman_keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> dict[str, str]:
        """The repeats, empty for one that the form does not have."""
        return {ROSTER_PART: self.roster, WOMEN_PART: self.women}

    def meaning(self, part: str, value: Any) -> str:
        """The code that an answer stands for; the answer itself where none is said."""
        text = _text(value, 60)
        return self.values.get(part, {}).get(text, text)


def find_parts(structure: Structure, chosen: Mapping[str, Any] | None = None) -> Parts:
    """`chosen` maps parts to keys where the form's names are not the usual ones, or to
    nothing where no question plays the part; its `roster` names a table, its `values`
    are those of Parts.
    """
    chosen = chosen or {}
    tables = {table.name: table for table in structure.tables if table.name}
    usual = next((name for name in ROSTER if name in tables), "")
    roster = chosen.get(ROSTER_PART, usual)
    women = chosen.get(WOMEN_PART, next((x for x in WOMEN if x in tables), ""))

    def keys(usual: Mapping[str, tuple[str, ...]], table: str) -> dict[str, str]:
        found = tables.get(table)
        there = {each.key for each in found.questions} if found else set()
        return _keys(usual, chosen, there)

    return Parts(
        main=_keys(USUAL, chosen, {each.key for each in structure.main.questions}),
        roster=roster,
        roster_keys=keys(USUAL_IN_ROSTER, roster),
        values=chosen.get(VALUES, {}),
        women=women,
        woman_keys=keys(USUAL_OF_WOMEN, women),
    )


def _keys(
    usual: Mapping[str, tuple[str, ...]], chosen: Mapping[str, Any], there: set[str]
) -> dict[str, str]:
    keys = {}
    for part, names in usual.items():
        wanted = (chosen[part],) if part in chosen else names
        found = next((name for name in wanted if name in there), None)
        if found:
            keys[part] = found
    return keys


@dataclass(frozen=True)
class Facts:
    """What a record says of itself that the rest of the system needs as columns.

    `longitude` and `latitude` in degrees (EPSG:4326), `accuracy` in metres.
    """

    household: str = ""
    household_code: str = ""
    parcel: str = ""
    longitude: float | None = None
    latitude: float | None = None
    accuracy: float | None = None
    interviewed_on: date | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    surveyor: str = ""
    phone: str = ""
    head_name: str = ""
    corrects: str = ""
    outcome: str = ""
    consent: bool | None = None


def facts_of(record: Record, structure: Structure, parts: Parts) -> Facts:
    said = {part: record.answers.get(key) for part, key in parts.main.items()}
    point = said.get("location")
    place: dict[str, Any] = point if isinstance(point, dict) else {}
    longitude, latitude = (place.get("coordinates") or [None, None])[:2]
    kept = {
        each.preload: record.answers.get(each.key)
        for each in structure.main.questions
        if each.preload
    }
    started, ended = _moment(kept.get("start")), _moment(kept.get("end"))
    day = _day(said.get("interview_date")) or _day(kept.get("today"))
    return Facts(
        household=_text(said.get("household"), 200).removeprefix("uuid:"),
        household_code=_text(said.get("household_code"), 60),
        parcel=_text(said.get("parcel"), 100),
        longitude=longitude,
        latitude=latitude,
        accuracy=place.get("accuracy"),
        interviewed_on=day or (started.date() if started else None),
        started_at=started,
        ended_at=ended,
        surveyor=_text(said.get("surveyor"), 200),
        phone=_text(said.get("phone"), 60),
        head_name=_text(said.get("head_name"), 200),
        corrects=_text(said.get("corrects"), 200),
        outcome=parts.meaning("outcome", said.get("outcome"))[:20],
        consent={"yes": True, "no": False}.get(
            parts.meaning("consent", said.get("consent"))
        ),
    )


@dataclass(frozen=True)
class ChildFacts:
    code: str
    name: str
    sex: str
    birth_date: date | None


def child_facts(row: Row, parts: Parts) -> ChildFacts:
    """Of a row of the roster; `code` is its place in the roster where it has no own."""
    said = {part: row.answers.get(key) for part, key in parts.roster_keys.items()}
    return ChildFacts(
        code=_text(said.get("child_code"), 60) or str(row.ordinal),
        name=_text(said.get("child_name"), 200),
        sex=SEXES.get(parts.meaning("sex", said.get("sex")), ""),
        birth_date=_day(said.get("birth_date")),
    )


def _text(value: Any, limit: int) -> str:
    return "" if value is None else str(value)[:limit]


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
