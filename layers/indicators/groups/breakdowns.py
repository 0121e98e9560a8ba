"""The groups of children that figures are given for, as `breakdowns.toml` declares them.

A key names one: "all", a single group such as "sex:female", or two crossed such as
"sex:female+wealth:1", the dimension that is declared first standing first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import combinations
from typing import Any

from django.utils.translation import get_language, gettext

ALL = "all"
BETWEEN, WITHIN = "+", ":"


@dataclass(frozen=True)
class Dimension:
    """A way to tell children apart."""

    name: str
    sensitive: bool
    """Whether the stricter rule holds, whatever the indicator."""
    asked: bool
    """Whether a child may belong to no category."""
    module: str
    """The module whose drawn children stand for others; empty for none."""
    labels: Mapping[str, str]
    categories: Mapping[str, Mapping[str, str]]
    """Labels in three languages by the category's code."""

    @property
    def label(self) -> str:
        return _said(self.labels)

    @property
    def keys(self) -> list[str]:
        return [f"{self.name}{WITHIN}{code}" for code in self.categories]


def _read() -> dict[str, Dimension]:
    source = (resources.files(__package__) / "breakdowns.toml").read_text("utf-8")
    return {
        name: Dimension(
            name=name,
            sensitive=each["sensitive"],
            asked=each["asked"],
            module=each.get("module", ""),
            labels=each["label"],
            categories=each["categories"],
        )
        for name, each in tomllib.loads(source).items()
    }


DIMENSIONS = _read()
PAIRS = tuple(combinations(DIMENSIONS, 2))


def _said(labels: Mapping[str, str]) -> str:
    language = (get_language() or "ar")[:2]
    return labels.get(language) or labels["ar"]


def crossed(first: str, second: str) -> str:
    return f"{first}{BETWEEN}{second}"


def dimensions_of(key: str) -> tuple[str, ...]:
    """The names of none, one or two dimensions. Raises KeyError for what is no key."""
    parts = [] if key == ALL else [_category(part)[0] for part in key.split(BETWEEN)]
    if tuple(parts) not in {(), *((each,) for each in DIMENSIONS), *PAIRS}:
        raise KeyError(key)
    return tuple(parts)


def _category(part: str) -> tuple[str, str]:
    name, _, code = part.partition(WITHIN)
    if code not in DIMENSIONS[name].categories:
        raise KeyError(part)
    return name, code


def is_key(key: str) -> bool:
    try:
        dimensions_of(key)
    except KeyError:
        return False
    return True


def ordered(keys: Iterable[str]) -> list[str]:
    """Those that are keys, as they are declared: all children, single groups, crossed."""
    single = [key for dimension in DIMENSIONS.values() for key in dimension.keys]
    place = {key: number for number, key in enumerate([ALL, *single])}
    known = [key for key in keys if is_key(key)]
    return sorted(
        known,
        key=lambda key: (
            key.count(BETWEEN),
            [place[part] for part in key.split(BETWEEN)],
        ),
    )


def label_of(key: str) -> str:
    """For example "girls" or "girls, poorest fifth"; the key where it is not known."""
    if key == ALL:
        return gettext("all children")
    if not is_key(key):
        return key
    parts = (_category(part) for part in key.split(BETWEEN))
    said = [_said(DIMENSIONS[name].categories[code]) for name, code in parts]
    if len(said) == 1:
        return said[0]
    return gettext("%(first)s, %(second)s") % {"first": said[0], "second": said[1]}


def offered(keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What there is of `keys`, all children first, then group by group as pages offer
    them: `name` and `groups` of key and label. Crossed groups are left out.
    """
    known = set(keys)
    if ALL in known:
        yield {"name": "", "groups": [(ALL, label_of(ALL))]}
    for dimension in DIMENSIONS.values():
        groups = [(key, label_of(key)) for key in dimension.keys if key in known]
        if groups:
            yield {"name": dimension.label, "groups": groups}
