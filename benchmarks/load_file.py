"""Reads a file of 100,000 households against the library's questionnaire.

    python benchmarks/load_file.py [ROWS [CHILDREN]]

CSV; with CHILDREN a zip with a second one, of so many children for each household.

Reading and the form's rules only: no database is touched.
"""

import csv
import io
import os
import resource
import sys
import tempfile
import time
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

import django

django.setup()

from surveys.files.reading import Reading, Terms
from surveys.questionnaires.compiling import compile_xlsform
from surveys.questionnaires.library import LIBRARY

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
CHILDREN = int(sys.argv[2]) if len(sys.argv) > 2 else 0
CHUNK = 500
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


def children_of(count: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["household_id", "child_id", "name", "sex", "birth_date", "birth_registered"]
    )
    for n in range(count):
        for child in range(CHILDREN):
            sex = "female" if (n + child) % 2 else "male"
            born = f"{2009 + (n + child) % 16}-{1 + n % 12:02}-11"
            writer.writerow([f"H{n}", f"C{child}", "ليان", sex, born, ""])
    return out.getvalue().encode()


def write_file(path: Path) -> None:
    if not CHILDREN:
        path.write_bytes(file_of(ROWS))
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("homes.csv", file_of(ROWS))
        archive.writestr("children.csv", children_of(ROWS))


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE


def main() -> None:
    library = LIBRARY["child_needs"]
    structure = compile_xlsform(library.content, library.file_name).structure
    if structure is None:
        raise SystemExit("The library's form does not compile.")
    questions = sum(len(table.questions) for table in structure.tables)
    terms = Terms(
        structure,
        now=datetime(2026, 11, 24, tzinfo=UTC),
        first=date(2026, 4, 1),
        last=date(2026, 5, 31),
    )
    with tempfile.NamedTemporaryFile() as file:
        # The file is made by another process, whose memory is not ours.
        if not os.fork():
            write_file(Path(file.name))
            os._exit(0)
        os.wait()
        size, before = Path(file.name).stat().st_size, memory()
        start, begun = time.perf_counter(), time.process_time()
        reading = Reading(Path(file.name), terms)
        read = time.perf_counter() - start
        faulty = 0
        for first in range(0, reading.count, CHUNK):
            faulty += sum(each.blocked for each in reading.entries(first, CHUNK))
        took, worked = time.perf_counter() - start, time.process_time() - begun
    print(f"{reading.count} records of a form of {questions} questions,")
    print(f"{size / 1e6:.1f} MB, {faulty} of them faulty: {took:.1f} s,")
    print(f"of which {read:.1f} s to read it; {worked:.1f} s of the processor;")
    print(f"{ROWS / took:.0f} records a second, memory {before} -> {memory()} MB")


main()
