"""What is answered about children beyond the first questions: care, health, school.

Every child keeps its draws from round to round. Growth is drawn around medians of the WHO
standards at a few ages (their growth charts), enough for a plausible fiction.
"""

from dataclasses import dataclass

import numpy as np

from .modules import Chances, said, where

STIMULATION = (
    *("stim_read", "stim_stories", "stim_songs"),
    *("stim_outside", "stim_play", "stim_count"),
)
ECDI = [f"ec{number}" for number in range(21, 39)]
# The age in months at which half of the children can do it.
HALF_ABLE = (14, 20, 34, 44, 20, 26, 34, 34, 18, 58, 62, 48, 36, 50, 30, 30, 30, 22)
VACCINES = {
    "vac_bcg": 0.03, "vac_penta1": 0.05, "vac_penta3": 0.14,
    "vac_polio3": 0.13, "vac_mcv1": 0.15, "vac_mcv2": 0.24,
}  # fmt: skip
TODDLERS = [
    f"ucf_{each}"
    for each in ("see", "hear", "walk", "fine", "understand", "speak", "learn", "play")
]
CHILDREN = [
    f"fcf_{each}"
    for each in (
        *("see", "hear", "walk", "selfcare", "speak_in", "speak_out", "learn"),
        *("remember", "concentrate", "change", "control", "friends"),
    )
]
DISCIPLINE = {
    "a": 0.55, "b": 0.85, "c": 0.22, "d": 0.58, "e": 0.5, "f": 0.33,
    "g": 0.08, "h": 0.24, "i": 0.10, "j": 0.26, "k": 0.02,
}  # fmt: skip
FOODS = {
    "grains": 0.05, "pulses": 0.6, "dairy": 0.3, "flesh": 0.6,
    "eggs": 0.6, "vitamin_a": 0.5, "other_fruit": 0.45,
}  # fmt: skip
MEDIAN_AGES = (0, 6, 12, 24, 36, 48, 60)
HEIGHT = {
    True: (49.1, 65.7, 74.0, 86.0, 95.1, 102.7, 109.4),
    False: (49.9, 67.6, 75.7, 87.4, 96.1, 103.3, 110.0),
}
WEIGHT = {
    True: (3.2, 7.3, 8.9, 11.5, 13.9, 16.1, 18.2),
    False: (3.3, 7.9, 9.6, 12.2, 14.3, 16.3, 18.3),
}
LEVELS = ("preprimary", "primary", "lower_secondary", "upper_secondary")
CHILD_COLUMNS = [
    *("living_with", "mother_alive", "father_alive", "married"),
    *("books", "left_alone_days", "left_with_child_days", "early_education"),
    "stim_with_father",
    *(*ECDI, "ec39", "ec40"),
    *VACCINES,
    *("measured", "weight_kg", "height_cm", "measured_as", "muac_mm", "oedema"),
    *("breastfed_yesterday", "foods_yesterday", "meals_yesterday"),
    "milk_feeds_yesterday",
    *("school_ever", "school_level", "school_grade", "completed_level"),
    *("preprimary_last_year", "absent_days"),
    *TODDLERS,
    "ucf_behave",
    "assent",
    *CHILDREN,
    *("fcf_anxious", "fcf_depressed"),
    *(f"discipline_{letter}" for letter in DISCIPLINE),
]


@dataclass(frozen=True)
class Kids:
    """The children of a round, in the order of the draws."""

    months: np.ndarray
    girl: np.ndarray
    draw: Chances
    told: dict
    """Their answers so far."""

    def aged(self, first: int, after: int) -> np.ndarray:
        return (self.months >= first) & (self.months < after)


def modules_of_children(kids: Kids) -> dict:
    parts = (family, care, development, vaccines, growth, diet, school, functioning)
    rows: dict = {}
    for part in (*parts, discipline):
        rows |= part(kids)
    return rows


