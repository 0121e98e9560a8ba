"""What the layers know about households and children: no name, no date, no place but a zone."""

from dataclasses import dataclass, field

VARIABLES: dict[str, tuple[float, float]] = {
    "attends_school": (0, 1),
    "school_age": (0, 25),
    "stim_activities": (0, 6),
    "birth_registered": (0, 1),
    "economic_hours": (0, 168),
    "chores_hours": (0, 168),
    "water_improved": (0, 1),
    "water_minutes": (0, 1440),
    "sanitation_improved": (0, 1),
    "sanitation_shared": (0, 1),
    "persons": (1, 100),
    "sleeping_rooms": (0, 50),
    "internet": (0, 1),
}
"""The canonical variables with their smallest and largest value.

`school_age` is in completed years at the beginning of the school year, `stim_activities`
counts the activities with anyone aged 15 or more, hours are of the last week,
`water_minutes` is the round trip with 0 for water on the premises. A variable that is
absent or None was not asked or not known.
"""

MODULES = ("module_5_17",)
"""Modules that go to some of the children; their weight factor is the number of eligible
children in the household divided by those selected."""

SEXES = ("female", "male")


@dataclass(frozen=True)
class ChildRow:
    key: str
    """Opaque and unique in the observation set."""
    sex: str
    age_months: int
    """Completed months at the interview."""
    values: dict[str, float | None] = field(default_factory=dict)
    weight_factors: dict[str, float] = field(default_factory=dict)
    """Per module in which the child was selected."""


@dataclass(frozen=True)
class UnitRow:
    """A household that responded, with or without children."""

    key: str
    zone_code: str
    stratum: str
    psu: str
    """The primary sampling unit within the stratum: the household or its cluster."""
    weight: float
    stratum_psus: int | None
    """Primary sampling units in the stratum's frame, None if unknown."""
    response_class: str = ""
    """Households whose weights are raised alike for those that gave no interview."""
    children: list[ChildRow] = field(default_factory=list)
