"""What R's `survey` answers to the same questions.

    python -m tests.layers.indicators.estimation.r

writes `answers.csv` anew: R's answers on `sample.csv`, each with the call that gave it. Needs R
with `survey` (Debian: r-cran-survey).
"""

import csv
import io
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SAMPLE, ANSWERS = HERE / "sample.csv", HERE / "answers.csv"
VALUES = ("estimate", "se", "deff", "df", "low", "high")

START = """
suppressMessages(library(survey)); options(warn=-1)
put <- function(case, domain, call, values)
  cat(dQuote(case, FALSE), domain, dQuote(call, FALSE), sprintf("%.17g", values), sep=",", fill=100000)
of_mean <- function(f, d, ..., m=svymean(f, d, deff=TRUE, na.rm=TRUE, ...))
  c(coef(m), SE(m), deff(m), degf(d), confint(m, df=degf(d)))
of_total <- function(f, d) of_mean(f, d, m=svytotal(f, d, deff=TRUE, na.rm=TRUE))
of_replace <- function(f, d) of_mean(f, d, m=svymean(f, d, deff="replace", na.rm=TRUE))
of_ratio <- function(n, x, d) {
  m <- svyratio(n, x, d, deff=TRUE, na.rm=TRUE)
  c(coef(m), SE(m), deff(m), degf(d), confint(m, df=degf(d)))
}
of_share <- function(f, d, method) {
  m <- svymean(f, d, deff=TRUE); p <- svyciprop(f, d, method=method)
  c(coef(m), SE(m), deff(m), degf(d), confint(p))
}
of_median <- function(f, d) {
  m <- svyquantile(f, d, 0.5, df=degf(d), na.rm=TRUE)
  c(coef(m), SE(m), NA, degf(d), confint(m))
}
by_group <- function(case, call, domains, values)
  for (i in seq_along(domains)) put(case, domains[i], call, values[i, ])
of_each <- function(f, by, d, FUN) {
  m <- svyby(f, by, d, FUN, deff=TRUE, na.rm=TRUE)
  cbind(coef(m), SE(m), deff(m), NA, NA, NA)
}
contrasted <- function(f, by, d, first, second) {
  m <- svyby(f, by, d, svymean, covmat=TRUE)
  weights <- rep(0, nrow(m)); weights[first] <- -1; weights[second] <- 1
  found <- svycontrast(m, weights)
  c(coef(found), SE(found), NA, NA, NA, NA)
}
"""


def program() -> str | None:
    return shutil.which("Rscript")


