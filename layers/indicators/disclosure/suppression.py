"""Which figures of a table may be published, so that no child is given away.

A table is all that is published together about one indicator, or about a family of
indicators whose age bands add up. Its cells are sums of atoms: the children of one zone,
sex and age band. Someone who holds the published cells and can add and subtract must not
learn a withheld one.

Shapes: C cells, A atoms.

Source of the method: Hundepool and others, Statistical Disclosure Control (2012),
chapter 4: primary and complementary suppression, and the audit by linear programmes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from layers.indicators.disclosure.programmes import Programme

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

TOWN = -1
"""The zone index of cells that cover the whole town."""
AREA = -2
"""That of cells of the first larger area; of the others the numbers below."""

SMALLEST_GROUP = 5
"""A group of children that share an answer is shown from this size on."""

NO_DATA = "no_data"
FEW_CHILDREN = "few_children"
FEW_HOUSEHOLDS = "few_households"
FEW_AFFECTED = "few_affected"
PROTECTS_OTHERS = "protects_others"
NEARLY_EQUAL = "nearly_equal"
"""As many children, but one to four, as those behind a published figure of something else."""


@dataclass(frozen=True)
class Rule:
    """Thresholds on unweighted counts.

    Under 25 children an estimate is too rough to be shown (MICS and DHS print an
    asterisk); the privacy thresholds lie at or below it.
    """

    children: int
    households: int
    shows_zero: bool
    """Whether "nobody" and "everybody" may be said of a zone."""


USUAL = Rule(children=25, households=5, shows_zero=True)
SENSITIVE = Rule(children=25, households=10, shows_zero=False)


@dataclass(frozen=True)
class Table:
    """Cells that are published together."""

    membership: Floats
    """(C, A), 1 where the cell counts the atom's children."""
    zone: Integers
    """(C,) zone index, AREA and below, or TOWN."""
    breakdown: Integers
    """(C,)"""
    count: Integers
    """(C,) children asked about."""
    affected: Integers
    """(C,) children in need among them."""
    households: Integers
    """(C,) households they live in."""

    @property
    def unaffected(self) -> Integers:
        return self.count - self.affected

    @property
    def level(self) -> Integers:
        """(C,) 0 for zones, 1 for larger areas, 2 for the town."""
        return np.where(self.zone == TOWN, 2, self.zone <= AREA).astype(np.int64)

    def part(self, cells: Booleans) -> "Table":
        return Table(*(getattr(self, each.name)[cells] for each in fields(self)))

    def joined(self, other: "Table") -> "Table":
        """Its cells, then those of another table over the same atoms."""
        pairs = (
            (getattr(x, each.name) for x in (self, other)) for each in fields(self)
        )
        return Table(*(np.concatenate(list(pair)) for pair in pairs))


def zone_table(
    *, membership: Floats, count: Integers, affected: Integers, households: Integers
) -> Table:
    """The table of B breakdowns over D zones and the town.

    `membership` (B, G) says which groups each breakdown sums; the other arrays have the
    shape (B, D + 1), with the town in the last column.
    """
    breakdowns, zones = len(membership), count.shape[1] - 1
    return Table(
        membership=zone_membership(membership, zones),
        zone=np.tile(np.append(np.arange(zones), TOWN), breakdowns),
        breakdown=np.repeat(np.arange(breakdowns), zones + 1),
        count=count.ravel(),
        affected=affected.ravel(),
        households=households.ravel(),
    )


def zone_membership(membership: Floats, zones: int) -> Floats:
    """(B x (zones + 1), zones x G) for B breakdowns of G groups, the town last."""
    breakdowns, groups = membership.shape
    in_zones = np.einsum("bg,zy->bzyg", membership, np.eye(zones))
    in_town = np.broadcast_to(
        membership[:, None, None, :], (breakdowns, 1, zones, groups)
    )
    atoms = np.concatenate([in_zones, in_town], axis=1)
    return atoms.reshape(breakdowns * (zones + 1), zones * groups)


