"""The seam: from submissions with names to observations without.

Nothing that could name a child or a woman goes through here. Households and children carry
keyed fingerprints instead of their numbers; ages are in completed months; the
place is a zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from layers.indicators.current.figures import in_step, rebuild
from layers.indicators.models import ObservationSet, Release
from layers.indicators.samples.observations import ChildRow, UnitRow, WomanRow
from layers.indicators.services import compute_release, replace_observations
from surveys.ages import months_between
from surveys.asked.reading import asked_in
from surveys.asked.values import Asked
from surveys.errors import NothingToPublish
from surveys.models import (
    ChangedHousehold,
    FormVersion,
    Publication,
    Round,
    Submission,
)
from surveys.models.submissions import SubmissionQuerySet
from surveys.questionnaires.meaning import CHILD, HOUSEHOLD, library_answers
from surveys.questionnaires.parts import Parts, find_parts
from surveys.rounds.nonresponse import classes
from surveys.variables import (
    EVERY_CHILD,
    Child,
    child_variables,
    household_variables,
    module_5_17_factor,
)
from surveys.women import woman_row

ONE_STRATUM = "all"


def publish_round(*, round: Round, by: Any) -> Release:
    """Publishes at once and keeps a record of it. Idempotent: the same submissions
    give the same observations. Raises NothingToPublish for an empty round.
    """
    with transaction.atomic():
        publication = request_publication(round=round, by=by)
        return carry_out(publication=publication)


def request_publication(*, round: Round, by: Any) -> Publication:
    if not round.submissions.approved().placed().exists():
        raise NothingToPublish(
            _("No approved household of this round has a zone yet. Approve some first.")
        )
    return Publication.objects.create(
        municipality_id=round.municipality_id, round=round, by=by
    )


@transaction.atomic
def carry_out(*, publication: Publication) -> Release:
    """Writes the observations downwards and computes the release, or nothing."""
    round = Round.objects.select_for_update().get(pk=publication.round_id)
    # What is loaded meanwhile is news for the next release.
    now = timezone.now()
    observation_set = observe_round(round)
    release = compute_release(
        municipality=round.municipality, observation_set=observation_set
    )
    round.status = Round.Status.PUBLISHED
    round.save(update_fields=["status"])
    publication.state = Publication.State.DONE
    publication.finished_at = now
    publication.release_number = release.number
    publication.household_count = observation_set.units.count()
    publication.child_count = observation_set.children.count()
    publication.save()
    return release


def observe_round(round: Round) -> ObservationSet:
    """Makes the round's approved records its whole content below, with their sums."""
    # Taken before reading: what changes meanwhile is noted, and follows one by one.
    now = timezone.now()
    ChangedHousehold.objects.filter(round=round).delete()
    found = replace_observations(
        municipality=round.municipality,
        code=round.code,
        titles={
            language: getattr(round, f"name_{language}") or round.name_ar
            for language in ("ar", "en", "fr")
        },
        reference_date=round.ends_on,
        source="survey",
        units=list(units_of(round, round.submissions.all())),
        response_factors=response_factors(round),
        known_totals=round.known_totals,
    )
    if not in_step(found):
        rebuild(found)
    Round.objects.filter(pk=round.pk).update(followed_at=now)
    return found


def response_factors(round: Round) -> dict[str, float]:
    return {str(each.label): each.factor for each in classes(round)}


def refuse_publication(*, publication: Publication, where: dict[str, Any]) -> None:
    """Keeps which figure it was, or why known totals stood in the way, for the page that
    asks.
    """
    publication.state = Publication.State.FAILED
    publication.finished_at = timezone.now()
    publication.refusal = where
    publication.save(update_fields=["state", "finished_at", "refusal"])


def give_up_publication(pk: int) -> None:
    state = Publication.State
    Publication.objects.filter(pk=pk, state__in=[state.WAITING, state.RUNNING]).update(
        state=state.FAILED, finished_at=timezone.now()
    )


