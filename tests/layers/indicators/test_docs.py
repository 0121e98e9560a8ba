"""docs/indicators.md is read here: its tables hold what the code computes."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from layers.explorer.ranking import rank_ranges
from layers.indicators import maths
from layers.indicators.catalogue import indicators
from layers.indicators.definitions.grammar import read_condition
from layers.indicators.definitions.wording import (
    condition_words,
    population_words,
    variable_labels,
)
from layers.indicators.disclosure import suppression
from layers.indicators.rounds import round_differences

PAGE = Path(__file__).parents[3] / "docs/indicators.md"


def table(heading):
    """The rows under a heading, as dicts of text."""
    lines = PAGE.read_text("utf-8").splitlines()
    start = lines.index(heading)
    names, rows = cells(heading), []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(names, cells(line), strict=True)))
    return rows


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_lists_every_indicator_of_the_catalogue():
    rows = table(
        "| code | version | title | dimension | standard | children | unknown answers "
        "| sensitive |"
    )
    assert rows == [described(each) for each in indicators().values()]


def described(each):
    where = each.population.where
    children = population_words(each.population)
    if where:
        children += f" ({flat(condition_words(where, variable_labels()))})"
    return {
        "code": f"`{each.code}`",
        "version": str(each.version),
        "title": each.title,
        "dimension": str(each.dimension.label),
        "standard": each.standard.title,
        "children": children,
        "unknown answers": str(each.unknown.label),
        "sensitive": "yes" if each.sensitive else "no",
    }


def flat(line):
    return " ".join([line.text, "; ".join(flat(part) for part in line.parts)]).strip()


def test_the_rules_of_the_page_decide_as_it_says():
    for row in table("| rule | answers | verdict |"):
        source = tomllib.loads(f"rule = {row['rule'].strip('`')}")["rule"]
        condition = read_condition(source)
        given = dict(each.rsplit(" ", 1) for each in row["answers"].split(", "))
        columns = {name: np.array([np.nan]) for name in condition.variables}
        columns |= {
            name.strip("`"): np.array([float(value)]) for name, value in given.items()
        }
        verdict = condition.decide(columns)
        found = ["not in need", "in need"][int(verdict.true[0])]
        assert row["verdict"] == (found if verdict.known[0] else "unknown"), row


def test_the_worked_example_is_what_the_engine_computes():
    rows = table("| household | stratum | weight | frame | children | in need |")
    expected = table(
        "| domain | estimate | standard error | degrees of freedom | design effect "
        "| low | high |"
    )
    strata, stratum = np.unique([row["stratum"] for row in rows], return_inverse=True)
    frame = {row["stratum"]: float(row["frame"]) for row in rows}
    psu = np.arange(len(rows))
    design = maths.Design.from_frame(
        stratum, np.array([frame[name] for name in strata])
    )
    zones = computed(rows, design, psu, stratum)
    town = computed(rows, design, psu, np.zeros(len(rows), dtype=int))
    found = dict(zip([*strata, "town"], [*zones, *town], strict=True))
    for row in expected:
        values = [float(value) for value in list(row.values())[1:]]
        assert found[row["domain"]] == pytest.approx(values, abs=5e-5)


def computed(rows, design, psu, domain):
    cells, cell = maths.Cells.of_units(
        domain=domain, psu=psu, domains=domain.max() + 1, design=design
    )
    children = [int(row["children"]) for row in rows]
    unit = np.repeat(psu, children)
    needy = [range(size) for size in children]
    totals = maths.psu_totals(
        cell=cell[unit],
        cells=len(cells),
        group=np.zeros(len(unit), dtype=int),
        groups=1,
        weight=np.array([float(row["weight"]) for row in rows])[unit],
        eligible=np.ones(len(unit), dtype=bool),
        in_need=np.array(
            [
                place < int(row["in need"])
                for row, places in zip(rows, needy, strict=True)
                for place in places
            ]
        ),
    )
    found = maths.ratios(totals, cells, design)
    low, high = maths.intervals(found)
    effect = maths.design_effect(found)
    parts = (found.estimate, found.se, found.df, effect, low, high)
    return np.array([part[0] for part in parts]).T.tolist()


def test_the_withheld_figures_of_the_page_are_those_of_the_engine():
    shown, hidden = table_pair()
    sexes = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    counts = np.array(
        [
            [row[name].split(" / ") for row in shown]
            for name in ("all", "girls", "boys")
        ],
        dtype=int,
    )
    with_town = np.concatenate([counts, counts.sum(axis=1, keepdims=True)], axis=1)
    found = suppression.withheld(
        suppression.zone_table(
            membership=sexes,
            count=with_town[:, :, 0],
            affected=with_town[:, :, 1],
            households=with_town[:, :, 0] // 2,
        ),
        suppression.USUAL,
    )
    expected = [[row[name] for row in hidden] for name in ("all", "girls", "boys")]
    assert np.where(found == "", "shown", found).reshape(3, -1).tolist() == expected


def table_pair():
    """Both tables with this heading: the counts, and what is left of them."""
    heading = "| zone | all | girls | boys |"
    text = PAGE.read_text("utf-8")
    rows = [
        [cells(line) for line in part.split("\n\n")[0].splitlines()[2:]]
        for part in text.split(heading)[1:]
    ]
    names = cells(heading)
    return [[dict(zip(names, row, strict=True)) for row in part] for part in rows]


def test_the_changes_of_the_example_are_those_the_code_computes():
    heading = (
        "| zone | before | se | df | after | se | df | difference | se | low | high "
        "| p, adjusted | verdict |"
    )
    lines = PAGE.read_text("utf-8").split(heading)[1].split("\n\n")[0].splitlines()
    rows = [cells(line) for line in lines[2:]]
    numbers = np.array([row[1:-1] for row in rows], dtype=float).T
    found = round_differences.differences(
        round_differences.Shares(*numbers[:3]), round_differences.Shares(*numbers[3:6])
    )
    computed = (found.difference, found.se, found.low, found.high, found.p)
    for column, expected in zip(computed, numbers[6:], strict=True):
        np.testing.assert_allclose(column, expected, atol=5e-5)
    verdicts = np.where(
        ~found.changed,
        "no evidence",
        np.where(found.difference > 0, "worse", "better"),
    )
    assert [row[-1] for row in rows] == verdicts.tolist()


def test_the_ranks_of_the_example_are_those_the_code_computes():
    rows = table("| of 100 | from | to | ranks |")
    intervals = [(float(row["from"]), float(row["to"])) for row in rows]
    found = [f"{first}–{last}" for first, last in rank_ranges(intervals)]
    assert [row["ranks"] for row in rows] == found