@cache
def has_survey() -> bool:
    if program() is None:
        return False
    asked = [program(), "-e", "library(survey)"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def run(lines: str, folder: Path) -> str:
    """What a script prints; raises with R's own words."""
    done = subprocess.run(
        [program(), "--vanilla", "-"],
        input=START + lines,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


def ask(setup: str, calls: dict[str, str], folder: Path) -> dict[str, list[dict]]:
    """R's answers to each call, which names its design `d`."""
    lines = [setup]
    for case, call in calls.items():
        quoted = call.replace('"', "'")
        if call.startswith("of_each"):
            levels = call.split("~")[2].split(",")[0]
            lines.append(
                f"domains <- levels(factor(d$variables${levels})); "
                f'by_group("{case}", "{quoted}", domains, {call})'
            )
        else:
            lines.append(f'put("{case}", "", "{quoted}", {call})')
    return read(run("\n".join(lines), folder))


def read(text: str) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for case, domain, call, *values in csv.reader(io.StringIO(text)):
        numbers = [float(value.replace("NA", "nan")) for value in values]
        row = dict(zip(VALUES, numbers, strict=True))
        found.setdefault(case, []).append({"domain": domain, "call": call} | row)
    return found


def simulated() -> str:
    """A sample of households in segments in strata, as a CSV: nobody that exists."""
    random = np.random.default_rng(20)
    lines = [
        (
            "stratum,single,segment,household,child,segments,households,children,"
            "weight,zone,y,x,need"
        )
    ]
    segment = 0
    for stratum, (drawn, frame) in enumerate([(4, 11), (5, 9), (3, 20)]):
        for _ in range(drawn):
            segment += 1
            households = int(random.integers(4, 12))
            for household in range(int(random.integers(2, 5))):
                weight = round(float(random.uniform(2, 9)), 2)
                asked = int(random.integers(1, 4))
                children = asked + int(random.integers(0, 3))
                for child in range(asked):
                    x = int(random.integers(1, 9))
                    y = (
                        ""
                        if random.random() < 0.05
                        else round(random.normal(3 * x, 4), 2)
                    )
                    need = int(random.random() < 0.2 + 0.05 * (segment % 7))
                    zone = "ABC"[int(random.integers(0, 3))]
                    single = "alone" if segment == 9 else f"S{stratum}"
                    lines.append(
                        f"S{stratum},{single},{segment},{household},{child},{frame},"
                        f"{households},{children},{weight},{zone},{y},{x},{need}"
                    )
    return "\n".join(lines) + "\n"


DESIGNS = {
    "two": "svydesign(id=~segment+household, strata=~stratum, weights=~weight, "
    "fpc=~segments+households, data=s)",
    "three": "svydesign(id=~segment+household+child, strata=~stratum, "
    "weights=~weight, fpc=~segments+households+children, data=s)",
    "open": "svydesign(id=~segment, strata=~stratum, weights=~weight, data=s)",
    "single": "svydesign(id=~segment, strata=~single, weights=~weight, data=s)",
}
CALLS = {
    "mean": ("two", "of_mean(~y, d)"),
    "mean, open": ("open", "of_mean(~y, d)"),
    "mean by zone": ("two", "of_each(~y, ~zone, d, svymean)"),
    "mean, three": ("three", "of_mean(~y, d)"),
    "share, three, by zone": ("three", "of_each(~need, ~zone, d, svymean)"),
    "total": ("two", "of_total(~y, d)"),
    "total by zone": ("open", "of_each(~y, ~zone, d, svytotal)"),
    "ratio": ("two", "of_ratio(~y, ~x, d)"),
    "share, logit": ("two", "of_share(~need, d, 'xlogit')"),
    "share, beta": ("open", "of_share(~need, d, 'beta')"),
    "share in B": ("two", "of_share(~need, subset(d, zone == 'B'), 'xlogit')"),
    "median": ("open", "of_median(~y, d)"),
    "median in B": ("two", "of_median(~y, subset(d, zone == 'B'))"),
    "deff, replace": ("open", "of_replace(~y, d)"),
    "single, adjust": ("single", "of_mean(~y, d)"),
    "single, certainty": ("single", "of_mean(~y, d)"),
    "single, average": ("single", "of_mean(~y, d)"),
    "contrast": ("two", "contrasted(~need, ~zone, d, 1, 3)"),
    "post-strata": ("open", "of_mean(~y, d)"),
    # R's svyby has no covariances of calibrated weights; a total says the same.
    "post-strata contrast": (
        "open",
        "replace(of_total(~I(need * ((zone == 'C') - (zone == 'A'))), d), 3:6, NA)",
    ),
    "post-strata by zone": ("open", "of_each(~need, ~zone, d, svymean)"),
}
KNOWN = "data.frame(zone=c('A','B','C'), Freq=c(160, 150, 140))"


def setup_of(case: str, design: str) -> str:
    option = case.split(", ")[1] if case.startswith("single") else "adjust"
    lines = [
        "s <- read.csv('sample.csv')",
        f"options(survey.lonely.psu='{option}')",
        f"d <- {DESIGNS[design]}",
    ]
    if case.startswith("post-strata"):
        lines.append(f"d <- postStratify(d, ~zone, {KNOWN})")
    return "; ".join(lines)


def answers() -> str:
    """All answers on the sample, as the text of a CSV."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["case", "domain", "call", "design", *VALUES])
    setups: dict[str, dict[str, str]] = {}
    for case, (design, call) in CALLS.items():
        setups.setdefault(setup_of(case, design), {})[case] = call
    for setup, calls in setups.items():
        for case, rows in ask(setup, calls, HERE).items():
            for row in rows:
                values = [f"{row[name]:.17g}" for name in VALUES]
                head = [case, row["domain"], row["call"], setup.split("; ", 1)[1]]
                writer.writerow([*head, *values])
    return written.getvalue()


def committed() -> dict[str, list[dict]]:
    """The answers as they stand in the file, without their designs."""
    lines = ANSWERS.read_text("utf-8").splitlines()[1:]
    rows = [[*row[:3], *row[4:]] for row in csv.reader(lines)]
    kept = io.StringIO()
    csv.writer(kept).writerows(rows)
    return read(kept.getvalue())


if __name__ == "__main__":
    SAMPLE.write_text(simulated(), encoding="utf-8")
    ANSWERS.write_text(answers(), encoding="utf-8")
