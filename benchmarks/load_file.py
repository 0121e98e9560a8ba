"""Reads a file of 100,000 households against the library's questionnaire.

    python benchmarks/load_file.py [ROWS]

Reading and the form's rules only: no database is touched.
"""

import csv
import io
import os
import resource
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

import django

django.setup()

from surveys.files.reading import read_entries
from surveys.questionnaires.compiling import compile_xlsform
from surveys.questionnaires.library import LIBRARY

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
SOURCES = ("piped", "borehole", "tanker", "bottled")
MEGABYTE = 1024


def file_of(count: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "household_id",
            "parcel_code",
            "outcome",
            "consent",
            "interview_date",
            "surveyor",
            "head_name",
            "persons",
            "sleeping_rooms",
            "water_source",
            "water_minutes",
            "sanitation",
            "fcs_staples",
            "fcs_dairy",
            "rcsi_meals",
            "latitude",
            "longitude",
            "weight",
        ]
    )
    for n in range(count):
        writer.writerow(
            [
                f"H{n}",
                f"1-{n % 5000:04}",
                "complete",
                "yes",
                f"2026-04-{1 + n % 28:02}",
                "فرح",
                f"كريم {n}",
                1 + n % 12,
                n % 5,
                SOURCES[n % 4],
                n % 60,
                "pit_open" if n % 3 else "none",
                n % 8,
                (n + 3) % 9,
                n % 8,
                33.8 + n % 100 / 10_000,
                35.8 + n % 90 / 10_000,
                4.5,
            ]
        )
    return out.getvalue().encode()


def main() -> None:
    library = LIBRARY["child_needs"]
    structure = compile_xlsform(library.content, library.file_name).structure
    if structure is None:
        raise SystemExit("The library's form does not compile.")
    content = file_of(ROWS)
    questions = sum(len(table.questions) for table in structure.tables)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE
    start = time.perf_counter()
    reading = read_entries(
        content,
        structure,
        now=datetime(2026, 11, 24, tzinfo=UTC),
        first=date(2026, 4, 1),
        last=date(2026, 5, 31),
    )
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE
    faulty = sum(entry.blocked for entry in reading.entries)
    print(f"{len(reading.entries)} records of a form of {questions} questions,")
    print(f"{len(content) / 1e6:.1f} MB, {faulty} of them faulty: {took:.1f} s,")
    print(f"{ROWS / took:.0f} records a second, memory {before} -> {peak} MB")


main()
