import math
from dataclasses import replace

import numpy as np

from layers.indicators.models import Observation
from layers.indicators.samples.observations import MODULES, ChildRow, UnitRow, WomanRow


def answers_of(child: Observation) -> dict[str, float]:
    """What is stored of a child and of its home, by name."""
    stored = child.observation_set
    named = [
        *zip(stored.unit_columns, child.unit.values, strict=True),
        *zip(stored.child_columns, child.values, strict=True),
    ]
    return {name: value for name, value in named if not math.isnan(value)}


def factors_of(child: Observation) -> dict[str, float]:
    return {name: value for name, value in answers_of(child).items() if name in MODULES}


def households(
    seed: int = 1,
    *,
    zones: tuple[str, ...] = ("Z1", "Z2", "Z3"),
    per_zone: int = 60,
    frame: int | None = 200,
) -> list[UnitRow]:
    """Households of a simulated round; each zone is a stratum, poorer than the last."""
    random = np.random.default_rng(seed)
    return [
        household(random, f"{zone}-{number}", zone, place / len(zones), frame)
        for place, zone in enumerate(zones)
        for number in range(per_zone)
    ]


def household(random, key, zone, poverty, frame) -> UnitRow:
    ages = random.integers(0, 216, int(random.poisson(2.4)))
    home = {
        "water_improved": int(random.random() > 0.5 * poverty),
        "water_minutes": int(random.choice([0, 20, 45], p=[0.7, 0.2, 0.1])),
        "sanitation_improved": int(random.random() > 0.3 * poverty),
        "sanitation_shared": int(random.random() < 0.2),
        "persons": len(ages) + int(random.integers(1, 4)),
        "sleeping_rooms": int(random.integers(1, 4)),
        "internet": int(random.random() > 0.6 * poverty),
    }
    older = [index for index, age in enumerate(ages) if age >= 60]
    selected = random.choice(older) if older else -1
    children = [
        child(random, f"{key}-{index}", int(age), poverty)
        for index, age in enumerate(ages)
    ]
    if older:
        children[selected] = work(random, children[selected], len(older), poverty)
    return UnitRow(
        key=key,
        zone_code=zone,
        stratum=zone,
        psu=key,
        weight=round(float(random.uniform(2.0, 5.0)), 3),
        stratum_psus=frame,
        children=children,
        values=home,
    )


def child(random, key, age, poverty) -> ChildRow:
    values = {}
    if age < 60:
        values["birth_registered"] = int(random.random() > 0.2 * poverty)
    if 24 <= age < 60:
        values["stim_activities"] = int(random.integers(0, 7))
    if age >= 36:
        values["school_age"] = max(age - 4, 0) // 12
        values["attends_school"] = int(random.random() > 0.1 + 0.4 * poverty)
    sex = "female" if random.random() < 0.5 else "male"
    return ChildRow(key, sex, age, values)


def work(random, row, eligible, poverty) -> ChildRow:
    hours = {
        "economic_hours": int(random.poisson(20 * poverty)),
        "chores_hours": int(random.poisson(8)),
    }
    factors = {"module_5_17": eligible}
    return ChildRow(row.key, row.sex, row.age_months, row.values | hours, factors)


def with_women(units: list[UnitRow], seed: int = 7) -> list[UnitRow]:
    """The same households with women of 20 to 24 in half of them."""
    random = np.random.default_rng(seed)
    return [
        replace(unit, women=[woman(random) for _ in range(random.integers(0, 3))])
        for unit in units
    ]


def woman(random) -> WomanRow:
    age, first = int(random.integers(20, 25)), int(random.integers(12, 32))
    if random.random() < 0.05:
        return WomanRow(age, None, None)
    return WomanRow(age, first < 15, first < 18)


ASSETS = (
    *("refrigerator", "washing_machine", "water_heater", "air_conditioner"),
    *("television", "computer", "car", "power"),
)


def told_apart(units: list[UnitRow], seed: int = 5) -> list[UnitRow]:
    """The same households with nationality, displacement, assets and functioning."""
    random = np.random.default_rng(seed)
    return [_told_apart(random, unit) for unit in units]


def _told_apart(random, unit: UnitRow) -> UnitRow:
    poor = random.random()
    foreign = random.random() < 0.35
    home = {
        "nationality": int(random.choice([2, 3, 4], p=[0.8, 0.12, 0.08]))
        if foreign
        else 1,
        "displaced": int(random.random() < (0.8 if foreign else 0.05)),
        **{f"asset_{name}": int(random.random() > 0.2 + 0.6 * poor) for name in ASSETS},
    }
    if random.random() < 0.05:
        del home["nationality"]
    children = []
    for child in unit.children:
        own = dict(home)
        if child.weight_factors or 24 <= child.age_months < 60:
            prefix = "fcf" if child.weight_factors else "ucf"
            own[f"{prefix}_see"] = int(random.choice([1, 3], p=[0.8, 0.2]))
            own[f"{prefix}_hear"] = 1
        children.append(replace(child, values=child.values | own))
    return replace(unit, children=children)
