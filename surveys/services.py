"""What can be done with rounds and submissions."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.models import Municipality
from surveys.errors import AlreadyWithdrawn, RoundExists
from surveys.models import RecordRead, Round, Submission


@transaction.atomic
def create_round(
    *,
    municipality: Municipality,
    code: str,
    names: dict[str, str],
    starts_on: date,
    ends_on: date,
    school_year_start: date,
) -> Round:
    """`names` by language. Raises RoundExists for a code that is taken."""
    if Round.objects.of(municipality).filter(code=code).exists():
        raise RoundExists(
            _("There is already a round “%(code)s”. Choose another code."),
            params={"code": code},
        )
    round = Round(
        municipality=municipality,
        code=code,
        starts_on=starts_on,
        ends_on=ends_on,
        school_year_start=school_year_start,
        **{f"name_{language}": name for language, name in names.items()},
    )
    round.full_clean(exclude=["municipality"])
    round.save()
    return round


@transaction.atomic
def withdraw_submission(*, submission: Submission, by: Any, reason: str) -> None:
    """The submission no longer counts; its observations go with the next publishing."""
    # The round's lock keeps a publishing that already read the submission from
    # looking newer than its withdrawal.
    Round.objects.select_for_update().get(pk=submission.round_id)
    submission.refresh_from_db(fields=["withdrawn_at"])
    if submission.withdrawn_at is not None:
        raise AlreadyWithdrawn(_("This submission was already withdrawn."))
    now = timezone.now()
    submission.withdrawn_at = submission.changed_at = now
    submission.withdrawn_by, submission.withdrawal_reason = by, reason
    submission.save(
        update_fields=[
            "withdrawn_at",
            "withdrawn_by",
            "withdrawal_reason",
            "changed_at",
        ]
    )


def record_read(*, submission: Submission, reader: Any) -> RecordRead:
    """Remembers who opened the record of a household and its children."""
    return RecordRead.objects.create(
        municipality_id=submission.municipality_id,
        submission=submission,
        reader=reader,
    )
