"""Estimates of any design beside R's survey, svy and a bare numpy.bincount.

    python -m benchmarks.estimate

100,000 children in 50 zones, then a million in 1,000; households are drawn in 20 strata of
segments, which cross the zones. Needs no database; R with survey where it is installed. R tells
the processor's time, which other processes do not lengthen; the others the clock's.
"""

import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import svy

from layers.indicators.estimation import statistics
from layers.indicators.estimation.design import Design, Factor
from layers.indicators.estimation.intervals import Interval
from layers.indicators.estimation.summary import share_bounds
from tests.layers.indicators.estimation import r

R = """
suppressMessages(library(survey))
s <- read.csv("rows.csv")
best <- function(work) min(sapply(1:3, function(n) sum(system.time(work())[1:2])))
made <- best(function()
  d <<- svydesign(id=~segment, strata=~stratum, weights=~weight, data=s))
means <- best(function() m <<- svyby(~need, ~zone, d, svymean, deff=TRUE))
bounded <- best(function()
  svyby(~need, ~zone, d, svyciprop, vartype="ci", method="xlogit"))
write.csv(data.frame(estimate=coef(m), se=SE(m), deff=deff(m)), "answer.csv")
cat(made, means, bounded)
"""


def sampled(rows: int, zones: int, segments: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(11)
    segment = random.integers(0, segments, rows)
    zone = (segment * zones // segments + random.integers(0, 2, rows)) % zones
    chance = random.beta(2, 5, segments)[segment]
    return {
        "stratum": segment % 20,
        "segment": segment,
        "zone": zone,
        "weight": random.uniform(1.5, 4.0, rows),
        "need": (random.random(rows) < chance).astype(np.float64),
    }


def seconds(work, *, rounds: int = 5) -> tuple[float, object]:
    """The best of several rounds, and the last result."""
    best, result = np.inf, None
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def factor(codes: np.ndarray) -> Factor:
    return Factor(codes, tuple(map(str, range(codes.max() + 1))))


def designed(data) -> Design:
    return Design.of(
        weight=data["weight"],
        strata=factor(data["stratum"]),
        clusters=[factor(data["segment"])],
    )


def estimated(data, design: Design, zones: int):
    found = statistics.mean(design, data["need"], data["zone"], zones)
    return found, share_bounds(found, Interval.LOGIT, 0.95)


def floor(data, zones: int) -> None:
    """The totals without which no variance is: three by zone, and one by segment and zone."""
    weighted = data["weight"] * data["need"]
    np.bincount(data["zone"], minlength=zones)
    np.bincount(data["zone"], weights=data["weight"], minlength=zones)
    np.bincount(data["zone"], weights=weighted, minlength=zones)
    segments = data["segment"].max() + 1
    at = data["zone"] * segments + data["segment"]
    np.bincount(at, weights=weighted, minlength=zones * segments)


def ask_r(data) -> tuple[list[float], pl.DataFrame]:
    with tempfile.TemporaryDirectory() as folder:
        pl.DataFrame(data).write_csv(Path(folder) / "rows.csv")
        done = subprocess.run(
            [r.program(), "--vanilla", "-"],
            input=R,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        answer = pl.read_csv(Path(folder) / "answer.csv")
    return [float(part) for part in done.stdout.split()], answer


def beside_the_others(rows: int, zones: int) -> None:
    data = sampled(rows, zones, 1000)
    making, design = seconds(lambda: designed(data))
    ours, (found, _bounds) = seconds(lambda: estimated(data, design, zones), rounds=40)
    least, _ = seconds(lambda: floor(data, zones), rounds=40)
    sample = svy.Sample(
        pl.DataFrame(data), svy.Design(stratum="stratum", psu="segment", wgt="weight")
    )
    theirs, answer = seconds(
        lambda: sample.estimation.prop("need", by="zone"), rounds=2
    )
    print(f"{rows:,} rows, {zones} zones, 1,000 segments in 20 strata\n")
    show("design: strata and units as numbers", making)
    show("share, error, effect and interval of each zone, ours", ours)
    show("numpy.bincount of the same totals", least)
    print(f"  ours is {ours / least:.1f} times that floor")
    show("svy, proportions by zone", theirs)
    print(f"  ours is {theirs / ours:.0f} times faster")
    shares = answer.to_polars().filter(pl.col("need") == 1).sort("zone")
    gap = np.abs(found.se - shares["se"].to_numpy()).max()
    print(f"  largest difference of an error: {gap:.0e}")
    if not r.has_survey():
        print("R with its package survey is not installed; its part is left out.")
        return
    (made, means, bounded), answers = ask_r(data)
    show("R, svydesign (processor)", made)
    show("R, svyby(svymean, deff=TRUE) (processor)", means)
    show("R, svyby(svyciprop) (processor)", bounded)
    print(f"  ours is {means / ours:.0f} and {bounded / ours:.0f} times faster")
    for name, mine in (
        ("estimate", found.estimate),
        ("se", found.se),
        ("deff", found.deff),
    ):
        gap = np.abs(mine / answers[name].to_numpy() - 1.0).max()
        print(f"  largest relative difference of {name}: {gap:.0e}")


def a_million() -> None:
    data = sampled(1_000_000, 1000, 20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    making, design = seconds(lambda: designed(data), rounds=1)
    ours, _ = seconds(lambda: estimated(data, design, 1000), rounds=1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("\n1,000,000 rows, 1,000 zones, 20,000 segments in 20 strata\n")
    show("design", making)
    show("share, error, effect and interval of each zone", ours)
    print(
        f"memory at its most {most / 1e6:.2f} GB, {(most - before) / 1e6:.2f} of it for this"
    )


def show(what: str, taken: float) -> None:
    print(f"{what:<55}{taken * 1000:9.1f} ms")


if __name__ == "__main__":
    beside_the_others(100_000, 50)
    a_million()
