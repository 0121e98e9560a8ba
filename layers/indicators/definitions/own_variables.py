"""Variables of a municipality's own, which its own indicators may speak of.

The surveys say what a question's answers become; here is only a name, a range and labels.
"""

from __future__ import annotations

from collections.abc import Mapping

from layers.geography.models import Municipality
from layers.indicators import errors
from layers.indicators.definitions.municipal import (
    OWN_PREFIX,
    own_names,
    read_definition,
)
from layers.indicators.models import Definition, OwnVariable
from layers.indicators.samples.observations import DESCRIBED, LANGUAGES, Variable


def variables_of(municipality: Municipality) -> dict[str, Variable]:
    return {
        row.name: Variable(
            row.name,
            row.of,
            row.smallest,
            row.largest,
            {each: getattr(row, f"label_{each}") for each in LANGUAGES},
        )
        for row in OwnVariable.objects.of(municipality).order_by("name")
    }


def known_variables(municipality: Municipality) -> Mapping[str, Variable]:
    """The canonical ones and the municipality's own."""
    return DESCRIBED | variables_of(municipality)


def declare_variable(*, municipality: Municipality, variable: Variable) -> None:
    """Idempotent. Raises VariableTaken where the name means something else already."""
    declared = variables_of(municipality).get(variable.name)
    if declared == variable:
        return
    if declared or not variable.name.startswith(OWN_PREFIX):
        raise errors.VariableTaken(variable.name)
    OwnVariable.objects.create(
        municipality=municipality,
        name=variable.name,
        of=variable.of,
        smallest=variable.smallest,
        largest=variable.largest,
        **{f"label_{each}": variable.labels[each] for each in LANGUAGES},
    )


def indicators_with(municipality: Municipality, name: str) -> list[str]:
    """Codes of the municipality's indicators, in use or on their way, that ask for it."""
    rows = Definition.objects.of(municipality).exclude(state=Definition.State.RETIRED)
    extra = own_names(municipality)
    return sorted(
        {row.code for row in rows if name in read_definition(row, extra).variables}
    )
