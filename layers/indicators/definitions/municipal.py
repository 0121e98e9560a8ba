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
from layers.indicators.definitions.means import MeanIndicator, build_mean, is_mean
from layers.indicators.models import Definition, OwnVariable, Release

OWN_PREFIX = "own_"


def own_names(municipality: Municipality) -> frozenset[str]:
    """What its indicators may speak of besides the canonical variables."""
    return frozenset(
        OwnVariable.objects.of(municipality).values_list("name", flat=True)
    )


def read_definition(
    definition: Definition, extra: frozenset[str]
) -> Indicator | MeanIndicator:
    """`extra` are the municipality's own variables.

    Raises CatalogueError, which names the definition and says what is wrong.
    """
    content = definition.content
    source = content | {"code": definition.code, "version": definition.version}
    try:
        if is_mean(content):
            return build_mean(source, extra=extra)
        return build_indicator(source, extra=extra, own=True)
    except KeyError as error:
        raise CatalogueError(f"{definition}: {error} is missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{definition}: {error}") from error


def catalogue_of(municipality: Municipality) -> dict[str, Indicator]:
    """The shares that a release of this municipality computes, in their order."""
    own = list(Definition.objects.of(municipality).published())
    shares, _means = _read(municipality, own)
    return _ordered([*indicators().values(), *shares])


def means_of_town(municipality: Municipality) -> dict[str, MeanIndicator]:
    """The means that a release of this municipality computes."""
    own = list(Definition.objects.of(municipality).published())
    return _in_order(_read(municipality, own)[1])


def indicators_in(release: Release) -> dict[str, Indicator]:
    """The shares of a release; its own ones as they were when it was made."""
    shares, _means = _read(release.municipality, _own_in(release))
    known = [each for code, each in indicators().items() if code in release.definitions]
    return _ordered([*known, *shares])


def means_in(release: Release) -> dict[str, MeanIndicator]:
    """The means of a release, as they were when it was made."""
    return _in_order(_read(release.municipality, _own_in(release))[1])


def _own_in(release: Release) -> list[Definition]:
    versions: Mapping[str, int] = release.definitions
    return [
        definition
        for definition in Definition.objects.filter(
            municipality=release.municipality_id,
            code__in=[code for code in versions if code.startswith(OWN_PREFIX)],
        )
        if definition.version == versions[definition.code]
    ]


def _read(
    municipality: Municipality, own: list[Definition]
) -> tuple[list[Indicator], list[MeanIndicator]]:
    extra = own_names(municipality) if own else frozenset()
    found = [read_definition(each, extra) for each in own]
    return (
        [each for each in found if isinstance(each, Indicator)],
        [each for each in found if isinstance(each, MeanIndicator)],
    )


def _in_order(found: Iterable[MeanIndicator]) -> dict[str, MeanIndicator]:
    order = {dimension: place for place, dimension in enumerate(Dimension)}
    ordered = sorted(found, key=lambda each: (order[each.dimension], each.code))
    return {each.code: each for each in ordered}


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
