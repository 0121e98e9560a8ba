"""WHO z-scores of 100,000 children, beside pygrowup2, which takes one child at a time.

    python benchmarks/zscores.py

Times are of the processor, which other work on the machine disturbs less.
pygrowup2 is no dependency; without it (pip install pygrowup2==1.0.0) its row is left out.
"""

import io
import os
import resource
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

import django

django.setup()

from django.core.management import call_command

from layers.indicators import anthropometry

try:
    import pygrowup
except ImportError:
    pygrowup = None

CHILDREN, SOME = 100_000, 2_000


def main() -> None:
    children = made(np.random.default_rng(11), CHILDREN)
    timed(children)  # the tables are read once
    rows = [("five indices, arithmetic alone", min(timed(children) for _ in range(5)))]
    rows.append(("manage.py zscores, reading and writing the CSV", command(children)))
    if one := yardstick(children):
        rows.append((f"pygrowup2, five indices, from {SOME:,} children", one))
    print(f"{CHILDREN:,} children\n")
    for name, seconds in rows:
        print(f"| {name} | {seconds:.3f} s | {CHILDREN / seconds:,.0f} children/s |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak:.0f} MB")


def made(random: np.random.Generator, size: int) -> anthropometry.Children:
    age = random.uniform(95, 1826, size)
    length = 50 + 50 * (age / 1826) ** 0.6 + random.normal(0, 4, size)
    return anthropometry.Children(
        sex=random.integers(1, 3, size),
        age_days=np.floor(age),
        weight=np.round(3 + 13 * (age / 1826) ** 0.7 + random.normal(0, 1, size), 1),
        length=np.round(np.clip(length, 66, 109), 2),
        position=np.where(age < 731, "l", "h"),
        oedema=random.random(size) < 0.003,
        arm=np.round(random.normal(15, 1.3, size), 1),
    )


def timed(children: anthropometry.Children) -> float:
    start = time.process_time()
    anthropometry.z_scores(children)
    return time.process_time() - start


def command(children: anthropometry.Children) -> float:
    with tempfile.TemporaryDirectory() as folder:
        data, output = Path(folder) / "data.csv", Path(folder) / "out.csv"
        data.write_text(as_csv(children))
        start = time.process_time()
        call_command("zscores", str(data), output=output, stdout=io.StringIO())
        return time.process_time() - start


def as_csv(children: anthropometry.Children) -> str:
    swollen = np.where(children.oedema, "y", "n")
    columns = (
        *(children.sex, children.age_days, children.weight, children.length),
        *(children.position, swollen, children.arm),
    )
    lines = zip(*(column.tolist() for column in columns), strict=True)
    heading = "sex,age_days,weight_kg,lenhei_cm,measure,oedema,muac_cm\n"
    return heading + "".join(",".join(map(str, line)) + "\n" for line in lines)


def yardstick(children: anthropometry.Children) -> float | None:
    """Seconds for all children, from the time of the first `SOME`."""
    if pygrowup is None:
        return None
    sexes = np.where(children.sex == 1, "male", "female")
    days = children.age_days.astype(int)
    columns = (sexes, days, children.weight, children.length, children.arm)
    rows = zip(*(column[:SOME].tolist() for column in columns), strict=True)
    start = time.process_time()
    for sex, age, weight, length, arm in rows:
        child = pygrowup.Observation(sex=sex, age_in_days=age)
        height = Decimal(str(length))
        child.lhfa(height, recumbent=age < 731)
        child.wfa(Decimal(str(weight)))
        child.bmifa(Decimal(str(round(weight / (length / 100) ** 2, 4))))
        child.acfa(Decimal(str(arm)))
        if age < 731:
            child.wfl(Decimal(str(weight)), height)
        else:
            child.wfh(Decimal(str(weight)), height)
    return (time.process_time() - start) * CHILDREN / SOME


if __name__ == "__main__":
    main()
