"""What the layers know about households, children and young women: no name, no date, no
place but a zone.
"""

import tomllib
from dataclasses import dataclass, field
from importlib import resources

LANGUAGES = ("ar", "en", "fr")


@dataclass(frozen=True)
class Variable:
    """A canonical variable, as `variables.toml` has it."""

    name: str
    of: str
    """"household", "child" or "woman": whose answer it is; a child has those of its home."""
    smallest: float
    largest: float
    labels: dict[str, str]


def _read_variables() -> dict[str, Variable]:
    source = (resources.files(__package__) / "variables.toml").read_text("utf-8")
    return {
        name: Variable(
            name,
            of=each["of"],
            smallest=each["range"][0],
            largest=each["range"][1],
            labels=each["label"],
        )
        for name, each in tomllib.loads(source).items()
    }


_ALL = _read_variables()
DESCRIBED = {name: each for name, each in _ALL.items() if each.of != "woman"}
OF_WOMEN = {name: each for name, each in _ALL.items() if each.of == "woman"}
"""What is asked of young women; children have none of it, and women nothing else."""
VARIABLES: dict[str, tuple[float, float]] = {
    name: (each.smallest, each.largest) for name, each in DESCRIBED.items()
}
"""The canonical variables with their smallest and largest value.

A variable that is absent or None was not asked or not known. 0 and 1 are no and yes.
`school_age` is in completed years at the beginning of the school year, `stim_activities`
counts the activities with anyone aged 15 or more, `stim_father` those with the father,
hours are of the last week, `water_minutes` is the round trip with 0 for water on the
premises, `handwashing_place` is missing where the interviewer was not let see it. `ec21`
to `ec38` are 1 where the child can do it, `ec39` is how often the child is sad (1 daily
to 5 never), `ec40` how much it kicks, bites or hits (1 not at all to 5 a lot more).
`lcs_` is 1 for a strategy used in the last 30 days or used up before. `ucf_` and `fcf_`
are the codes of the Washington Group (1 no difficulty to 4 cannot do it at all;
`ucf_behave` as `ec40`; `fcf_anxious` and `fcf_depressed` as `ec39`). `haz`, `whz`, `waz`
and `bmiz` are z-scores of the WHO standards, missing outside WHO's limits and, where
weight counts, with oedema; `muac_mm` is in millimetres.
"""

MODULES = ("module_5_17",)
"""Modules that go to some of the children; their weight factor is the number of eligible
children in the household divided by those selected."""

SEXES = ("female", "male")
CHILDREN, WOMEN = "children", "women"
"""Whom an indicator is about."""
AGES_OF_WOMEN = range(20, 25)
"""In completed years; others are not asked, and not kept."""


@dataclass(frozen=True)
class ChildRow:
    key: str
    """Opaque and unique in the observation set."""
    sex: str
    age_months: int
    """Completed months at the interview."""
    values: dict[str, float | None] = field(default_factory=dict)
    """Its own; a child has the answers of its home besides, where it has none itself."""
    weight_factors: dict[str, float] = field(default_factory=dict)
    """Per module in which the child was selected."""


@dataclass(frozen=True)
class WomanRow:
    """A woman of AGES_OF_WOMEN, asked when she first married or lived with a partner.

    Without a key: nothing follows her from round to round.
    """

    age_years: int
    """Completed years at the interview."""
    married_before_15: bool | None
    married_before_18: bool | None
    """Both are known, or neither."""


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
    children: list[ChildRow] = field(default_factory=list)
    response_class: str = ""
    """Households whose weights are raised alike for those that gave no interview."""
    values: dict[str, float | None] = field(default_factory=dict)
    """Answers of the home, which all its children have."""
    women: list[WomanRow] = field(default_factory=list)
