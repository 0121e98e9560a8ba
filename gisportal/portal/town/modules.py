"""What households answer beyond the first questions: food, hygiene, help.

Every household keeps its draws from round to round; need follows the ground, as in
`fate.py`. Levels are assumed: they make a plausible fiction and say nothing of a place.
"""

from collections.abc import Sequence

import numpy as np

from .fate import intercept
from .people import Frame
from .plan import TownPlan

FOODS = {
    "fcs_staples": (6.8, 0.2), "fcs_pulses": (2.2, 0.4), "fcs_dairy": (2.6, 1.4),
    "fcs_meat": (1.4, 1.0), "fcs_vegetables": (4.2, 0.9), "fcs_fruit": (1.8, 1.0),
    "fcs_oil": (6.2, 0.3), "fcs_sugar": (5.4, 0.3),
}  # fmt: skip
HUNGER = {
    "rcsi_cheaper": (2.6, 1.5), "rcsi_borrow": (0.8, 1.2), "rcsi_meals": (1.2, 1.3),
    "rcsi_portions": (1.4, 1.3), "rcsi_adults": (0.9, 1.6),
}  # fmt: skip
COPING = {
    "lcs_sell_goods": 0.11, "lcs_savings": 0.34, "lcs_credit": 0.42, "lcs_debt": 0.38,
    "lcs_sell_tools": 0.04, "lcs_health": 0.22, "lcs_withdraw_school": 0.06,
    "lcs_sell_home": 0.01, "lcs_beg": 0.01, "lcs_child_work": 0.05,
}  # fmt: skip
HELP = {"cash": 0.16, "food": 0.15, "school": 0.06, "health": 0.05}
# The share of homes that has it, and how much more often where there is little need.
ASSETS = {
    "refrigerator": (0.9, 1.4), "washing_machine": (0.78, 1.3),
    "water_heater": (0.7, 1.1), "air_conditioner": (0.24, 1.5),
    "television": (0.86, 0.7), "computer": (0.3, 1.3), "car": (0.46, 1.2),
    "power": (0.36, 0.9),
}  # fmt: skip
HOME_COLUMNS = [
    *("transfers", "handwashing", "handwashing_water", "handwashing_soap"),
    *FOODS,
    *HUNGER,
    *COPING,
    "assets",
]


class Chances:
    """Draws that stay with a household or child; `chance` follows its deprivation."""

    def __init__(self, rng: np.random.Generator, need: np.ndarray, rows: np.ndarray):
        self.rng, self.whole, self.rows = rng, need, rows

    @property
    def need(self) -> np.ndarray:
        return self.whole[self.rows]

    def uniform(self) -> np.ndarray:
        return self.rng.uniform(size=len(self.whole))[self.rows]

    def normal(self) -> np.ndarray:
        return self.rng.normal(size=len(self.whole))[self.rows]

    def chance(self, share: float, weight: float = 0.7) -> np.ndarray:
        """True for `share` of all, more often where there is need."""
        score = weight * self.whole
        risk = 1 / (1 + np.exp(-(score + intercept(score, share))))
        return (self.rng.uniform(size=len(self.whole)) < risk)[self.rows]

    def days(self, mean: float, slope: float, latent: np.ndarray) -> np.ndarray:
        found = mean + slope * latent + 0.9 * self.normal()
        return np.clip(np.round(found), 0, 7).astype(int)


def where(asked: np.ndarray, answer: Sequence | np.ndarray) -> np.ndarray:
    """The answer of those asked, None for the others."""
    found = np.full(len(asked), None, dtype=object)
    found[asked] = np.asarray(answer, dtype=object)[asked]
    return found


def said(flags: np.ndarray) -> np.ndarray:
    return np.where(flags, "yes", "no")


def modules_of_homes(plan: TownPlan, frame: Frame, chosen: np.ndarray) -> dict:
    draw = Chances(plan.stream("modules", "homes"), frame.deprivation, chosen)
    hunger = 0.8 * draw.need + 0.6 * draw.normal()
    lot = draw.uniform()
    missing = draw.chance(0.09)
    place = np.where(
        missing, "no_place", np.where(lot < 0.04, "no_permission", "observed")
    )
    seen = place == "observed"
    rows = {
        "transfers": helped(draw),
        "handwashing": place,
        "handwashing_water": where(seen, said(~draw.chance(0.07))),
        "handwashing_soap": where(seen, said(~draw.chance(0.12))),
    }
    for name, (mean, slope) in FOODS.items():
        rows[name] = draw.days(mean, -slope, hunger)
    for name, (mean, slope) in HUNGER.items():
        rows[name] = draw.days(mean - 0.6, slope, hunger)
    for name, share in COPING.items():
        used, spent = draw.chance(share, 0.9), draw.uniform() < 0.06
        rows[name] = np.where(used, np.where(spent, "exhausted", "yes"), "no")
    return rows | {"assets": owned(plan, frame, chosen)}


def owned(plan: TownPlan, frame: Frame, chosen: np.ndarray) -> np.ndarray:
    """More where there is less need, and somewhat by chance."""
    draw = Chances(plan.stream("assets"), -frame.deprivation, chosen)
    return listed({name: draw.chance(*odds) for name, odds in ASSETS.items()})


def helped(draw: Chances) -> np.ndarray:
    return listed({kind: draw.chance(share, 0.5) for kind, share in HELP.items()})


def listed(got: dict[str, np.ndarray]) -> np.ndarray:
    """Choices of several, written one after another."""
    found = [
        " ".join(name for name, has in zip(got, row, strict=True) if has) or "none"
        for row in zip(*got.values(), strict=True)
    ]
    return np.array(found, dtype=object)