def area_table(
    *,
    groups: Floats,
    areas: Booleans,
    count: Integers,
    affected: Integers,
    households: Integers,
) -> Table:
    """The table of B breakdowns, those of the zones' table, over E areas of whole zones.

    `groups` (B, G) says which groups each breakdown sums, `areas` (E, D) which zones each
    area holds; the other arrays have the shape (B, E).
    """
    breakdowns, size = count.shape
    return Table(
        membership=area_membership(groups, areas),
        zone=np.tile(AREA - np.arange(size), breakdowns),
        breakdown=np.repeat(np.arange(breakdowns), size),
        count=count.ravel(),
        affected=affected.ravel(),
        households=households.ravel(),
    )


def area_membership(groups: Floats, areas: Booleans) -> Floats:
    """(B x E, D x G) for B breakdowns of G groups over E areas of D zones."""
    inside = np.einsum("bg,ez->bezg", groups, areas.astype(np.float64))
    return np.asarray(inside.reshape(len(groups) * len(areas), -1))


def withheld(table: Table, rule: Rule) -> NDArray[np.str_]:
    """(C,) the reason why each cell is withheld, empty where it may be published."""
    reasons = primary(table, rule)
    hidden = complementary(table, (reasons != "") & (reasons != NO_DATA), rule)
    alone = (reasons == "") | (reasons == NO_DATA)
    return np.where(hidden & alone, PROTECTS_OTHERS, reasons)


def primary(table: Table, rule: Rule) -> NDArray[np.str_]:
    """(C,) the reason why a cell is unsafe or too rough by itself, or empty."""
    return np.select(
        [
            table.count == 0,
            table.count < rule.children,
            table.households < rule.households,
            gives_group_away(table.affected, rule)
            | gives_group_away(table.unaffected, rule),
        ],
        [NO_DATA, FEW_CHILDREN, FEW_HOUSEHOLDS, FEW_AFFECTED],
        default="",
    )


def gives_group_away(size: Integers, rule: Rule) -> Booleans:
    """A lower bound such as "under 5 %" would say zero, because 1 to 4 are never shown."""
    smallest = 1 if rule.shows_zero else 0
    return np.asarray((size >= smallest) & (size < SMALLEST_GROUP))


def complementary(table: Table, hidden: Booleans, rule: Rule | None = None) -> Booleans:
    """`hidden` (C,) with as many further cells as the audit needs to find nothing.

    Cheapest first: the other half of the same zone, then the same breakdown of the zone
    with the fewest children, the larger areas' and at last the town's figures.
    """
    hidden = hidden.copy()
    while True:
        if (found := _first_found(table, hidden)) is not None:
            hidden[_next_to_hide(table, *found)] = True
        elif rule and (rest := small_rest(table, hidden, rule)) is not None:
            hidden[_cheapest(table, rest.cells, rest.about, within=True)] = True
        else:
            return hidden


def without_harm(
    table: Table, hidden: Booleans, rule: Rule, added: Booleans
) -> Booleans:
    """`hidden` (C,) with those of the `added` cells that the audit can't allow.

    The other cells keep their state: where they were safe alone they are safe with what
    is left of the added ones, at the worst with none.
    """
    hidden = hidden.copy()
    while (added & ~hidden).any():
        if (found := _first_found(table, hidden)) is not None:
            published = np.flatnonzero(~found[0])
            relation = _shortest_relation(table, published, found[1])
            cells, about = published if relation is None else relation, found[1]
        elif (rest := small_rest(table, hidden, rule)) is not None:
            cells, about = rest.cells, rest.about
        else:
            break
        mine = cells[(added & ~hidden)[cells]]
        if mine.size:
            hidden[_cheapest(table, mine, about, within=True)] = True
        else:
            hidden |= added
    return hidden


