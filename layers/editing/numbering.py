"""Codes for places that nobody named: read off those that the register has or had."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from layers.editing.models import Layer
from layers.geography.models import Municipality

NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d{1,9})$", re.DOTALL)
# An address holds a zone's code, so there it takes no slash.
BETWEEN = {True: "/", False: "-"}


def of_pieces(
    municipality: Municipality, layer: Layer, code: str, count: int, *, keep: bool
) -> tuple[str, ...]:
    """The first piece keeps the code where it may, the others are numbered after it."""
    stem = f"{code}{BETWEEN[layer.is_parcels]}"
    own = [code] if keep else []
    return (*own, *_free(_known(municipality, layer, stem), stem, count - len(own)))


def _free(known: Collection[str], stem: str, count: int) -> Iterable[str]:
    number = 0
    while count:
        number += 1
        if (code := f"{stem}{number}") not in known:
            count -= 1
            yield code


def of_new(municipality: Municipality, layer: Layer) -> str:
    """The next number of the commonest way in which the layer's codes are made."""
    return following(_known(municipality, layer))


def _known(municipality: Municipality, layer: Layer, stem: str = "") -> set[str]:
    """In force or not: a code of former days stands in old papers."""
    rows: Any = layer.model.objects.of(municipality).filter(code__startswith=stem)
    if not layer.is_parcels:
        rows = rows.filter(kind=layer.value)
    return set(rows.order_by().values_list("code", flat=True).distinct())


def following(codes: Iterable[str]) -> str:
    """ "Z07" after "Z06"; "1" where no code ends in a number. Pieces of others, as
    "12/1", begin no series.
    """
    found: list[Sequence[str]] = []
    for code in codes:
        match = NUMBERED.fullmatch(code)
        if match and "/" not in code:
            found.append((match["before"], match["number"]))
    if not found:
        return "1"
    before, _count = max(
        Counter(before for before, _number in found).items(),
        key=lambda each: (each[1], each[0]),
    )
    last = max((number for start, number in found if start == before), key=int)
    return f"{before}{int(last) + 1:0{len(last)}}"
