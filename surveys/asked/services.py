"""A question is declared, read by somebody else, used, retired."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.models import Municipality
from layers.indicators import errors
from layers.indicators.definitions.drafting import NOT_BY_AUTHOR, STEPS
from layers.indicators.definitions.municipal import OWN_PREFIX
from layers.indicators.definitions.own_variables import (
    declare_variable,
    indicators_with,
)
from layers.indicators.samples.observations import LANGUAGES, Variable
from surveys.errors import QuestionRefused
from surveys.following import follow_in_background
from surveys.models import Form, Round, TownVariable

State = TownVariable.State


@transaction.atomic
def declare_question(
    *,
    municipality: Municipality,
    form: Form,
    said: Mapping[str, Any],
    by: Any,
    draft: TownVariable | None = None,
) -> TownVariable:
    """A new draft, or `draft` written over. Raises QuestionRefused for a taken name."""
    code = said["code"].removeprefix(OWN_PREFIX)
    found = draft or TownVariable(municipality=municipality)
    if draft and draft.state != State.DRAFT:
        raise QuestionRefused(_("Only a draft can be changed."))
    taken = TownVariable.objects.of(municipality).filter(code=OWN_PREFIX + code)
    if taken.exclude(pk=found.pk).exists():
        raise QuestionRefused(_("This short name is taken. Choose another one."))
    for name, value in (dict(said) | {"code": OWN_PREFIX + code}).items():
        setattr(found, name, value)
    found.form, found.author = form, by
    found.save()
    return found


@transaction.atomic
def move_question(*, variable: TownVariable, to: str, by: Any) -> TownVariable:
    """The next step. Once in use, the rounds of its form take it up.

    Raises QuestionRefused for a step that is none, that is for somebody else, or that
    would take a question from an indicator.
    """
    found = TownVariable.objects.select_for_update().get(pk=variable.pk)
    if to not in STEPS[found.state]:
        raise QuestionRefused(errors.NO_STEP % {"state": found.get_state_display()})
    if to in NOT_BY_AUTHOR and found.author_id == by.pk:
        raise QuestionRefused(errors.BY_AUTHOR)
    if to == State.RETIRED:
        _check_unused(found)
    found.state = to
    if to != State.IN_REVIEW:
        found.decided_by, found.decided_at = by, timezone.now()
    found.save()
    if to == State.PUBLISHED:
        declare_variable(municipality=found.municipality, variable=_as_variable(found))
    if to in (State.PUBLISHED, State.RETIRED):
        _take_up(found)
    return found


def _check_unused(variable: TownVariable) -> None:
    used = indicators_with(variable.municipality, variable.code)
    if used:
        raise QuestionRefused(
            _("The indicator %(code)s asks for it. Retire or change that first.")
            % {"code": used[0]}
        )


def _as_variable(found: TownVariable) -> Variable:
    return Variable(
        found.code,
        of="child" if found.table else "household",
        smallest=found.smallest,
        largest=found.largest,
        labels={each: getattr(found, f"name_{each}") for each in LANGUAGES},
    )


def _take_up(variable: TownVariable) -> None:
    """What stands below of the rounds that asked it is made anew by the worker."""
    rounds = Round.objects.filter(
        pk__in=Round.objects.filter(submissions__version__form=variable.form)
        .values("pk")
        .distinct()
    )
    rounds.update(restated_at=timezone.now())
    for pk in rounds.exclude(followed_at=None).values_list("pk", flat=True):
        transaction.on_commit(
            partial(follow_in_background.enqueue, variable.municipality_id, pk)
        )
