"""What interviewed households answer, as the rows of the survey workbook."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .childhood import CHILD_COLUMNS as MORE_OF_CHILDREN
from .childhood import STIMULATION, Kids, modules_of_children
from .fate import HOUSEHOLD_TOPICS, Fate
from .modules import HOME_COLUMNS, Chances
from .names import BOYS, GIRLS, SURVEYORS, people
from .people import NATIONALITIES, Frame, completed_months
from .plan import TownPlan

HOUSEHOLD_COLUMNS = [
    "household_id", "parcel_code", "latitude", "longitude", "interview_date", "surveyor", "phone",
    "head_name", "persons", "sleeping_rooms", "water_source", "water_minutes", "sanitation",
    "sanitation_shared", "internet", "nationality", "displaced", "stratum", "weight",
    "frame_households", *HOME_COLUMNS, "women_20_24",
]  # fmt: skip


CHILD_COLUMNS = [
    "household_id", "child_id", "name", "sex", "birth_date", "school_attended_this_year",
    *STIMULATION, "birth_registered", "selected_5_17", "economic_hours", "chores_hours",
    *MORE_OF_CHILDREN,
]  # fmt: skip


@dataclass(frozen=True)
class Visits:
    """The households interviewed in a round, ascending, and the day of each."""

    code: str
    chosen: np.ndarray
    days: np.ndarray


def home_rows(
    plan: TownPlan, fate: Fate, visits: Visits, rng: np.random.Generator
) -> dict:
    frame, chosen, days = fate.frame, visits.chosen, visits.days
    # Who heads the household and the phone belong to the household, not to the round.
    about = plan.stream("heads")
    women = about.uniform(size=len(frame)) < 0.16
    heads = people(about, len(frame), women)
    lines = about.integers(0, 1_000_000, len(frame))
    points = frame.points[chosen] + rng.normal(0, 1.2, (len(chosen), 2))
    lon, lat = plan.to_lonlat.transform(points[:, 0], points[:, 1])
    codes = frame.parcel[chosen].astype(object)
    codes[rng.uniform(size=len(chosen)) < 0.03] = None
    owner = fate.young.household
    visit = np.full(len(frame), np.datetime64("NaT", "D"))
    visit[chosen] = days
    there = fate.young.born <= visit[owner]
    persons = frame.adults + np.bincount(owner[there], minlength=len(frame))
    return {
        "household_id": household_ids(plan, chosen),
        "parcel_code": codes,
        "latitude": np.round(lat, 6),
        "longitude": np.round(lon, 6),
        "interview_date": days,
        "surveyor": np.array(SURVEYORS)[rng.integers(len(SURVEYORS), size=len(chosen))],
        "phone": [f"+961 00 {n // 1000:03d} {n % 1000:03d}" for n in lines[chosen]],
        "head_name": [heads[index] for index in chosen],
        "persons": persons[chosen],
        "nationality": np.array(NATIONALITIES)[frame.nationality[chosen]],
        "displaced": yes(frame.displaced[chosen]),
    }


def household_ids(plan: TownPlan, chosen: np.ndarray) -> list[str]:
    """Numbers drawn once for the whole frame, so that order of listing tells nothing."""
    return [
        f"H{number:07d}"
        for number in 100_000 + (chosen * 7919 + plan.seed * 31) % 9_000_011
    ]


def yes(flags: np.ndarray) -> np.ndarray:
    return np.where(flags, "yes", "no")


def pick(rng: np.random.Generator, size: int, options: dict[str, float]) -> np.ndarray:
    return rng.choice(
        np.array(list(options), dtype=object), size=size, p=list(options.values())
    )


def answers_of_homes(
    homes: dict,
    frame: Frame,
    chosen: np.ndarray,
    topics: dict,
    rng: np.random.Generator,
) -> dict:
    count = len(chosen)
    dry, foul, crowded, offline = (topics[topic][chosen] for topic in HOUSEHOLD_TOPICS)
    far = dry & (rng.uniform(size=count) < 0.6)
    safe = pick(
        rng,
        count,
        {
            "piped": 0.5,
            "tanker": 0.22,
            "bottled": 0.16,
            "borehole": 0.07,
            "protected_well": 0.05,
        },
    )
    risky = pick(rng, count, {"unprotected_well": 0.6, "surface": 0.4})
    carried = pick(rng, count, {"tanker": 0.6, "protected_well": 0.25, "bottled": 0.15})
    source = np.select([far, dry], [carried, risky], safe)
    near = np.where(
        np.isin(source, ["piped", "borehole"]), 0, rng.integers(0, 6, count) * 5
    )
    minutes = np.select(
        [far, dry],
        [35 + 5 * rng.integers(0, 12, count), 5 * rng.integers(0, 10, count)],
        near,
    )
    shared = foul & (rng.uniform(size=count) < 0.57)
    good = np.where(
        np.isin(frame.zone[chosen], np.unique(frame.zone)[::2]),
        pick(rng, count, {"flush_sewer": 0.78, "flush_septic": 0.2, "pit_slab": 0.02}),
        pick(rng, count, {"flush_sewer": 0.36, "flush_septic": 0.58, "pit_slab": 0.06}),
    )
    bad = pick(rng, count, {"pit_open": 0.82, "none": 0.18})
    people_there = homes["persons"].astype(int)
    # Just over three to a room where crowded, between one and three where not.
    least = np.ceil(people_there / 3).astype(int)
    most = np.maximum(1, np.ceil(people_there / 3).astype(int) - 1)
    roomy = least + rng.integers(0, 2, count) * (people_there > 2)
    return {
        "sleeping_rooms": np.where(
            crowded & (people_there > 3), most, np.maximum(1, roomy)
        ),
        "water_source": source,
        "water_minutes": minutes,
        "sanitation": np.select([foul & ~shared], [bad], good),
        "sanitation_shared": np.where(
            foul & ~shared & (bad == "none"), "no", yes(shared)
        ),
        "internet": yes(~offline),
    }


def child_rows(
    plan: TownPlan,
    fate: Fate,
    visits: Visits,
    topics: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> dict:
    young = fate.young
    visit = np.full(len(fate.frame), np.datetime64("NaT", "D"))
    visit[visits.chosen] = visits.days
    when = visit[young.household]
    there = np.flatnonzero(~np.isnat(when))
    months = completed_months(young.born[there], when[there])
    there, months = (
        there[(months >= 0) & (months < 216)],
        months[(months >= 0) & (months < 216)],
    )
    names = plan.stream("child names").integers(1 << 30, size=len(young.born))
    owner = young.household[there]
    # Children are numbered by birth within the household, which no later round changes.
    order = np.lexsort([young.born, young.household])
    rank = np.empty(len(order), dtype=int)
    rank[order] = (
        pd.Series(young.household[order]).groupby(young.household[order]).cumcount() + 1
    )
    ids = household_ids(plan, owner)
    rows: dict[str, Any] = {
        "household_id": ids,
        "child_id": [
            f"{home}-{number:02d}"
            for home, number in zip(ids, rank[there], strict=True)
        ],
        "name": [given(names[index], young.girl[index]) for index in there],
        "sex": np.where(young.girl[there], "female", "male"),
        "birth_date": young.born[there],
    }
    rows |= schooling(months, topics["out_of_school"][there], rng)
    rows |= early_years(
        months, topics["unregistered"][there], topics["understimulated"][there], rng
    )
    rows |= work(months, owner, topics["labour"][there], rng)
    need = fate.frame.deprivation[young.household]
    draw = Chances(plan.stream("modules", "children"), need, there)
    rows |= modules_of_children(Kids(months, young.girl[there], draw, rows))
    in_order = np.lexsort([rows["child_id"], rows["household_id"]])
    return {
        column: np.asarray(values, dtype=object)[in_order]
        for column, values in rows.items()
    }


def given(number: int, girl: bool) -> str:
    names = GIRLS if girl else BOYS
    return names[number % len(names)]


def schooling(months: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> dict:
    asked = (months >= 36) & (months < 216)
    answer = np.where(out, "no", "yes").astype(object)
    answer[rng.uniform(size=len(months)) < 0.012] = "dont_know"
    answer[~asked] = None
    return {"school_attended_this_year": answer}


def early_years(
    months: np.ndarray,
    unregistered: np.ndarray,
    poor: np.ndarray,
    rng: np.random.Generator,
) -> dict:
    registered = np.where(unregistered, "no", "yes").astype(object)
    registered[rng.uniform(size=len(months)) < 0.015] = "dont_know"
    registered[months >= 60] = None
    count = np.where(
        poor,
        rng.choice(4, len(months), p=[0.12, 0.2, 0.32, 0.36]),
        rng.choice([4, 5, 6], len(months), p=[0.38, 0.36, 0.26]),
    )
    liking = np.array([0.35, 0.5, 0.75, 0.85, 0.9, 0.45])
    rank = np.argsort(
        np.argsort(-(rng.gumbel(size=(len(months), 6)) + 2 * np.log(liking)), axis=1),
        axis=1,
    )
    done = rank < count[:, None]
    asked = (months >= 24) & (months < 60)
    rows: dict = {"birth_registered": registered}
    for index, column in enumerate(STIMULATION):
        answer = yes(done[:, index]).astype(object)
        answer[~asked] = None
        rows[column] = answer
    return rows


def work(
    months: np.ndarray, owner: np.ndarray, works: np.ndarray, rng: np.random.Generator
) -> dict:
    """One child of 5 to 17 per household is selected with equal chance and asked about work."""
    able = (months >= 60) & (months < 216)
    lot = np.where(able, rng.uniform(size=len(months)), -1.0)
    best = pd.Series(lot).groupby(owner).transform("max").to_numpy()
    selected = able & (lot == best)
    years = months // 12
    floor = np.select([years < 12, years < 15], [1, 14], 43)
    hours = np.where(works, floor + rng.integers(0, 16, len(months)), 0)
    light = (years >= 12) & ~works & (rng.uniform(size=len(months)) < 0.2)
    hours = np.where(light, rng.integers(1, 13, len(months)), hours)
    chores = np.minimum(20, rng.poisson(2 + 0.35 * years))
    # Some work at home instead: more than 21 hours of chores, which counts until 14.
    at_home = works & (years < 15) & (rng.uniform(size=len(months)) < 0.3)
    hours = np.where(at_home, 0, hours)
    chores = np.where(at_home, 22 + rng.integers(0, 14, len(months)), chores)
    blank = np.full(len(months), None, dtype=object)
    answer = blank.copy()
    answer[able] = yes(selected[able])
    economic, home = blank.copy(), blank.copy()
    economic[selected], home[selected] = hours[selected], chores[selected]
    return {"selected_5_17": answer, "economic_hours": economic, "chores_hours": home}
