"""A need that is a part of another one, of the same people: married before 15, and before 18.

Who subtracts the two knows those in between. So the part is told of the town alone, where
neither it nor what it leaves of the whole is a group to keep secret, and it is told anew
only where the whole is, and where none of the three moved by one to four.

Zones tell nothing more by it: a zone's or some zones' part of it may be anything from what
the other zones cannot hold up to all of it, which are at least five.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from layers.indicators.definitions.indicator import Indicator
from layers.indicators.disclosure import differencing, suppression
from layers.indicators.disclosure.differencing import Issued
from layers.indicators.figures import Family, families_of
from layers.indicators.maths import Booleans
from layers.indicators.samples.sample import Sample

SAID = ("", suppression.NO_DATA)


def families_apart(sample: Sample, indicators: Iterable[Indicator]) -> list[Family]:
    """Without groups and larger areas; a part after the whole that it belongs to."""
    found = {family.name: family for family in families_of(sample, indicators)}
    outer = {name: family.within for name, family in found.items()}
    whole = [family for name, family in found.items() if not outer[name]]
    parts = [
        part_of(found[outer[name]], family)
        for name, family in found.items()
        if outer[name]
    ]
    return [*whole, *parts]


def part_of(whole: Family, family: Family) -> Family:
    """The family with what may be told of it beside the whole, which stays."""
    reasons = family.reasons.copy()
    reasons[..., :-1][reasons[..., :-1] == ""] = suppression.PROTECTS_OTHERS
    total, inside = (int(x.members[0].found.affected[0, -1]) for x in (whole, family))
    between = np.array([total - inside])
    known = whole.reasons[0, 0, -1] in SAID
    if not known or suppression.gives_group_away(between, family.rule).any():
        reasons[..., -1][reasons[..., -1] == ""] = suppression.PROTECTS_OTHERS
    told = bool(reasons[0, 0, -1] == "")
    return replace(
        family,
        reasons=reasons,
        issued=family.issued_by(reasons),
        between=issued_between(family.name, total, inside, told=told),
    )


def issued_between(code: str, total: int, inside: int, *, told: bool) -> Issued:
    """Of those in the whole's need (`total`), who is in the part's."""
    return Issued(
        atoms=["between"],
        cells=[(code, "between", None)],
        membership=np.ones((1, 1)),
        count=np.array([total]),
        affected=np.array([inside]),
        fresh=np.array([told]),
        secret=np.array([not told]),
    )


def must_be_held(
    earlier: Sequence[Issued], between: Issued, whole_is_held: Booleans
) -> bool:
    """Whether the part's figure of the town keeps its former value."""
    moved = differencing.held_back(earlier, between)
    return bool(moved.any() or whole_is_held.any())