@dataclass(frozen=True)
class Rest:
    """What is left of a published cell without the published cells inside it."""

    cells: Integers
    """The cell, then those taken away from it."""
    atoms: Booleans
    """(A,) what is left."""
    about: int
    """A cell that is not published and lies in what is left, or the cell itself."""


def small_rest(table: Table, hidden: Booleans, rule: Rule) -> Rest | None:
    """The first rest that is a group too small to be shown: withheld cells together."""
    for rest in rests(table.membership, ~hidden):
        count, affected, unaffected = (
            int(values[rest.cells[0]] - values[rest.cells[1:]].sum())
            for values in (table.count, table.affected, table.unaffected)
        )
        sizes = np.array([affected, unaffected])
        few = 0 < count < SMALLEST_GROUP or gives_group_away(sizes, rule).any()
        if count and few:
            return rest
    return None


def rests(membership: Floats, shown: Booleans) -> Iterator[Rest]:
    """Rests of each shown cell that holds others which are not shown.

    Parts are taken away one after another, the largest first, as long as they lie in what
    is left; each step gives a rest.
    """
    members = membership > 0
    size = members.sum(axis=1)
    inside = (membership @ membership.T > size - 0.5) & (size[:, None] > size)
    for cell in np.flatnonzero(shown & (inside & ~shown).any(axis=1)):
        parts = np.flatnonzero(inside[cell] & shown)
        unseen = np.flatnonzero(inside[cell] & ~shown)
        for first in parts.tolist():
            yield from _rests_of(members, int(cell), [first], unseen)
        yield from _rests_of(
            members, int(cell), parts[np.argsort(-size[parts])], unseen
        )


def _rests_of(
    members: Booleans, cell: int, parts: Iterable[int], unseen: Integers
) -> Iterator[Rest]:
    left, taken = members[cell].copy(), [cell]
    for part in parts:
        if (members[part] & ~left).any():
            continue
        left &= ~members[part]
        taken.append(int(part))
        within = unseen[~(members[unseen] & ~left).any(axis=1)]
        about = int(within[0]) if within.size else cell
        yield Rest(np.array(taken), left.copy(), about)


def _first_found(table: Table, hidden: Booleans) -> tuple[Booleans, int] | None:
    """What one does not look at, and the first withheld cell found in the rest.

    First inside each zone and inside the town, then in the whole table.
    """
    town = table.zone == TOWN
    for outside in (town, ~town, np.zeros_like(town)):
        unseen = hidden | outside
        found = np.flatnonzero(derivable(table, unseen) & hidden)
        if found.size:
            return unseen, int(found[0])
    found = np.flatnonzero(recoverable(table, hidden))
    return (hidden, int(found[0])) if found.size else None


def derivable(table: Table, hidden: Booleans) -> Booleans:
    """(C,) withheld cells that sums and differences of published cells give exactly.

    Such a cell's row lies in the row space of the published ones, whatever the counts.
    """
    secret = np.flatnonzero(hidden & (table.count > 0))
    left = eliminated(table.membership[~hidden], table.membership[secret])
    found = np.zeros_like(hidden)
    found[secret] = ~left.any(axis=1)
    return found


def recoverable(table: Table, hidden: Booleans) -> Booleans:
    """(C,) withheld cells whose children, in need or not, are known to the last one, or
    known to be one to four.

    Wider than `derivable`, because counts are never negative: a published zero gives its
    parts away, and so, at times, what stands beside them.
    """
    found = derivable(table, hidden)
    for counts in (table.affected, table.unaffected):
        open_cells = np.flatnonzero(hidden & ~found & (counts > 0))
        low, high = feasible_range(table, hidden, counts, open_cells)
        first, last = np.ceil(low - 1e-6), np.floor(high + 1e-6)
        found[
            open_cells[(last - first < 1) | ((first > 0) & (last < SMALLEST_GROUP))]
        ] = True
    return found


