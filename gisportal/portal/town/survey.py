"""The rounds of a household survey, with a panel kept from one to the next."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .answers import (
    CHILD_COLUMNS,
    HOUSEHOLD_COLUMNS,
    Visits,
    answers_of_homes,
    child_rows,
    home_rows,
)
from .fate import CHILD_TOPICS, HOUSEHOLD_TOPICS, Fate, zone_changes
from .modules import modules_of_homes
from .people import Children, Frame
from .plan import TownPlan
from .sampling import draw, sample_sizes
from .women import WOMAN_COLUMNS, women_of

FIRST_DAYS = {"2025-spring": "2025-04-07", "2026-spring": "2026-04-13"}


FIELD_DAYS = 38


@dataclass
class Round:
    code: str
    households: pd.DataFrame
    children: pd.DataFrame
    women: pd.DataFrame

    @property
    def sheets(self) -> dict[str, pd.DataFrame]:
        """Of the workbook to upload, by name."""
        return {
            "households": self.households,
            "children": self.children,
            "women": self.women,
        }


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
    homes |= modules_of_homes(plan, frame, chosen)
    zone = frame.zone[chosen]
    total = pd.Series(frame.zone).value_counts()
    homes["stratum"] = zone
    homes["frame_households"] = total.reindex(zone).to_numpy()
    homes["weight"] = np.round(
        homes["frame_households"] / sizes.reindex(zone).to_numpy(), 6
    )
    homes["women_20_24"], women = women_of(plan, frame, chosen, days)
    women["household_id"] = np.array(homes["household_id"])[women["household"]]
    return Round(
        code,
        pd.DataFrame(homes)[HOUSEHOLD_COLUMNS],
        pd.DataFrame(kids)[CHILD_COLUMNS],
        women[WOMAN_COLUMNS],
    )


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