def family(kids: Kids) -> dict:
    draw = kids.draw
    lot, dead = draw.uniform(), draw.chance(0.5)
    home = np.select(
        [lot < 0.008, lot < 0.02, lot < 0.085], ["neither", "father", "mother"], "both"
    )
    young_wives = kids.aged(180, 216) & kids.girl & draw.chance(0.07, 0.9)
    return {
        "living_with": home,
        "mother_alive": where(np.isin(home, ["father", "neither"]), said(~dead)),
        "father_alive": where(np.isin(home, ["mother", "neither"]), said(~dead)),
        "married": where(kids.aged(180, 216), said(young_wives)),
    }


def care(kids: Kids) -> dict:
    draw, small = kids.draw, kids.aged(0, 60)
    books = np.maximum(0, np.round(3.4 - 1.7 * draw.need + 2 * draw.normal()))
    alone = np.where(draw.chance(0.05), 1 + (draw.uniform() * 3).astype(int), 0)
    minded = np.where(draw.chance(0.08), 1 + (draw.uniform() * 4).astype(int), 0)
    done = np.array([kids.told[each] == "yes" for each in STIMULATION])
    with_him = np.array([draw.uniform() < 0.68 for _each in STIMULATION]) & done
    father = [" ".join(np.array(STIMULATION)[row]) or "none" for row in with_him.T]
    return {
        "books": where(small, books.astype(int)),
        "left_alone_days": where(small, alone),
        "left_with_child_days": where(small, minded),
        "early_education": where(kids.aged(36, 60), said(~draw.chance(0.55))),
        "stim_with_father": where(kids.aged(24, 60) & done.any(axis=0), father),
    }


def development(kids: Kids) -> dict:
    draw, asked = kids.draw, kids.aged(24, 60)
    ahead = 5 * draw.normal() - 3 * draw.need
    rows = {}
    for name, half in zip(ECDI, HALF_ABLE, strict=True):
        able = kids.months + ahead + 6 * draw.normal() > half
        rows[name] = where(asked, said(able))
    lot = draw.uniform()
    rows["ec39"] = where(
        asked, np.select([lot < 0.03, lot < 0.1, lot < 0.3], [1, 2, 3], 5)
    )
    rows["ec40"] = where(
        asked, np.select([lot > 0.97, lot > 0.9, lot > 0.5], [5, 4, 3], 1)
    )
    return rows


def vaccines(kids: Kids) -> dict:
    """Who has a later dose has the earlier ones; a card is seen of two in three."""
    draw, asked = kids.draw, kids.aged(12, 36)
    left_out = kids.draw.uniform()
    behind = 1 / (1 + np.exp(-1.1 * draw.need))
    known = np.where(draw.uniform() < 0.67, "card", "recall")
    rows = {}
    for name, share in VACCINES.items():
        has = left_out > 2 * share * behind
        if name == "vac_mcv2":
            has &= kids.months >= 18
        rows[name] = where(asked, np.where(has, known, "no"))
    return rows


def growth(kids: Kids) -> dict:
    draw, small = kids.draw, kids.aged(0, 60)
    lot = draw.uniform()
    measured = np.select([lot < 0.04, lot < 0.06], ["absent", "refused"], "yes")
    done = small & (measured == "yes")
    height = np.empty(len(kids.months))
    weight = np.empty(len(kids.months))
    shorter = -0.55 - 0.35 * draw.need + draw.normal()
    thinner = 0.1 - 0.15 * draw.need + draw.normal()
    for girl in (True, False):
        who = kids.girl == girl
        months = kids.months[who]
        median = np.interp(months, MEDIAN_AGES, HEIGHT[girl])
        spread = np.interp(months, (0, 12, 24, 60), (1.9, 2.5, 3.2, 4.7))
        height[who] = median + spread * shorter[who]
        weight[who] = np.interp(height[who], HEIGHT[girl], WEIGHT[girl])
    weight *= np.exp(0.088 * thinner)
    arm = np.round(120 + 8 * np.log1p(kids.months) + 9 * thinner + 3 * draw.normal())
    standing = np.where(kids.months < 24, "lying", "standing")
    return {
        "measured": where(small, measured),
        "weight_kg": where(done, np.round(np.clip(weight, 1.5, 40), 1)),
        "height_cm": where(done, np.round(np.clip(height, 42, 128), 1)),
        "measured_as": where(done, standing),
        "muac_mm": where(done & (kids.months >= 6), np.clip(arm, 90, 220).astype(int)),
        "oedema": where(done, said(draw.uniform() < 0.002)),
    }


