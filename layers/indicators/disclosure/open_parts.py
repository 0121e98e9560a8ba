"""What the parts of a family leave open: rule 3 of `group_parts`.

Two children exchange their wealth, nationality or another group, but neither their ages nor
their zones; so the whole's figures by group and each part's sums stay as they are where the
exchange goes between two parts, and what moves must be withheld of both. The crossed
figures of the whole are looked at again, with all that the parts tell.

Where the whole withholds a group for the town, so does every part, everywhere. There are
two such groups or more, or children of whom nothing is known; they can be taken for each
other, part by part, and nothing that is told says who is who. So these are open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from layers.indicators.disclosure.exchange import (
    Booleans,
    Cell,
    Integers,
    Tables,
    is_open,
)
from layers.indicators.disclosure.group_counts import AGE, BAND, SEX, ZONE, row_of
from layers.indicators.disclosure.group_parts import (
    TOWN,
    WHOLE,
    At,
    Parts,
    along,
    hide_all,
    tell,
)
from layers.indicators.disclosure.suppression import PROTECTS_OTHERS

Proven = set[At]
"""Counts that were found open: they stay so, since more and more is withheld."""


def within(name: str) -> str:
    """The axis of a dimension's categories inside each part."""
    return f"{name}/{BAND}"


@dataclass
class OpenParts:
    """Withholds of the parts until everything is open."""

    parts: Parts

    @cached_property
    def axes(self) -> dict[str, Integers]:
        """(N,) besides those of the children: the groups inside each part."""
        given = self.parts.given
        return {
            within(name): given.places[name] * given.parts + given.places[BAND]
            for name in given.sizes
            if name not in (ZONE, AGE)
        }

    @cached_property
    def sides(self) -> list[dict[str, Integers]]:
        """The children in need, and the others."""
        given = self.parts.given
        return [
            {name: at[side] for name, at in {**given.places, **self.axes}.items()}
            for side in (given.in_need, ~given.in_need)
        ]

    def protect(self) -> None:
        """First the town's rows, then beside them what is crossed."""
        if not self.parts.given.parts:
            return
        self.parts.settle_rows()
        self._open_all(crossed=False)
        self.parts.settle_pairs()
        self._open_all(crossed=True)

    def closed(self) -> Iterator[At]:
        """A count that the finished pattern gives away all the same."""
        if self.parts.given.parts:
            found = self._first_closed(set(), crossed=True)
            yield from [found] if found is not None else ()

    def _open_all(self, *, crossed: bool) -> None:
        proven: Proven = set()
        while (secret := self._first_closed(proven, crossed=crossed)) is not None:
            self._open(secret, crossed=crossed)
            self.parts.settle_rows()
            if crossed:
                self.parts.settle_pairs()

    def _open(self, secret: At, *, crossed: bool) -> None:
        if secret.part != WHOLE and len(secret.names) > 1:
            self._open_crossed(secret)
        elif crossed and self.parts.withdraw(secret.names):
            return
        elif secret.part != WHOLE:
            self._open_row(secret)
        else:
            self._open_whole(secret)

    def _open_whole(self, secret: At) -> None:
        """Withholds one of the two dimensions, of which the parts tell less."""
        rows = self.parts.rows
        told = [
            rows[name] for name in secret.names if name in rows and tell(rows[name])
        ]
        hide_all(min(told, key=lambda each: sum(x.shown.sum() for x in each)))

    def _open_row(self, secret: At) -> None:
        """Of all pairs of two groups and two parts that the secret is in, withholds the one
        with the fewest children: between these four an exchange is not seen."""
        tables = self.parts.tables(secret.table)
        shown = np.array([x.shown[TOWN] for x in tables])
        open_cells = ~np.array([x.told[TOWN, :-1] for x in tables]) | shown
        count = np.where(shown, [x.count[TOWN, :-1] for x in tables], 0)
        four = [
            ([secret.part, part, part], [group, secret.column, group])
            for part, group in product(*map(range, shown.shape))
            if part != secret.part and group != secret.column
        ]
        fit = [x for x in four if open_cells[x].all() and shown[x].any()]
        if not fit:
            hide_all(tables)
            return
        for part, group in zip(*min(fit, key=lambda x: count[x].sum()), strict=True):
            if shown[part, group]:
                tables[part].reasons[TOWN, group] = PROTECTS_OTHERS

    def _open_crossed(self, secret: At) -> None:
        part, table, row, column = secret
        tables = self.parts.tables(table)
        here, across = (np.zeros_like(tables[part].shown) for _ in range(2))
        here[row, column] = across[:, column] = True
        if (
            tables[part].hide_one(row_of(tables[part], row))
            or any(each.hide_one(here) for each in tables)
            or tables[part].hide_one(across)
        ):
            return
        if not hide_all(tables):
            self.parts.withdraw(secret.names)

    def _first_closed(self, proven: Proven, *, crossed: bool) -> At | None:
        tables = self._published(crossed=crossed)
        for secret in self._secrets(crossed=crossed):
            if secret in proven:
                continue
            table = self.parts.of(secret.part, secret.table)
            span = table.span(secret.row, secret.column)
            ways = list(_ways(secret, self.parts.given.parts))
            if not all(
                any(is_open(children, way, tables, span) for way in ways)
                for children in self.sides
            ):
                return secret
            proven.add(secret)
        return None

    def _secrets(self, *, crossed: bool) -> Iterator[At]:
        parts, whole = self.parts, self.parts.crossed
        names = [name for name, tables in parts.rows.items() if tell(tables)]
        pairs = [x for x, tables in parts.pairs.items() if crossed and tell(tables)]
        about = {*names, *(name for pair in pairs for name in pair)}
        for pair, table in whole.tables.items():
            if about & {*pair} and whole.touched(pair):
                yield from (At(WHOLE, pair, *cell) for cell in table.secrets())
        for name in names:
            known = row_of(parts.whole(name), TOWN) & self._known(name)
            yield from self._of_parts(name, known)
        for pair in parts.pairs:
            if any({*pair} & {*other} for other in pairs):
                first, second = (self._known(name) for name in pair)
                yield from self._of_parts(
                    pair, np.append(first, False)[:, None] & second
                )

    def _of_parts(self, table: str | tuple[str, str], known: Booleans) -> Iterator[At]:
        """Of the cells whose groups the whole tells for the town: the others are open."""
        for part, each in enumerate(self.parts.tables(table)):
            for cell in each.secrets():
                if known[cell]:
                    yield At(part, table, *cell)

    def _known(self, name: str) -> NDArray[np.bool_]:
        """(K,) what the whole tells of the town."""
        if name == SEX:
            return np.asarray(self.parts.given.sex_told[TOWN])
        return np.asarray(self.parts.whole(name).told[TOWN, :-1])

    def _published(self, *, crossed: bool) -> Tables:
        whole = self.parts.crossed.published()
        hidden = dict(whole.hidden)
        for name, tables in self.parts.rows.items():
            if tell(tables):
                hidden[name, BAND] = along([~x.told for x in tables], TOWN)
        for (first, second), tables in self.parts.pairs.items():
            if crossed and tell(tables):
                cells = np.stack([~x.told for x in tables], axis=-1)
                turned = cells.transpose(1, 0, 2)
                hidden[first, within(second)] = cells.reshape(len(cells), -1)
                hidden[second, within(first)] = turned.reshape(len(turned), -1)
        fixed = frozenset({ZONE, AGE, BAND, *self.axes})
        return replace(whole, hidden=hidden, fixed=whole.fixed | fixed)


def _ways(secret: At, parts: int) -> Iterator[Cell]:
    """The exchanges that may move it."""
    part, table, row, column = secret
    if isinstance(table, str):
        yield Cell(table, column, BAND, part)
    elif part == WHOLE:
        yield Cell(table[0], row, table[1], column)
    else:
        yield Cell(table[0], row, within(table[1]), column * parts + part)
        yield Cell(table[1], column, within(table[0]), row * parts + part)
