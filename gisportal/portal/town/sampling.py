"""Which households are interviewed in which round."""

import numpy as np
import pandas as pd

from .people import SMALLEST_ZONE, Frame
from .plan import TownPlan

PANEL_SHARE = 0.45


# So few that their estimates must be withheld.
SMALL_SAMPLE = 4


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
    members = pd.Series(frame.zone).groupby(frame.zone).indices
    chosen = []
    for zone, size in sizes.items():
        here = rng.permutation(members[zone])
        if before is None:
            chosen.append(here[:size])
            continue
        seen = np.isin(here, before)
        stay = here[seen][: round(size * PANEL_SHARE)]
        chosen.append(np.concatenate([stay, here[~seen][: size - len(stay)]]))
    return np.sort(np.concatenate(chosen))
