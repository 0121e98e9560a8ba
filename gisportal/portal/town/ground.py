"""The ground of a whole municipality, unit by unit, so that memory holds one unit at a time."""

from collections.abc import Iterator
from dataclasses import replace

from .lots import cut_ground
from .plan import Ground, TownPlan
from .region import lay_out, stream_lines, stream_through
from .streets import skeleton

TOLERANCE = 0.04
ATTEMPTS = 6
# Towns that share a border are less round than one alone and lose some lots to it.
NEIGHBOURS = 1.07


def build_ground(plan: TownPlan) -> Iterator[Ground]:
    boundaries, exits = lay_out(plan)
    streams = stream_lines(plan)
    for unit, (boundary, leaving) in enumerate(zip(boundaries, exits, strict=True)):
        stream = stream_through(streams, boundary)
        yield cut_ground(plan, unit, skeleton(plan, unit, boundary, leaving, stream))


def calibrated(plan: TownPlan) -> TownPlan:
    """The plan with its extent chosen so that one town has about the parcels asked for.

    Several towns together are not tried out: their numbers even out.
    """
    if plan.units > 1:
        return replace(plan, lot_share=plan.lot_share * NEIGHBOURS)
    best, gap = plan, float("inf")
    for _ in range(ATTEMPTS):
        count = sum(len(ground.lots) for ground in build_ground(plan))
        off = abs(count / plan.parcels - 1)
        if off < gap:
            best, gap = plan, off
        if gap < TOLERANCE:
            break
        share = plan.lot_share * (plan.parcels / max(count, plan.parcels / 4)) ** 0.8
        plan = replace(plan, lot_share=share)
    return best
