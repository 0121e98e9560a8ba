"""Design-based estimates of proportions for many domains at once.

Everything is computed from totals per primary sampling unit (PSU), which are additive: totals
of two disjoint groups of children add up, a town is the sum of its zones, and a new household
changes one column.

Shapes: G groups of children (a partition, such as girls and boys), B breakdowns (sums of
groups), K cells (the pairs of PSU and domain that occur), D domains (zones), H strata, P PSUs.
"""

from layers.indicators.maths.precision import (
    design_effect,
    effective_size,
    intervals,
    reliable,
)
from layers.indicators.maths.ratios import Ratios, Slots, SlotSums, ratios, ratios_of
from layers.indicators.maths.totals import (
    Booleans,
    Cells,
    Design,
    Floats,
    Integers,
    Totals,
    psu_totals,
    units_with_children,
)

__all__ = [
    "Booleans",
    "Cells",
    "Design",
    "Floats",
    "Integers",
    "Ratios",
    "SlotSums",
    "Slots",
    "Totals",
    "design_effect",
    "effective_size",
    "intervals",
    "psu_totals",
    "ratios",
    "ratios_of",
    "reliable",
    "units_with_children",
]
