"""Who lacks what, in which round: chance by need, place and age, at the planned level."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .levels import LEVELS
from .people import Children, Frame, completed_months
from .plan import TownPlan

SHARED_LIKELIHOOD = 0.72


HOUSEHOLD_TOPICS = ("water", "sanitation", "crowded", "offline")


CHILD_TOPICS = ("out_of_school", "labour", "unregistered", "understimulated")


WEIGHT_OF_NEED = {
    "water": 0.85, "sanitation": 0.9, "crowded": 0.8, "offline": 0.75,
    "out_of_school": 0.9, "labour": 0.75, "unregistered": 0.8, "understimulated": 0.65,
}  # fmt: skip


@dataclass
class Moods:
    """One uniform draw per household or child and topic; most stay from round to round."""

    values: np.ndarray

    def next(self, rng: np.random.Generator) -> "Moods":
        fresh = rng.uniform(size=self.values.shape)
        keep = rng.uniform(size=self.values.shape) < SHARED_LIKELIHOOD
        return Moods(np.where(keep, self.values, fresh))


def zone_changes(plan: TownPlan, frame: Frame) -> pd.DataFrame:
    """Shift of each topic's log-odds between the rounds, by zone.

    Two of the large zones become clearly better, three worse, the rest hardly move.
    """
    rng = plan.stream("change")
    sizes = pd.Series(frame.zone).value_counts()
    zones = sizes.index.sort_values()
    topics = [*HOUSEHOLD_TOPICS, *CHILD_TOPICS]
    shift = pd.DataFrame(
        rng.normal(0, 0.08, (len(zones), len(topics))), index=zones, columns=topics
    )
    need = pd.Series(frame.deprivation).groupby(frame.zone).mean()
    large = (
        sizes.sort_index()
        .sort_values(ascending=False, kind="stable")
        .index[: max(5, len(zones) // 2)]
    )
    worst_first = need[large].sort_values(ascending=False).index
    shift.loc[worst_first[1:3]] -= 1.25
    shift.loc[worst_first[-3:]] += 1.0
    return shift


def intercept(score: np.ndarray, target: float) -> float:
    """The constant that gives logistic(score + constant) the mean `target`."""
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        if (1 / (1 + np.exp(-(score + middle)))).mean() < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


class Fate:
    """Who lacks what, for every household and child of the frame, round by round."""

    def __init__(self, plan: TownPlan, frame: Frame, young: Children) -> None:
        self.frame, self.young, self.plan = frame, young, plan
        rng = plan.stream("fate")
        self.homes = Moods(rng.uniform(size=(len(frame), len(HOUSEHOLD_TOPICS))))
        self.kids = Moods(rng.uniform(size=(len(young.born), len(CHILD_TOPICS))))
        self.shift: pd.DataFrame | None = None
        self.constants: dict[str, float] = {}

    def next_round(self, shift: pd.DataFrame) -> None:
        rng = self.plan.stream("fate", "next")
        self.homes, self.kids, self.shift = (
            self.homes.next(rng),
            self.kids.next(rng),
            shift,
        )

    def lacking(self, topic: str, day: np.datetime64) -> np.ndarray:
        """True per household (or per child for a child's topic) that is deprived on `day`."""
        of_child = topic in CHILD_TOPICS
        months = completed_months(self.young.born, np.full(len(self.young.born), day))
        owner = self.young.household if of_child else np.arange(len(self.frame))
        score = WEIGHT_OF_NEED[topic] * 1.15 * self.frame.deprivation[owner]
        if of_child:
            score = score + age_effect(topic, months, self.young.girl)
        if topic not in self.constants:
            who = (
                eligible(topic, months)
                if of_child
                else self.young.household[months < 216]
            )
            self.constants[topic] = intercept(score[who], LEVELS[topic].share / 100)
        if self.shift is not None:
            score = score + self.shift[topic].reindex(self.frame.zone[owner]).to_numpy()
        chance = 1 / (1 + np.exp(-(score + self.constants[topic])))
        topics = CHILD_TOPICS if of_child else HOUSEHOLD_TOPICS
        mood = (self.kids if of_child else self.homes).values[:, topics.index(topic)]
        return mood < chance


def eligible(topic: str, months: np.ndarray) -> np.ndarray:
    low, high = {
        "out_of_school": (78, 216),
        "labour": (60, 216),
        "unregistered": (0, 60),
        "understimulated": (24, 60),
    }[topic]
    return (months >= low) & (months < high)


def age_effect(topic: str, months: np.ndarray, girl: np.ndarray) -> np.ndarray:
    years = months / 12
    if topic == "out_of_school":
        return np.where(years < 6, 0.9, 0.20 * (years - 11)) - 0.12 * girl
    if topic == "labour":
        return 0.16 * (years - 11) - 0.25 * girl
    if topic == "unregistered":
        return -0.22 * (years - 2)
    return 0.1 * (3.5 - years)
