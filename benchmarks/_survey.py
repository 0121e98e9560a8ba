"""The same shares by other software: R's `survey` where it is installed, else `svy`."""

from __future__ import annotations

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import svy

from tests.layers.indicators.estimation import r

R = """
suppressMessages(library(survey))
s <- read.csv("rows.csv")
spent <- function(work) sum(system.time(work())[1:2])
made <- spent(function() d <<- svydesign(
  id=~psu, strata=~zone, fpc=~frame, weights=~weight, data=s))
needs <- grep("^need", names(s), value=TRUE)
answers <- NULL
took <- 0
for (need in needs) for (members in c("all", "girls")) {
  asked <- paste0("asked", substring(need, 5))
  took <- took + spent(function() {
    inside <- d$variables[[asked]] == 1 & (members == "all" | d$variables$sex == 0)
    of <- subset(d, inside)
    m <<- svyby(reformulate(need), ~zone, of, svymean)
  })
  answers <- rbind(answers, data.frame(
    need=need, members=members, zone=m$zone, estimate=coef(m), se=SE(m)))
}
write.csv(answers, "answers.csv", row.names=FALSE)
cat(made, took)
"""


@dataclass(frozen=True)
class Peer:
    """What it answered: shares and errors (I, 2, D), of all children and of girls."""

    name: str
    design: float
    """Seconds."""
    domains: float
    """Seconds for the I x 2 passes over D zones, without the design."""
    estimate: np.ndarray
    se: np.ndarray


def asked(data: dict[str, np.ndarray], some: int) -> Peer:
    """The first `some` indicators of `data`; every household has a child."""
    frame = _frame(data, some)
    zones = int(data["zone"].max()) + 1
    return _by_r(frame, some, zones) if r.has_survey() else _by_svy(frame, some, zones)


def _frame(data: dict[str, np.ndarray], some: int) -> pl.DataFrame:
    unit = data["unit"]
    columns = {
        "zone": data["zone"][unit],
        "psu": unit,
        "frame": data["frame"][data["zone"][unit]],
        "weight": data["weight"][unit],
        "sex": data["sex"],
    }
    for row in range(some):
        columns[f"asked{row}"] = data["eligible"][row].astype(np.int64)
        columns[f"need{row}"] = data["needs"][row].astype(np.int64)
    return pl.DataFrame(columns)


def _by_r(frame: pl.DataFrame, some: int, zones: int) -> Peer:
    """R tells the processor's time, which other processes do not lengthen."""
    with tempfile.TemporaryDirectory() as folder:
        frame.write_csv(Path(folder) / "rows.csv")
        done = subprocess.run(
            [str(r.program()), "--vanilla", "-"],
            input=R,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        answers = pl.read_csv(Path(folder) / "answers.csv")
    made, took = (float(part) for part in done.stdout.split())
    found = (
        answers[name].to_numpy().reshape(some, 2, zones) for name in ("estimate", "se")
    )
    return Peer("R's survey, svyby(svymean)", made, took, *found)


def _by_svy(frame: pl.DataFrame, some: int, zones: int) -> Peer:
    start = time.perf_counter()
    design = svy.Design(stratum="zone", psu="psu", wgt="weight", pop_size="frame")
    sample = svy.Sample(frame, design)
    made = time.perf_counter() - start
    estimate, se = np.empty((some, 2, zones)), np.empty((some, 2, zones))
    start = time.perf_counter()
    for row in range(some):
        for place in range(2):
            inside = svy.col(f"asked{row}") == 1
            if place:
                inside = inside & (svy.col("sex") == 0)
            found = sample.estimation.prop(f"need{row}", by="zone", where=inside)
            shares = found.to_polars().filter(pl.col(f"need{row}") == 1).sort("zone")
            estimate[row, place] = shares["est"].to_numpy()
            se[row, place] = shares["se"].to_numpy()
    return Peer("svy, prop", made, time.perf_counter() - start, estimate, se)