def feasible_range(
    table: Table, hidden: Booleans, counts: Integers, wanted: Integers
) -> tuple[Floats, Floats]:
    """What the published `counts` (C,) allow for each of the `wanted` cells.

    A range that is already two children wide, or for a small group `SMALLEST_GROUP`
    numbers, is not searched further.
    """
    programme = Programme(
        csr_array(table.membership[~hidden]), counts[~hidden], float(counts.sum())
    )
    rows = table.membership[wanted]
    low = high = counts[wanted].astype(np.float64)
    random = np.random.default_rng(0)
    for _ in range(4 if len(wanted) else 0):
        signs = random.choice([-1.0, 1.0], len(wanted))
        reached = rows @ programme.minimise(signs @ rows)
        low, high = np.minimum(low, reached), np.maximum(high, reached)
    enough = np.where(counts[wanted] < SMALLEST_GROUP, SMALLEST_GROUP - 1, 2)
    for index in np.flatnonzero(high - low < enough):
        low[index] = rows[index] @ programme.minimise(rows[index])
        high[index] = rows[index] @ programme.minimise(-rows[index])
    return low, high


def _next_to_hide(table: Table, unseen: Booleans, secret: int) -> int:
    """The published cell whose loss costs least and loosens the `secret` one."""
    published = np.flatnonzero(~unseen)
    relation = _shortest_relation(table, published, secret)
    candidates = published if relation is None else relation
    return _cheapest(table, candidates, secret, within=relation is not None)


def _cheapest(table: Table, candidates: Integers, secret: int, *, within: bool) -> int:
    """`within` a relation the secret's own zone comes first, else its breakdown."""
    same_zone = table.zone[candidates] == table.zone[secret]
    same_breakdown = table.breakdown[candidates] == table.breakdown[secret]
    near = same_zone if within else same_breakdown
    order = np.lexsort(
        [
            table.count[candidates],
            ~same_breakdown,
            table.membership[candidates].sum(axis=1),
            np.minimum(table.affected, table.unaffected)[candidates] < 1,
            ~near,
            table.level[candidates],
        ]
    )
    return int(candidates[order[0]])


def _shortest_relation(
    table: Table, published: Integers, secret: int
) -> Integers | None:
    """Published cells whose sums and differences give the secret one, as few as can be.

    The relation with the smallest sum of absolute coefficients, or None without any.
    """
    rows = table.membership[published].T
    solved = linprog(
        np.ones(2 * len(published)),
        A_eq=csr_array(np.hstack([rows, -rows])),
        b_eq=table.membership[secret],
        method="highs",
    )
    if solved.x is None:
        return None
    plus, minus = np.split(np.asarray(solved.x), 2)
    return np.asarray(published[np.abs(plus - minus) > 1e-9])


def eliminated(rows: Floats, others: Floats) -> Booleans:
    """What is left of `others` (S, A) after Gauss-Jordan elimination by `rows` (P, A).

    Element by element: the rows are sparse, and calls of LAPACK would wait for each
    other's threads on a busy machine.
    """
    matrix, rank = np.vstack([rows, others]), 0
    for column in range(matrix.shape[1]):
        size = np.abs(matrix[rank : len(rows), column])
        if not size.size or size.max() < 1e-9:
            continue
        pivot = rank + int(size.argmax())
        matrix[[rank, pivot]] = matrix[[pivot, rank]]
        matrix[rank] /= matrix[rank, column]
        touched = np.flatnonzero(np.abs(matrix[:, column]) > 1e-12)
        touched = touched[touched != rank]
        matrix[touched] -= matrix[touched, column, None] * matrix[rank]
        rank += 1
    return np.asarray(np.abs(matrix[len(rows) :]) > 1e-7)


def shown_count(count: Integers | int) -> Integers:
    """Counts rounded to 5, so that a percentage times them gives no numerator back."""
    return np.rint(np.asarray(count) / 5).astype(np.int64) * 5


def shown_share(share: Floats, count: Integers) -> Floats:
    """Shares rounded to whole percent under 100 children, to a tenth of one above."""
    return np.where(count < 100, np.round(share, 2), np.round(share, 3))
