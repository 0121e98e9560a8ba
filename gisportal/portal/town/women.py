"""Young women of the homes, who are asked whether they married as children.

Each keeps her birth day and her answers from round to round. Levels are assumed, as in
`modules.py`; draws are of a stream of their own, so that nothing of children moves.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .fate import intercept
from .modules import said, where
from .people import LATEST, Frame, completed_months
from .plan import TownPlan

WOMAN_COLUMNS = ["household_id", "woman_age", "woman_married", "woman_age_married"]
# Women of 19 to 25 to be expected of one, two, three and four adults.
EXPECTED = np.array([0.1, 0.38, 1.0, 1.5])
YEARS = (18.9, 26.0)
MARRIED_BEFORE_18, MARRIED_SINCE = 0.2, 0.4
SILENT, AGE_UNKNOWN = 0.03, 0.02


def women_of(
    plan: TownPlan, frame: Frame, chosen: np.ndarray, days: np.ndarray
) -> tuple[np.ndarray, pd.DataFrame]:
    """How many are 20 to 24 in each of the `chosen` homes, and a row for each of them.

    Rows name their home by its place in `chosen`, under `household`.
    """
    rng = plan.stream("women")
    count = np.minimum(rng.poisson(EXPECTED[frame.adults - 1]), frame.adults)
    home = np.repeat(np.arange(len(frame)), count)
    size = len(home)
    lived = (rng.uniform(*YEARS, size) * 365.25).astype("timedelta64[D]")
    score = 0.8 * frame.deprivation[home]
    risk = 1 / (1 + np.exp(-(score + intercept(score, MARRIED_BEFORE_18))))
    early = rng.uniform(size=size) < risk
    child = np.where(
        rng.uniform(size=size) < 0.2,
        rng.integers(12, 15, size),
        rng.integers(15, 18, size),
    )
    later = np.where(
        rng.uniform(size=size) < MARRIED_SINCE, rng.integers(18, 25, size), 99
    )
    first = np.where(early, child, later)
    silent = rng.uniform(size=size) < SILENT
    forgotten = rng.uniform(size=size) < AGE_UNKNOWN

    visit = np.full(len(frame), np.datetime64("NaT", "D"))
    visit[chosen] = days
    place = np.full(len(frame), -1)
    place[chosen] = np.arange(len(chosen))
    there = np.flatnonzero(~np.isnat(visit[home]))
    age = completed_months((LATEST - lived)[there], visit[home][there]) // 12
    there, age = there[(age >= 20) & (age < 25)], age[(age >= 20) & (age < 25)]
    told, married = ~silent[there], first[there] <= age
    known = told & married & ~forgotten[there]
    rows = pd.DataFrame(
        {
            "household": place[home[there]],
            "woman_age": age,
            "woman_married": where(told, said(married)),
            "woman_age_married": where(known, first[there]),
        }
    )
    number = np.bincount(rows["household"], minlength=len(chosen))
    return number, rows.sort_values(["household", "woman_age"], kind="stable")