def diet(kids: Kids) -> dict:
    draw, asked = kids.draw, kids.aged(6, 24)
    fed = kids.months + 8 * draw.normal() < 15
    eaten = {food: ~draw.chance(share, 0.4) for food, share in FOODS.items()}
    foods = [
        " ".join(
            [
                *(["breastmilk"] if fed[row] else []),
                *(f for f in eaten if eaten[f][row]),
            ]
        )
        for row in range(len(kids.months))
    ]
    meals = np.clip(np.round(3.2 - 0.3 * draw.need + draw.normal()), 0, 7).astype(int)
    milk = np.clip(np.round(2.4 + draw.normal()), 0, 6).astype(int)
    return {
        "breastfed_yesterday": where(asked, said(fed)),
        "foods_yesterday": where(asked, [each or None for each in foods]),
        "meals_yesterday": where(asked, meals),
        "milk_feeds_yesterday": where(asked & ~fed, milk),
    }


def school(kids: Kids) -> dict:
    """Levels by the age at the beginning of the school year, some a year or two behind."""
    draw, attended = kids.draw, kids.told["school_attended_this_year"]
    goes, stays = attended == "yes", attended == "no"
    age = (kids.months - 7) // 12
    late = np.where(draw.chance(0.18), 1 + (draw.uniform() < 0.3), 0)
    behind = np.clip(age - late, 3, 17)
    level = np.digitize(behind, (6, 12, 15))
    grade = np.clip(behind - 5, 1, 12)
    done = np.maximum(level - 1, 0)
    left = np.where(stays & draw.chance(0.5), np.maximum(done - 1, 0), done)
    completed = np.array(["none", *LEVELS[1:]], dtype=object)[left]
    first = goes & (level == 1) & (grade == 1)
    ill = np.where(draw.chance(0.22), 1 + (draw.uniform() * 4).astype(int), 0)
    asked = kids.aged(60, 216) & (goes | stays)
    ever = np.where(attended == "dont_know", "dont_know", "yes")
    return {
        "school_ever": where(goes | (stays & (kids.months >= 84)), ever),
        "school_level": where(goes, np.array(LEVELS, dtype=object)[level]),
        "school_grade": where(goes & (level > 0), grade),
        "completed_level": where(asked, completed),
        "preprimary_last_year": where(first, said(~draw.chance(0.35))),
        "absent_days": where(goes, ill),
    }


def functioning(kids: Kids) -> dict:
    draw, asked = kids.draw, kids.aged(24, 60)
    drawn = kids.told["selected_5_17"] == "yes"
    rows: dict = {"assent": where(drawn, said(np.ones(len(drawn), bool)))}
    for names, who, share in ((TODDLERS, asked, 0.006), (CHILDREN, drawn, 0.011)):
        for name in names:
            much, some = draw.chance(share, 0.3), draw.uniform() < 0.06
            rows[name] = where(who, np.select([much, some], [3, 2], 1))
    rows["ucf_behave"] = where(asked, np.where(draw.chance(0.012), 5, 2))
    for name, share in (("fcf_anxious", 0.05), ("fcf_depressed", 0.035)):
        daily = draw.chance(share, 0.5)
        rows[name] = where(drawn, np.where(daily, 1, 4))
    return rows


def discipline(kids: Kids) -> dict:
    drawn = kids.told["selected_5_17"] == "yes"
    asked = kids.aged(12, 60) | (kids.aged(60, 180) & drawn)
    harsh = kids.draw.chance(0.7, 0.4)
    rows = {}
    for letter, share in DISCIPLINE.items():
        usual = letter in "abe"
        used = kids.draw.chance(share if usual else min(0.95, share / 0.7), 0.2)
        rows[f"discipline_{letter}"] = where(
            asked, said(used if usual else used & harsh)
        )
    return rows
