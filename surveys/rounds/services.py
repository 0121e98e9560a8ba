"""Sets a round up and sends people out: form, sample, assignment, outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.geography.models import Municipality, Parcel
from surveys.errors import AssignmentRefused, RoundRefused, SampleRefused
from surveys.models import Form, Round, Target
from surveys.rounds.sampling import (
    Drawn,
    Frame,
    SampleTooLarge,
    draw_census,
    draw_simple,
    draw_stratified,
    draw_two_stage,
    hilbert,
)

Design, Outcome = Round.Design, Target.Outcome
BATCH = 2000
SEGMENT_SIZE = 25
TAKEN = gettext_lazy(
    "Another round is taking answers to this questionnaire. Close it first: a phone names "
    "its form, not its round."
)


@dataclass(frozen=True)
class Plan:
    """How a sample is to be drawn. `size` counts parcels, `segments` primary sampling
    units, each of about `segment_size` parcels; `zones` are codes, none means all.
    """

    design: str
    size: int = 0
    segments: int = 0
    per_segment: int = 10
    segment_size: int = SEGMENT_SIZE
    seed: int = 1
    zones: tuple[str, ...] = ()


@transaction.atomic
def open_round(*, round: Round, form: Form) -> None:
    """From now on phones and browsers get the form and their answers are taken."""
    version = form.published()
    if version is None or form.retired_at:
        raise RoundRefused(_("Publish a version of the questionnaire first."))
    others = round.submissions.filter(back_check_of=None, withdrawn_at=None)
    if others.exclude(version=None).exclude(version__form=form).exists():
        raise RoundRefused(
            _(
                "Answers to another questionnaire are in this round. Make a new round for "
                "this one."
            )
        )
    for each in filter(None, (form, round.back_check_form)):
        refuse_taken_form(round=round, form=each)
    round.form, round.receiving = form, True
    if round.status in {Round.Status.DRAFT, Round.Status.CLOSED}:
        round.status = Round.Status.OPEN
    try:
        with transaction.atomic():
            round.save(update_fields=["form", "receiving", "status"])
    except IntegrityError as error:
        raise RoundRefused(TAKEN) from error


def refuse_taken_form(*, round: Round, form: Form) -> None:
    """Raises RoundRefused where another open round asks the form or back-checks with it."""
    others = Round.objects.filter(
        Q(form=form) | Q(back_check_form=form), receiving=True
    ).exclude(pk=round.pk)
    if others.exists():
        raise RoundRefused(TAKEN)


@transaction.atomic
def close_round(*, round: Round) -> None:
    """What phones still send is kept in quarantine, for a person to let in."""
    round.receiving = False
    if round.status == Round.Status.OPEN:
        round.status = Round.Status.CLOSED
    round.save(update_fields=["receiving", "status"])


def frame_of(municipality: Municipality, zones: Sequence[str] = ()) -> Frame:
    """The parcels in force that lie in a zone; positions in the town's projected CRS."""
    parcels = Parcel.objects.of(municipality).current().exclude(zone=None)
    if zones:
        parcels = parcels.filter(zone__code__in=zones)
    rows = list(parcels.order_by("code").values_list("code", "zone__code", "geometry"))
    if not rows:
        raise SampleRefused(
            _("No parcel of these zones is on the map. Import parcels and zones first.")
        )
    codes, names, shapes = zip(*rows, strict=True)
    places = shapely.point_on_surface(
        shapely.from_wkb([bytes(shape.wkb) for shape in shapes])
    )
    metres = gpd.GeoSeries(places, crs=4326).to_crs(municipality.srid)
    positions = np.column_stack([metres.x, metres.y])
    return Frame(np.array(codes), np.array(names), positions)


def draw(frame: Frame, plan: Plan) -> list[Drawn]:
    try:
        if plan.design == Design.CENSUS:
            return draw_census(frame)
        if plan.design == Design.SIMPLE:
            return draw_simple(frame, size=plan.size, seed=plan.seed)
        if plan.design == Design.STRATIFIED:
            return draw_stratified(frame, size=plan.size, seed=plan.seed)
        return draw_two_stage(
            frame,
            segments=plan.segments,
            per_segment=plan.per_segment,
            segment_size=plan.segment_size,
            seed=plan.seed,
        )
    except SampleTooLarge as error:
        raise SampleRefused(
            _(
                "There are only %(count)s parcels in these zones. Choose a smaller sample."
            ),
            params={"count": len(frame.codes)},
        ) from error


