"""Tables of the documentation, for the tests that compute what they hold."""

from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"


def rows_of(page, heading):
    """The rows under a table's heading, as dicts of text."""
    lines = (DOCS / page).read_text("utf-8").splitlines()
    start = lines.index(heading)
    names, rows = cells(heading), []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(names, cells(line), strict=True)))
    return rows


def cells(line):
    return [
        cell.strip()
        for cell in line.strip().removeprefix("|").removesuffix("|").split("|")
    ]
