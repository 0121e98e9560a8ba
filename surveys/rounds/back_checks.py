"""Some interviews are held again by somebody else, with a shorter form: which ones, who
goes there, and what came of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from surveys.errors import BackCheckRefused
from surveys.models import BackCheck, Form, Round, Submission, Target
from surveys.quality.across import Comparison, Panel, comparable, comparisons
from surveys.rounds.services import refuse_taken_form

Interviewer = int | str


@dataclass(frozen=True)
class Result:
    """One drawn interview and, where it was held again, how many answers differ."""

    drawn: BackCheck
    comparison: Comparison | None

    @property
    def done(self) -> bool:
        return self.comparison is not None or bool(
            self.drawn.submission.back_checks.all()
        )


@transaction.atomic
def choose_back_check_form(*, round: Round, form: Form | None) -> None:
    """With which form interviews are held again; None for no back-checks. Raises
    BackCheckRefused for the round's own form, and where nothing could be compared.
    """
    if form is None:
        if round.back_checks.exists():
            raise BackCheckRefused(
                _("Interviews were drawn already. Take them back first.")
            )
    else:
        _refuse_unfit(round, form)
    round.back_check_form = form
    round.save(update_fields=["back_check_form"])


def _refuse_unfit(round: Round, form: Form) -> None:
    if form.pk == round.form_id:
        raise BackCheckRefused(
            _(
                "The round asks this form itself. Choose another one: a back-check is "
                "known by its form."
            )
        )
    if round.receiving:
        refuse_taken_form(round=round, form=form)
    if not shared_questions(round, form):
        raise BackCheckRefused(
            _(
                "No question of this form has the name of a question of the round: "
                "nothing could be compared."
            )
        )


def shared_questions(round: Round, form: Form | None) -> set[str]:
    """Questions of both forms whose answers are compared."""
    again = form and form.published()
    first = round.form and round.form.published()
    return comparable(again) & comparable(first) if again and first else set()


def held(round: Round) -> QuerySet[Submission]:
    """The interviews that can be drawn."""
    return round.submissions.valid().filter(
        back_check_of=None, outcome=Target.Outcome.COMPLETE, erased_at=None
    )


@transaction.atomic
def draw_back_checks(
    *, round: Round, per_cent: int, seed: int, people: Sequence[Any]
) -> int:
    """Draws of every surveyor's interviews as many as make up the share, at least one,
    and gives them to the others, as evenly as may be. What was drawn before counts and
    stays. The same seed draws the same of the same interviews.
    """
    round = Round.objects.select_for_update(of=("self",)).get(pk=round.pk)
    if round.back_check_form_id is None:
        raise BackCheckRefused(_("Choose the form of the back-checks first."))
    if not people:
        raise BackCheckRefused(_("Choose at least one person."))
    fresh = _draw(round, per_cent, seed)
    loads = Counter(round.back_checks.values_list("surveyor", flat=True))
    made = []
    for who, pk in fresh:
        others = [person for person in people if person.pk != who]
        if not others:
            raise BackCheckRefused(
                _("Nobody may check their own interviews. Choose one more person.")
            )
        checker = min(others, key=lambda person: (loads[person.pk], person.pk))
        loads[checker.pk] += 1
        made.append(
            BackCheck(
                municipality_id=round.municipality_id,
                round=round,
                submission_id=pk,
                surveyor=checker,
            )
        )
    BackCheck.objects.bulk_create(made)
    return len(made)


def _draw(round: Round, per_cent: int, seed: int) -> list[tuple[Interviewer, int]]:
    """Interviewer and interview, those of before left out."""
    before = set(round.back_checks.values_list("submission", flat=True))
    by_person: dict[Interviewer, list[int]] = defaultdict(list)
    for by, surveyor, pk in held(round).values_list("by", "surveyor", "pk"):
        by_person[by or surveyor].append(pk)
    fresh = []
    for who, keys in sorted(by_person.items(), key=lambda each: str(each[0])):
        wanted = ceil(len(keys) * per_cent / 100) - len(before & set(keys))
        rest = sorted(set(keys) - before)
        chance = np.random.default_rng([seed, *str(who).encode()])
        size = max(0, min(wanted, len(rest)))
        drawn = chance.choice(np.array(rest, int), size, replace=False)
        fresh += [(who, pk) for pk in sorted(drawn.tolist())]
    return fresh


@transaction.atomic
def give_back_checks(*, drawn: QuerySet[BackCheck], surveyor: Any) -> int:
    """To another person, or taken back where None. Those that were held stay."""
    rows = list(
        drawn.select_for_update(of=("self",))
        .filter(submission__back_checks=None)
        .select_related("submission")
    )
    if surveyor is None:
        BackCheck.objects.filter(pk__in=[row.pk for row in rows]).delete()
        return len(rows)
    if any(row.submission.by_id == surveyor.pk for row in rows):
        raise BackCheckRefused(
            _("Nobody may check their own interviews. Choose another person.")
        )
    for row in rows:
        row.surveyor = surveyor
    BackCheck.objects.bulk_update(rows, ["surveyor"])
    return len(rows)


def results(round: Round) -> list[Result]:
    """Of all that were drawn; those not yet held first."""
    compared = {each.first.pk: each for each in comparisons(Panel(round))}
    drawn = round.back_checks.select_related(
        "surveyor", "submission__parcel", "submission__by"
    ).prefetch_related("submission__back_checks")
    found = [Result(each, compared.get(each.submission_id)) for each in drawn]
    return sorted(found, key=lambda each: (each.done, each.drawn.pk))
