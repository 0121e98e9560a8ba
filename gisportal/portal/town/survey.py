"""Two rounds of a household survey drawn from the frame, with a panel kept from one to the next."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .levels import LEVELS
from .names import BOYS, GIRLS, SURVEYORS, people
from .people import NATIONALITIES, SMALLEST_ZONE, Children, Frame, completed_months
from .plan import TownPlan

PANEL_SHARE = 0.45
# So few that their estimates must be withheld.
SMALL_SAMPLE = 4
FIRST_DAYS = {"2025-spring": "2025-04-07", "2026-spring": "2026-04-13"}
FIELD_DAYS = 38
STIMULATION = (
    "stim_read",
    "stim_stories",
    "stim_songs",
    "stim_outside",
    "stim_play",
    "stim_count",
)
SHARED_LIKELIHOOD = 0.72


@dataclass
class Round:
    code: str
    households: pd.DataFrame
    children: pd.DataFrame


@dataclass(frozen=True)
class Visits:
    """The households interviewed in a round, ascending, and the day of each."""

    code: str
    chosen: np.ndarray
    days: np.ndarray


@dataclass
class Moods:
    """One uniform draw per household or child and topic; most stay from round to round."""

    values: np.ndarray

    def next(self, rng: np.random.Generator) -> "Moods":
        fresh = rng.uniform(size=self.values.shape)
        keep = rng.uniform(size=self.values.shape) < SHARED_LIKELIHOOD
        return Moods(np.where(keep, self.values, fresh))


HOUSEHOLD_TOPICS = ("water", "sanitation", "crowded", "offline")
CHILD_TOPICS = ("out_of_school", "labour", "unregistered", "understimulated")
WEIGHT_OF_NEED = {
    "water": 0.85, "sanitation": 0.9, "crowded": 0.8, "offline": 0.75,
    "out_of_school": 0.9, "labour": 0.75, "unregistered": 0.8, "understimulated": 0.65,
}  # fmt: skip


def sample_sizes(plan: TownPlan, frame: Frame) -> pd.Series:
    """Households to interview per zone: more than its share for a small zone, never most of it."""
    count = pd.Series(frame.zone).value_counts().sort_index()
    share = count**0.85
    for _ in range(8):
        size = np.minimum(
            np.round(plan.households * share / share.sum()), np.ceil(0.55 * count)
        )
        share = share * plan.households / max(size.sum(), 1)
        share = np.minimum(share, share.max())
        wanted = plan.households / max(size.sum(), 1)
        if abs(wanted - 1) < 0.004:
            break
    return size.astype(int).where(count > SMALLEST_ZONE + 3, SMALL_SAMPLE)


def draw(
    plan: TownPlan, frame: Frame, before: np.ndarray | None, code: str, sizes: pd.Series
) -> np.ndarray:
    """Households of a round, some 45 % of them interviewed in the one before."""
    rng = plan.stream("sample", code)
    chosen = []
    for zone, size in sizes.items():
        here = rng.permutation(np.flatnonzero(frame.zone == zone))
        if before is None:
            chosen.append(here[:size])
            continue
        seen = np.isin(here, before)
        stay = here[seen][: round(size * PANEL_SHARE)]
        chosen.append(np.concatenate([stay, here[~seen][: size - len(stay)]]))
    return np.sort(np.concatenate(chosen))


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
        self.shift = None
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


def interview(
    plan: TownPlan, fate: Fate, code: str, chosen: np.ndarray, sizes: pd.Series
) -> Round:
    rng = plan.stream("interview", code)
    frame = fate.frame
    start = np.datetime64(FIRST_DAYS[code])
    days = start + rng.integers(0, FIELD_DAYS, len(chosen)).astype("timedelta64[D]")
    topics = {
        topic: fate.lacking(topic, start)
        for topic in (*HOUSEHOLD_TOPICS, *CHILD_TOPICS)
    }
    visits = Visits(code, chosen, days)
    homes = home_rows(plan, fate, visits, rng)
    kids = child_rows(plan, fate, visits, topics, rng)
    homes |= answers_of_homes(homes, frame, chosen, topics, rng)
    zone = frame.zone[chosen]
    total = pd.Series(frame.zone).value_counts()
    homes["stratum"] = zone
    homes["frame_households"] = total.reindex(zone).to_numpy()
    homes["weight"] = np.round(
        homes["frame_households"] / sizes.reindex(zone).to_numpy(), 6
    )
    return Round(
        code, pd.DataFrame(homes)[HOUSEHOLD_COLUMNS], pd.DataFrame(kids)[CHILD_COLUMNS]
    )


HOUSEHOLD_COLUMNS = [
    "household_id", "parcel_code", "latitude", "longitude", "interview_date", "surveyor", "phone",
    "head_name", "persons", "sleeping_rooms", "water_source", "water_minutes", "sanitation",
    "sanitation_shared", "internet", "nationality", "displaced", "stratum", "weight",
    "frame_households",
]  # fmt: skip
CHILD_COLUMNS = [
    "household_id", "child_id", "name", "sex", "birth_date", "school_attended_this_year",
    *STIMULATION, "birth_registered", "selected_5_17", "economic_hours", "chores_hours",
]  # fmt: skip


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
    rows = {
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


def survey(plan: TownPlan, frame: Frame, young: Children) -> list[Round]:
    fate = Fate(plan, frame, young)
    sizes = sample_sizes(plan, frame)
    rounds, before = [], None
    for number, code in enumerate(plan.rounds):
        if number:
            fate.next_round(zone_changes(plan, frame))
        chosen = draw(plan, frame, before, code, sizes)
        rounds.append(interview(plan, fate, code, chosen, sizes))
        before = chosen
    return rounds
