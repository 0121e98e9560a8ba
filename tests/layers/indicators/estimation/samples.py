"""Samples made up for the tests of the engine, as arrays of rows."""

import numpy as np

from layers.indicators.estimation.design import Design, Factor, SinglePSU


def simulated(seed, *, rows=400, strata=4, psus=6, zones=5):
    """Rows in units in strata; weights, a value, a need of 0 or 1, and a zone."""
    random = np.random.default_rng(seed)
    stratum = random.integers(0, strata, rows)
    unit = stratum * psus + random.integers(0, psus, rows)
    size = random.integers(1, 9, rows).astype(float)
    tendency = random.beta(2, 4, strata * psus)[unit]
    return {
        "stratum": stratum,
        "unit": unit,
        "zone": random.integers(0, zones, rows),
        "weight": random.uniform(1.5, 6.0, rows),
        "size": size,
        "value": size * random.normal(3, 2, rows),
        "need": (random.random(rows) < tendency).astype(float),
        "frame": psus + 2.0 * stratum,
    }


def design_of(data, *, single=SinglePSU.ADJUST, frames=True):
    return Design.of(
        weight=data["weight"],
        strata=Factor.of(data["stratum"]),
        clusters=[Factor.of(data["unit"])],
        frames=[data["frame"]] if frames else [],
        single=single,
    )
