"""Nutrition z-scores of children under 60 months by the WHO Child Growth Standards.

Sources: WHO Multicentre Growth Reference Study Group, WHO Child Growth Standards: Methods
and development, 2006 (length, weight, BMI; chapter 7 has the formulas) and 2007 (arm
circumference). Rules for age, position, oedema and flags follow WHO's R package `anthro`.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Texts = NDArray[np.str_]

DAYS_PER_MONTH = 30.4375
STANDING_DIFFERENCE = 0.7
"""Centimetres by which a child is longer lying than standing."""
FIRST_STANDING_DAY = 731
"""From here (24 months) the standards are of standing height."""
LYING_BELOW_CM = 87.0
"""The same boundary where the age is not known."""

FLAG_LIMITS: dict[str, tuple[float, float]] = {
    "len": (-6, 6),
    "wei": (-6, 5),
    "wfl": (-5, 5),
    "bmi": (-5, 5),
    "ac": (-5, 5),
}
"""Per index the z-scores outside which a measurement is taken for an error."""

WEIGHT_BASED = ("wei", "wfl", "bmi")


@dataclass(frozen=True)
class Children:
    """What was measured, each of shape (children,); NaN where it is not known."""

    sex: Integers
    """1 male, 2 female, 0 not known."""
    age_days: Floats
    """Exact; `age_days_of` where only months are known."""
    weight: Floats
    """Kilograms."""
    length: Floats
    """Length or height in centimetres, as measured."""
    position: Texts
    """"l" lying, "h" standing, "" not known."""
    oedema: Booleans
    """Bilateral pitting oedema."""
    arm: Floats
    """Mid-upper arm circumference in centimetres."""

    @property
    def age_months(self) -> Floats:
        return self.age_days / DAYS_PER_MONTH

    @property
    def day(self) -> Floats:
        """Completed by rounding half up, as the tables are by whole day."""
        return np.floor(self.age_days + 0.5)

    @property
    def wrongly_standing(self) -> Booleans:
        """Under nine months and said to stand: the position is taken for an error."""
        return np.asarray((self.position == "h") & (self.age_months < 9))

    @property
    def corrected_length(self) -> Floats:
        """Centimetres as the standard of the age has them: lying below 24 months.

        Unchanged where age or position is not known or the position is an error.
        """
        stands = (self.position == "h") & ~self.wrongly_standing
        added = STANDING_DIFFERENCE * (stands & (self.day < FIRST_STANDING_DAY))
        lies = (self.position == "l") & (self.day >= FIRST_STANDING_DAY)
        # Sums such as 44.3 + 0.7 must not miss a table's end by their last bit.
        corrected = self.length + added - STANDING_DIFFERENCE * lies
        return np.asarray(np.round(corrected, 6))

    @property
    def bmi(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.weight / (self.corrected_length / 100.0) ** 2)


@dataclass(frozen=True)
class Scores:
    """Of one index, each of shape (children,)."""

    z: Floats
    """NaN where there is a `reason`."""
    flagged: Booleans
    """Outside `FLAG_LIMITS`: leave the child out of this index."""
    reason: Texts
    """Why there is no z-score, or ""."""


def age_days_of(months: Floats) -> Floats:
    return months * DAYS_PER_MONTH


def z_scores(children: Children, digits: int | None = 2) -> dict[str, Scores]:
    """Scores by index: len, wei, wfl, bmi, ac (length/height, weight, BMI and arm
    circumference for age; wfl weight for length/height).

    `digits` rounds before flagging, as WHO's software does; None keeps every digit.
    """
    length, bmi = children.corrected_length, children.bmi
    for_age = {"len": length, "wei": children.weight, "bmi": bmi, "ac": children.arm}
    measured = for_age | {"wfl": children.weight}
    lms = {name: _by_age(name, children) for name in for_age}
    lms["wfl"] = _by_length(children, length)
    return {
        name: _scored(name, measured[name], lms[name], _reason(name, children), digits)
        for name in FLAG_LIMITS
    }


def valid_scores_of(
    *,
    sex: int,
    age_days: float,
    weight: float | None = None,
    length: float | None = None,
    position: str = "",
    oedema: bool = False,
    arm: float | None = None,
) -> dict[str, float | None]:
    """The scores of one child by index, as of `Children`; None for no score or a flagged one."""
    numbers = {"age_days": age_days, "weight": weight, "length": length, "arm": arm}
    one = Children(
        sex=np.array([sex]),
        position=np.array([position]),
        oedema=np.array([oedema]),
        **{name: np.array([value], dtype=float) for name, value in numbers.items()},
    )
    return {
        name: None if scores.reason[0] or scores.flagged[0] else float(scores.z[0])
        for name, scores in z_scores(one).items()
    }


def cases(scores: Scores, below: float) -> tuple[Booleans, Booleans]:
    """Who counts in a prevalence, and who of them is below a z-score, (children,) each.

    Flagged children do not count. Children with oedema do, as severe, in the indices with
    weight, although they have no z-score there.
    """
    swollen = scores.reason == "oedema"
    counted = (~np.isnan(scores.z) & ~scores.flagged) | swollen
    return counted, counted & (swollen | (scores.z < below))


def z_of(y: Floats, lms: Floats, *, restricted: bool) -> Floats:
    """Z-scores of measurements `y` (children,) by `lms` (3, children).

    `restricted`: beyond 3 SD the distance between the 2nd and 3rd SD goes on in equal steps,
    because the standards have no data there that would carry the skewness further.
    """
    power, median, spread = lms
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log = np.log(y / median)
        z = np.where(power == 0, log, np.expm1(power * log) / power) / spread
    if restricted:
        for side in (-1, 1):
            far = np.flatnonzero(side * z > 3)
            third = measurement_at(3.0 * side, lms[:, far])
            step = np.abs(third - measurement_at(2.0 * side, lms[:, far]))
            z[far] = 3.0 * side + (y[far] - third) / step
    return np.asarray(z)


def measurement_at(z: float, lms: Floats) -> Floats:
    """The measurement (children,) at a z-score, by `lms` (3, children)."""
    power, median, spread = lms
    safe = np.where(power == 0, 1.0, power)
    curved = (1.0 + safe * spread * z) ** (1.0 / safe)
    return np.asarray(median * np.where(power == 0, np.exp(spread * z), curved))


def _scored(
    name: str, y: Floats, lms: Floats, reason: Texts, digits: int | None
) -> Scores:
    z = z_of(y, lms, restricted=name != "len")
    z[reason != ""] = np.nan
    if digits is not None:
        z = np.round(z, digits) + 0.0  # no -0.0
    low, high = FLAG_LIMITS[name]
    return Scores(z, (z < low) | (z > high), reason)


def _reason(name: str, children: Children) -> Texts:
    """The first reason why a child has no score, or ""."""
    parts = {
        "len": [children.length],
        "ac": [children.arm],
        "wei": [children.weight],
    }.get(name, [children.weight, children.length])
    missing = np.any(np.isnan(parts), axis=0)
    first = 91 if name == "ac" else 0
    outside = (children.day < first) | (children.age_months >= 60)
    checks = {
        "no_sex": children.sex == 0,
        # Weight for length needs no age: the position says which table.
        "no_age": np.isnan(children.age_days) & (name != "wfl"),
        "age_outside_standard": outside,
        "oedema": children.oedema & (name in WEIGHT_BASED),
        "no_measurement": missing,
        "not_above_zero": np.any(np.less_equal(parts, 0), axis=0),
    }
    if name == "wfl":
        lying = _lying(children)
        length = children.corrected_length
        shortest, longest = np.where(lying, 45, 65), np.where(lying, 110, 120)
        checks["length_outside_standard"] = (length < shortest) | (length > longest)
    return np.select(list(checks.values()), list(checks), default="")


def _lying(children: Children) -> Booleans:
    """Whose weight is compared with that of lying children."""
    unsaid = (children.position == "") & (children.length < LYING_BELOW_CM)
    without_age = (children.position == "l") | unsaid
    return np.where(
        np.isnan(children.age_days), without_age, children.day < FIRST_STANDING_DAY
    )


def _by_age(name: str, children: Children) -> Floats:
    table = standard(name)
    first, days = (91 if name == "ac" else 0), table.shape[1]
    place = np.nan_to_num(children.day, nan=0.0) - first
    row = np.clip(place, 0, days - 1).astype(np.int64)
    return table[np.maximum(children.sex - 1, 0), row].T


def _by_length(children: Children, length: Floats) -> Floats:
    """LMS interpolated between the rows, which are 0.1 cm apart."""
    found = np.empty((3, len(length)))
    lying = _lying(children)
    for name, start, rows in (("wfl", 45.0, lying), ("wfh", 65.0, ~lying)):
        table = standard(name)
        place = (np.nan_to_num(length[rows], nan=start) - start) * 10.0
        place = np.clip(place, 0, table.shape[1] - 1)
        lower = np.minimum(place.astype(np.int64), table.shape[1] - 2)
        sex = np.maximum(children.sex[rows] - 1, 0)
        part = (place - lower)[:, None]
        between = table[sex, lower] * (1 - part) + table[sex, lower + 1] * part
        found[:, rows] = between.T
    return found


def standard(name: str) -> Floats:
    """LMS (2 sexes, rows, 3) of a table: by day (len, wei, bmi from 0; ac from 91, up to
    1856) or by 0.1 cm (wfl 45 to 110 lying, wfh 65 to 120 standing)."""
    return _standards()[name]


@cache
def _standards() -> dict[str, Floats]:
    lines = (
        files("layers.indicators")
        .joinpath("growth_standards/who2006.csv")
        .read_text("ascii")
        .splitlines()[1:]
    )
    names = np.array([line.partition(",")[0] for line in lines])
    values = np.loadtxt(lines, delimiter=",", usecols=range(2, 8))
    tables = values.reshape(-1, 2, 3).swapaxes(0, 1)
    return {str(name): tables[:, names == name] for name in np.unique(names)}