@transaction.atomic
def draw_sample(*, round: Round, plan: Plan) -> int:
    """Replaces the parcels to visit; the plan and the frame's fingerprint are kept, so
    that the draw can be repeated. Refused once somebody was visited.
    """
    round = Round.objects.select_for_update().get(pk=round.pk)
    visited = round.targets.exclude(outcome=Outcome.PENDING).exists()
    if visited or round.submissions.filter(arrival__isnull=False).exists():
        raise SampleRefused(
            _("Interviews were held already: the sample can't be changed any more.")
        )
    frame = frame_of(round.municipality, plan.zones)
    drawn = draw(frame, plan)
    if not drawn:
        raise SampleRefused(_("Nothing was drawn. Say how many parcels to visit."))
    parcels = dict(
        Parcel.objects.of(round.municipality)
        .current()
        .filter(code__in=[each.code for each in drawn])
        .values_list("code", "pk")
    )
    round.targets.all().delete()
    Target.objects.bulk_create(
        [
            Target(
                municipality_id=round.municipality_id,
                round=round,
                parcel_id=parcels[each.code],
                stratum=each.stratum,
                psu=each.psu,
                base_weight=each.weight,
                stratum_psus=each.stratum_psus,
            )
            for each in drawn
        ],
        batch_size=BATCH,
    )
    round.design, round.drawn_at = plan.design, timezone.now()
    round.zones = list(plan.zones)
    round.draw = {**vars(plan), "zones": round.zones, "frame": frame.digest()}
    round.save(update_fields=["design", "drawn_at", "draw", "zones"])
    return len(drawn)


def surveyors_of(municipality: Municipality) -> list[Any]:
    """Who may be sent out, by name."""
    people = get_user_model().objects.filter(
        memberships__municipality=municipality, is_active=True
    )
    return [
        person
        for person in people.distinct().order_by("full_name", "pk")
        if person.has_perm("surveys.upload_round", municipality)
    ]


@transaction.atomic
def assign_targets(
    *, targets: QuerySet[Target], surveyor: Any, by: Any
) -> dict[int, int | None]:
    """Sends a surveyor, or nobody where None, to these parcels. Gives who had each, by
    the target's key, so that it can be undone.
    """
    rows = list(targets.select_for_update(of=("self",)).values_list("pk", "surveyor"))
    if surveyor is not None:
        first = targets.select_related("municipality").first()
        if first and not surveyor.has_perm("surveys.upload_round", first.municipality):
            raise AssignmentRefused(
                _("This person is no surveyor of the municipality.")
            )
    Target.objects.filter(pk__in=[pk for pk, _former in rows]).update(
        surveyor=surveyor, assigned_at=timezone.now(), assigned_by=by
    )
    return dict(rows)


@transaction.atomic
def undo_assignment(
    *,
    round: Round,
    before: dict[int, int | None],
    after: dict[int, int | None],
    by: Any,
) -> int:
    """Gives parcels back to who had them, where nobody was sent there since."""
    rows = list(
        round.targets.select_for_update(of=("self",))
        .filter(pk__in=before)
        .only("pk", "surveyor")
    )
    undone = [row for row in rows if row.surveyor_id == after[row.pk]]
    now = timezone.now()
    for row in undone:
        row.surveyor_id = before[row.pk]
        row.assigned_at, row.assigned_by = now, by
    fields = ["surveyor", "assigned_at", "assigned_by"]
    Target.objects.bulk_update(undone, fields, batch_size=BATCH)
    return len(undone)


@transaction.atomic
def balance_assignments(
    *, round: Round, surveyors: Sequence[Any], by: Any, keep: bool = True
) -> int:
    """Shares the parcels that nobody visits yet out to the surveyors, as evenly as may
    be, each a stretch of neighbours: along a curve through the town, zone after zone.

    With `keep`, parcels that somebody has stay theirs and count as their load.
    """
    if not surveyors:
        raise AssignmentRefused(_("Choose at least one surveyor."))
    open_ones = round.targets.filter(outcome=Outcome.PENDING)
    if keep:
        open_ones = open_ones.filter(surveyor=None)
    rows = list(open_ones.values_list("pk", "parcel__code").order_by("parcel__code"))
    if not rows:
        return 0
    frame = frame_of(round.municipality)
    place = dict(zip(frame.codes.tolist(), _visiting_order(frame), strict=True))
    rows.sort(key=lambda row: place.get(row[1], 0))
    loads = _loads(round, surveyors, len(rows), keep)
    now, start = timezone.now(), 0
    for surveyor, share in zip(surveyors, loads, strict=True):
        keys = [pk for pk, _code in rows[start : start + share]]
        Target.objects.filter(pk__in=keys).update(
            surveyor=surveyor, assigned_at=now, assigned_by=by
        )
        start += share
    return len(rows)


def _visiting_order(frame: Frame) -> list[int]:
    """Rank of each parcel of the frame along the way through the town."""
    order = np.argsort(hilbert(frame.positions), kind="stable")
    ranks = np.empty(len(order), int)
    ranks[order] = np.arange(len(order))
    return ranks.tolist()


def _loads(round: Round, surveyors: Sequence[Any], count: int, keep: bool) -> list[int]:
    """How many more each gets, so that all have the same in the end, nearly."""
    have: Counter[int] = Counter()
    if keep:
        taken = round.targets.filter(surveyor__in=surveyors)
        have.update(taken.values_list("surveyor", flat=True))
    more = [0] * len(surveyors)
    for _parcel in range(count):
        least = min(
            range(len(surveyors)), key=lambda n: have[surveyors[n].pk] + more[n]
        )
        more[least] += 1
    return more