def units_of(round: Round, records: SubmissionQuerySet) -> Iterator[UnitRow]:
    """Those of the records that count."""
    submissions = (
        records.approved()
        .placed()
        .select_related("household", "zone")
        .prefetch_related("rows")
        .order_by("pk")
    )
    forms: dict[int | None, _Form] = {}
    of_parcel = {each: str(one.label) for one in classes(round) for each in one.parcels}
    for submission in submissions.iterator(chunk_size=2000):
        key = submission.version_id
        form = forms.get(key) or forms.setdefault(
            key, _Form.of(submission.version, round.municipality.country)
        )
        response_class = of_parcel.get(submission.parcel_id or 0, "")
        yield _unit(round, submission, form, response_class)


@dataclass(frozen=True)
class _Form:
    """What the answers to a version of a form stand for."""

    said: Mapping[str, Any]
    parts: Parts
    asked: tuple[Asked, ...] = ()
    """The town's own questions for indicators."""
    country: str = ""

    @classmethod
    def of(cls, version: FormVersion | None, country: str) -> Self:
        if version is None:
            return cls({}, Parts({}), country=country)
        parts = find_parts(version.structure, version.parts)
        asked = tuple(asked_in(version.form))
        return cls(version.variables, parts, asked, country)

    def of_home(self, answers: Mapping[str, Any]) -> dict[str, float | None]:
        known = household_variables(
            self.answers(answers, HOUSEHOLD), country=self.country
        )
        return known | self._own(answers, "")

    def _own(self, answers: Mapping[str, Any], table: str) -> dict[str, float | None]:
        own = [each for each in self.asked if each.table == table]
        return {each.code: each.value(answers) for each in own}

    def of_child(self, answers: Mapping[str, Any]) -> dict[str, float | None]:
        """The town's own only."""
        return self._own(answers, self.parts.roster) if self.parts.roster else {}

    def answers(self, given: Mapping[str, Any], of: str) -> dict[str, Any]:
        return library_answers(given, self.said, of=of, parts=self.parts)


def _unit(
    round: Round, submission: Submission, form: _Form, response_class: str
) -> UnitRow:
    if submission.zone is None:
        raise NothingToPublish(_("A household without a zone can be in no figure."))
    key = opaque_key(round.municipality_id, submission.household.code)
    return UnitRow(
        key=key,
        zone_code=submission.zone.code,
        stratum=submission.stratum or ONE_STRATUM,
        psu=submission.psu or key,
        weight=submission.weight,
        response_class=response_class,
        stratum_psus=submission.frame_households,
        children=_children(round, submission, form),
        values=form.of_home(submission.answers),
        women=_women(submission, form.parts),
    )


def _children(round: Round, submission: Submission, form: _Form) -> list[ChildRow]:
    found = [
        (row, Child(row.sex, row.birth_date, form.answers(row.answers, CHILD)))
        for row in submission.rows.all()
        if row.birth_date and row.sex
    ]
    factor = module_5_17_factor(
        [child for _row, child in found], interviewed_on=submission.interviewed_on
    )
    rows = []
    for row, child in found:
        own = child_variables(
            child,
            interviewed_on=submission.interviewed_on,
            school_year_start=round.school_year_start,
        )
        stands_for = {"yes": factor, EVERY_CHILD: factor and 1.0}.get(
            child.answers.get("selected_5_17") or ""
        )
        rows.append(
            ChildRow(
                key=opaque_key(
                    round.municipality_id, submission.household.code, row.code
                ),
                sex=row.sex,
                age_months=months_between(child.birth_date, submission.interviewed_on),
                values=own | form.of_child(row.answers),
                weight_factors={"module_5_17": stands_for} if stands_for else {},
            )
        )
    return rows


def _women(submission: Submission, parts: Parts) -> list[WomanRow]:
    found = (
        woman_row(row.answers, parts)
        for row in submission.rows.all()
        if parts.women and row.table == parts.women
    )
    return [woman for woman in found if woman]


def opaque_key(*parts: object) -> str:
    """The same for the same household in every round, and no way back to its number
    without the secret key.
    """
    text = "\x1f".join(str(part) for part in parts)
    digest = salted_hmac("surveys.publish", text, algorithm="sha256")
    return digest.hexdigest()[:32]
