"""The catalogue of a municipality: the product's indicators and its own ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from layers.geography.models import Municipality
from layers.indicators.catalogue import CatalogueError, indicators
from layers.indicators.definitions.indicator import (
    Dimension,
    Indicator,
    build_indicator,
)
from layers.indicators.models import Definition, OwnVariable, Release

OWN_PREFIX = "own_"


def own_names(municipality: Municipality) -> frozenset[str]:
    """What its indicators may speak of besides the canonical variables."""
    return frozenset(
        OwnVariable.objects.of(municipality).values_list("name", flat=True)
    )


def read_definition(definition: Definition, extra: frozenset[str]) -> Indicator:
    """`extra` are the municipality's own variables.

    Raises CatalogueError, which names the definition and says what is wrong.
    """
    try:
        return build_indicator(
            definition.content
            | {"code": definition.code, "version": definition.version},
            extra=extra,
            own=True,
        )
    except KeyError as error:
        raise CatalogueError(f"{definition}: {error} is missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{definition}: {error}") from error


def catalogue_of(municipality: Municipality) -> dict[str, Indicator]:
    """What a release of this municipality computes, in the order of the catalogue."""
    own = list(Definition.objects.of(municipality).published())
    return _ordered([*indicators().values(), *_read(municipality, own)])


def indicators_in(release: Release) -> dict[str, Indicator]:
    """The indicators of a release; its own ones as they were when it was made."""
    versions: Mapping[str, int] = release.definitions
    own = [
        definition
        for definition in Definition.objects.filter(
            municipality=release.municipality_id,
            code__in=[code for code in versions if code.startswith(OWN_PREFIX)],
        )
        if definition.version == versions[definition.code]
    ]
    known = [each for code, each in indicators().items() if code in versions]
    return _ordered([*known, *_read(release.municipality, own)])


def _read(municipality: Municipality, own: list[Definition]) -> list[Indicator]:
    extra = own_names(municipality) if own else frozenset()
    return [read_definition(each, extra) for each in own]


def comparable(first: Release, second: Release, code: str) -> bool:
    """Whether the figures of `code` in two releases are of one and the same definition.

    Only then may they be set side by side as a change; figures of two versions never.
    """
    versions = (first.definitions.get(code), second.definitions.get(code))
    return versions[0] is not None and versions[0] == versions[1]


def _ordered(found: Iterable[Indicator]) -> dict[str, Indicator]:
    order = {dimension: place for place, dimension in enumerate(Dimension)}
    return {
        each.code: each
        for each in sorted(
            found,
            key=lambda each: (
                order[each.dimension],
                each.population.months[0],
                each.code,
            ),
        )
    }
