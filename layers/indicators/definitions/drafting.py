"""A municipality's own indicators: written, read by somebody else, used, retired."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from layers.geography.models import Municipality
from layers.indicators import errors
from layers.indicators.catalogue import CatalogueError
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.definitions.means import MeanIndicator, is_mean, overlapping
from layers.indicators.definitions.municipal import (
    OWN_PREFIX,
    means_of_town,
    own_names,
    read_definition,
)
from layers.indicators.estimator import Estimator
from layers.indicators.figures import Figure, figures_of
from layers.indicators.means.figures import Mean, MeanFigure, Past
from layers.indicators.models import Definition, ObservationSet, Trial
from layers.indicators.samples.sample import has_units, read_sample

State = Definition.State
# From where to where. Who wrote a version does not put it in use.
STEPS: Mapping[str, frozenset[str]] = {
    State.DRAFT: frozenset({State.IN_REVIEW}),
    State.IN_REVIEW: frozenset({State.PUBLISHED, State.DRAFT}),
    State.PUBLISHED: frozenset({State.RETIRED}),
    State.RETIRED: frozenset(),
}
NOT_BY_AUTHOR = frozenset({State.PUBLISHED})


@transaction.atomic
def save_draft(
    *, municipality: Municipality, name: str, content: Mapping[str, Any], by: Any
) -> Definition:
    """Writes the draft of `name`, or begins the next version. Raises DefinitionRefused."""
    code = name if name.startswith(OWN_PREFIX) else OWN_PREFIX + name
    versions = Definition.objects.of(municipality).filter(code=code)
    last = versions.select_for_update().order_by("-version").first()
    if last is not None and last.state == State.IN_REVIEW:
        raise errors.DefinitionRefused(
            errors.IN_REVIEW % {"code": code, "version": last.version}
        )
    if last is not None and last.state == State.DRAFT:
        draft = last
        draft.content, draft.author = dict(content), by
    else:
        draft = Definition(
            municipality=municipality,
            code=code,
            version=last.version + 1 if last else 1,
            content=dict(content),
            author=by,
        )
    checked(draft)
    draft.save()
    return draft


def checked(definition: Definition) -> Indicator | MeanIndicator:
    """Raises DefinitionRefused, with the reason, for what cannot be an indicator."""
    try:
        return read_definition(definition, own_names(definition.municipality))
    except CatalogueError as error:
        raise errors.DefinitionRefused(str(error)) from error


@transaction.atomic
def move_definition(
    *, definition: Definition, to: str, by: Any, comment: str = ""
) -> Definition:
    """The next step of a version. One in use takes the place of the one before it.

    Raises DefinitionRefused for a step that is none, or that is for somebody else.
    """
    found = Definition.objects.select_for_update().get(pk=definition.pk)
    if to not in STEPS[found.state]:
        raise errors.DefinitionRefused(
            errors.NO_STEP % {"state": found.get_state_display()}
        )
    if to in NOT_BY_AUTHOR and found.author_id == by.pk:
        raise errors.DefinitionRefused(errors.BY_AUTHOR)
    said = checked(found)
    now = timezone.now()
    if to == State.PUBLISHED:
        if isinstance(said, MeanIndicator):
            _refuse_overlapping(found, said)
        Definition.objects.filter(
            municipality=found.municipality_id, code=found.code, state=State.PUBLISHED
        ).update(state=State.RETIRED, decided_at=now, decided_by=by)
    found.state, found.comment = to, comment
    if to != State.IN_REVIEW:
        found.decided_by, found.decided_at = by, now
    found.save()
    return found


def _refuse_overlapping(definition: Definition, said: MeanIndicator) -> None:
    for code, each in means_of_town(definition.municipality).items():
        if code != definition.code and overlapping(said, each):
            raise errors.DefinitionRefused(errors.MEANS_OVERLAP % {"title": each.title})


TRIALS = 100
"""Different rules that one person may try on rounds in a day."""


def count_trial(
    *, observation_set: ObservationSet, content: Mapping[str, Any], by: Any
) -> None:
    """Raises TriedEnough; the same rule on the same round counts once a day."""
    asked = content["mean"] if is_mean(content) else content["rule"]
    rule = [observation_set.pk, content["population"], asked]
    digest = hashlib.sha256(json.dumps(rule, sort_keys=True).encode()).hexdigest()
    municipality = observation_set.municipality
    today = Trial.objects.of(municipality).filter(user=by, day=timezone.localdate())
    if today.filter(digest=digest).exists():
        return
    if today.count() >= TRIALS:
        raise errors.TriedEnough(TRIALS)
    Trial.objects.get_or_create(
        municipality=municipality, user=by, day=timezone.localdate(), digest=digest
    )


@dataclass(frozen=True)
class Preview:
    """What a definition would say of the whole town, as it might be published."""

    figure: Figure | MeanFigure


def preview(
    *, indicator: Indicator | MeanIndicator, observation_set: ObservationSet
) -> Preview | None:
    """None where the round holds no household. Rounded and withheld as in a release."""
    if not has_units(observation_set):
        return None
    wanted = [*sorted(indicator.variables), "school_age"]
    sample = read_sample(observation_set, wanted)
    if isinstance(indicator, MeanIndicator):
        mean = Mean.of(Estimator(sample), indicator, Past({}, {}))
        return Preview(next(each for each in mean.figures() if each.zone is None))
    for figure in figures_of(sample, [indicator]):
        if figure.zone is None and figure.breakdown == "all":
            return Preview(figure)
    return None
