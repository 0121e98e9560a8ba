"""Which means may be published, so that no household's answer is given away.

A mean is a sum over children, so what is withheld of it is sums: of zones, which part the
town, and of the town. Nobody tells girls, ages or groups of a mean, so what published
figures give by adding and subtracting is exactly the sum of all withheld zones together.
That rest must pass the same rule as a zone.

Positions are those of values between the limits of a definition, 0 to 1.

The p % rule: of a sum, the household with the second largest part must not come closer to
another's than p % of the width between the limits. Source: Hundepool and others,
Statistical Disclosure Control (2012), 4.2.2; there p % is of the value, which says nothing
of values near the lower limit, and the sum is looked at from below alone.

After a correction the difference of two sums is a sum as well: of the answers that came,
less those that went.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from layers.indicators.disclosure.suppression import (
    FEW_CHILDREN,
    FEW_HOUSEHOLDS,
    NO_DATA,
    PROTECTS_OTHERS,
    SENSITIVE,
    USUAL,
    Booleans,
    Floats,
    Integers,
    Rule,
)

DOMINATED = "dominated"
"""One household's answers could be worked out of the mean."""
CLOSEST = {USUAL: 0.10, SENSITIVE: 0.20}
"""How close to a household's mean somebody may come, as a part of the limits' width."""


@dataclass(frozen=True)
class Households:
    """H households with a child that counts, (H,) each."""

    zone: Integers
    children: Integers
    weight: Floats
    """Of its children together."""
    amount: Floats
    """The sum of the weights times the positions of its children."""

    def of(self, chosen: Booleans) -> Households:
        return Households(
            self.zone[chosen],
            self.children[chosen],
            self.weight[chosen],
            self.amount[chosen],
        )


def withheld(found: Households, zones: int, rule: Rule) -> list[str]:
    """(zones + 1) the reason why each mean is withheld, the town's last; or empty."""
    among = [found.of(found.zone == zone) for zone in range(zones)]
    reasons = [primary(each, rule) for each in (*among, found)]
    size = [int(each.children.sum()) for each in among]
    while not reasons[-1]:
        hidden = [place for place in range(zones) if unsaid(reasons[place])]
        if not hidden or not primary(found.of(np.isin(found.zone, hidden)), rule):
            break
        shown = [place for place in range(zones) if not reasons[place]]
        smallest = min(shown, key=lambda place: (size[place], place), default=-1)
        reasons[smallest] = PROTECTS_OTHERS
    return reasons


def unsaid(reason: str) -> bool:
    """That no child was asked is said, and known to all."""
    return reason not in ("", NO_DATA)


def primary(found: Households, rule: Rule) -> str:
    """Why the mean of these is unsafe or too rough by itself, or empty."""
    children = int(found.children.sum())
    if not children:
        return NO_DATA
    if children < rule.children:
        return FEW_CHILDREN
    if len(found.children) < rule.households:
        return FEW_HOUSEHOLDS
    kept = keeps_apart(found.amount, found.weight, CLOSEST[rule])
    return "" if kept else DOMINATED


def keeps_apart(amount: Floats, weight: Floats, closest: float) -> bool:
    """The p % rule of a known sum of amounts (H,), each between 0 and its weight (H,).

    Who knows the sum and one amount knows of another that it is at most the rest, and at
    least the rest less the weights of all others.
    """
    if len(amount) < 3:
        return False
    margins = [_margin(part, weight) for part in (amount, weight - amount)]
    return min(margins) >= closest * (1 - 1e-12)


def _margin(amount: Floats, weight: Floats) -> float:
    """How far above a household's own mean the bound by another one lies, at the least."""
    first, second = np.argsort(amount)[: -(2 + 1) : -1]
    other = np.where(np.arange(len(amount)) == first, amount[second], amount[first])
    left = amount.sum() - amount - other
    return float((left / weight).min())


Content = Counter[tuple[int, float]]
"""Of a zone: how many households have so many children with this sum of values."""


@dataclass(frozen=True)
class Told:
    """What one release of a round rests on, and what of it was said."""

    version: int
    """Of the definition."""
    contents: Mapping[int, Content]
    """By the zone's key."""
    fresh: frozenset[int]
    """Zones told from these answers, neither withheld nor with a former figure; those
    without a child are known to all.
    """
    town: bool
    """Whether the town was told from these answers."""


@dataclass(frozen=True)
class Scale:
    least: float
    most: float
    rule: Rule


@dataclass(frozen=True)
class Held:
    zones: frozenset[int] = frozenset()
    town: bool = False
    """Whether it keeps its former figure."""


def held_back(
    earlier: Sequence[Told],
    new: Told,
    scale: Scale,
    found: Households,
    keys: Sequence[int],
) -> Held:
    """What a new release must not say anew; `keys` are those of the zones in `found`.

    A zone, if few households moved since any earlier release, or if a release did not say
    the very same. The town, if the zones that are not said anew are others than before,
    moved by few households together or don't pass as a zone would: the town's sum less
    those that are said gives theirs.
    """
    if not earlier:
        return Held()
    if any(set(each.contents) != set(new.contents) for each in earlier):
        return Held(frozenset(new.contents), town=True)
    held = {zone for zone in new.fresh if _held(zone, earlier, new, scale)}
    last = Told(new.version, new.contents, new.fresh - held, town=False)
    known = _Known([*earlier, last])
    rest = known.rest(new)
    among = found.of(np.isin(np.array(keys)[found.zone], list(rest)))
    town = bool(rest) and bool(primary(among, scale.rule))
    town = town or any(
        known.rest(each) != rest or not _passes(rest, each, new, scale)
        for each in earlier
        if each.town
    )
    return Held(frozenset(held), town)


def _held(zone: int, earlier: Sequence[Told], new: Told, scale: Scale) -> bool:
    now = new.contents[zone]
    for each in earlier:
        before = each.contents[zone]
        if before == now:
            if zone not in each.fresh:
                return True
        elif not difference_passes(before, now, scale):
            return True
    return False


@dataclass(frozen=True)
class _Known:
    releases: Sequence[Told]
    contents: dict[int, list[Content]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.releases:
            for zone in each.fresh:
                self.contents.setdefault(zone, []).append(each.contents[zone])

    def rest(self, release: Told) -> frozenset[int]:
        """Zones of which no release tells what this one rests on."""
        return frozenset(
            zone
            for zone, content in release.contents.items()
            if content and content not in self.contents.get(zone, [])
        )


def _passes(rest: frozenset[int], before: Told, now: Told, scale: Scale) -> bool:
    sums: list[Content] = [Counter(), Counter()]
    for zone in rest:
        for total, release in zip(sums, (before, now), strict=True):
            total.update(release.contents[zone])
    return sums[0] == sums[1] or difference_passes(sums[0], sums[1], scale)


def difference_passes(before: Content, now: Content, scale: Scale) -> bool:
    """Whether enough households moved for the difference of two sums to tell of none."""
    came, went = list((now - before).elements()), list((before - now).elements())
    if max(len(came), len(went)) < scale.rule.households:
        return False
    width = scale.most - scale.least
    size = np.array([children for children, _sum in (*came, *went)], dtype=np.float64)
    total = np.array([each for _children, each in (*came, *went)])
    amount = np.clip((total - size * scale.least) / width, 0.0, size)
    # What went is taken away: a large part of it bounds as a small one that came.
    amount[len(came) :] = size[len(came) :] - amount[len(came) :]
    return keeps_apart(amount, size, CLOSEST[scale.rule])
