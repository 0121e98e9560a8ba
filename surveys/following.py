"""Keeps a round's observations in step with its approved records, one by one.

A trigger notes each household whose approved record comes, changes or goes; here what was
noted is made true below. What is published stays as it is until the next release.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction
from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from layers.indicators.current.figures import put_units
from layers.indicators.models import ObservationSet
from layers.indicators.samples.observations import UnitRow
from surveys.models import Household, Round
from surveys.publish import observe_round, opaque_key, response_factors, units_of

# More than these keep a reader waiting: a worker makes the whole anew.
AT_ONCE = 300

TAKE = """
DELETE FROM surveys_changedhousehold WHERE round_id = %s RETURNING household_id
"""


def far_behind(round: Round) -> bool:
    """Whether it takes a worker to bring the observations in step."""
    changed = round.changed_households.all()[: AT_ONCE + 1].count()
    if changed > AT_ONCE:
        return True
    return _anew(round) and round.submissions.approved().placed().count() > AT_ONCE


def follow(*, round: Round) -> ObservationSet | None:
    """The round's observations as its records are now; None where none is approved.

    Raises a ValidationError of `layers.indicators.errors` and then changes nothing.
    """
    with transaction.atomic():
        locked = Round.objects.select_for_update().get(pk=round.pk)
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [locked.pk])
            changed = [household for (household,) in cursor.fetchall()]
        found = _observations(locked)
        if found is None or _anew(locked):
            return _observed(locked)
        factors = response_factors(locked)
        if changed or factors != found.response_factors:
            units = _units(locked, changed)
            put_units(observation_set=found, units=units, response_factors=factors)
            found.refresh_from_db()
    return found


def _observed(round: Round) -> ObservationSet | None:
    if not round.submissions.approved().placed().exists():
        return None
    return observe_round(round)


def _anew(round: Round) -> bool:
    since = round.followed_at
    if since is None:
        return True
    return round.restated_at is not None and round.restated_at > since


def _observations(round: Round) -> ObservationSet | None:
    return ObservationSet.objects.filter(
        municipality_id=round.municipality_id, code=round.code
    ).first()


def _units(round: Round, households: Iterable[int]) -> dict[str, UnitRow | None]:
    """By key; None for a household whose record no longer counts."""
    codes = Household.objects.filter(pk__in=households).values_list("code", flat=True)
    keys = [opaque_key(round.municipality_id, code) for code in codes]
    records = round.submissions.filter(household__in=households)
    return dict.fromkeys(keys) | {each.key: each for each in units_of(round, records)}


@task()
def follow_in_background(municipality_id: int, round_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        _observed(Round.objects.select_for_update().get(pk=round_id))
