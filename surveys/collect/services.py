"""What a surveyor's browser needs to work a day without network, and what comes back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404
from django.utils.translation import get_language
from lxml import etree

from layers.geography.models import Municipality, Zone
from surveys.households.phone_files import PhoneFile, phone_file
from surveys.intake.keeping import kept_path
from surveys.intake.reading import read_envelope
from surveys.intake.services import stored_record
from surveys.models import (
    Arrival,
    FormVersion,
    Round,
    Submission,
    Target,
)
from surveys.questionnaires.parts import find_parts
from surveys.record import write_answers
from surveys.review.correction import last_correction
from surveys.review.returns import said_about
from surveys.review.workflow import OPEN

# As many as a phone's list of parcels holds.
MAX_TARGETS = 5000


@dataclass(frozen=True)
class Returned:
    """A record that was sent back to its surveyor. `editable` tells whether its XML is
    here; one that came in a file is filled again from the household's last answers.
    """

    submission: Submission
    comments: list[tuple[str, str]]
    editable: bool


def versions_for(municipality: Municipality, surveyor: Any) -> list[FormVersion]:
    """The newest published version of each form that the surveyor may fill."""
    return list(
        FormVersion.objects.of(municipality)
        .receivable(surveyor)
        .select_related("form")
        .defer("xform", "source", "remarks")
    )


def usable_version(municipality: Municipality, pk: int) -> FormVersion:
    """One that was published at some time: a draft on the device may be of an older
    version.
    """
    found = (
        FormVersion.objects.of(municipality)
        .exclude(state=FormVersion.State.DRAFT)
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return found


def addresses_of_parts(version: FormVersion) -> dict[str, str]:
    """Where the form asks for the parcel, the household and so on: `/data/visit/…`."""
    parts = find_parts(version.structure, version.parts)
    paths = {
        question.key: question.path for question in version.structure.main.questions
    }
    return {part: paths[key] for part, key in parts.main.items() if key in paths}


def file_content(
    *, municipality: Municipality, surveyor: Any, version: FormVersion, name: str
) -> tuple[PhoneFile, bytes]:
    found = phone_file(
        municipality=municipality, surveyor=surveyor, version=version, name=name
    )
    if found is None:
        raise Http404
    if found.content is not None:
        return found, found.content
    return found, kept_path(municipality.pk, found.sha256).read_bytes()


def targets_of(municipality: Municipality, surveyor: Any) -> QuerySet[Target]:
    """The surveyor's parcels in the rounds that are open, in the order of numbers."""
    rounds = Round.objects.of(municipality).filter(receiving=True)
    return (
        Target.objects.filter(round__in=rounds, surveyor=surveyor)
        .select_related("parcel", "round")
        .order_by("parcel__code")[:MAX_TARGETS]
    )


def zones_to_visit(municipality: Municipality, surveyor: Any) -> QuerySet[Zone]:
    """The zones in force in which the surveyor has parcels of rounds that are open."""
    rounds = Round.objects.of(municipality).filter(receiving=True)
    parcels = Target.objects.filter(round__in=rounds, surveyor=surveyor)
    zones = parcels.values("parcel__zone")
    return Zone.objects.of(municipality).current().filter(pk__in=zones)


def returned_to(municipality: Municipality, surveyor: Any) -> list[Returned]:
    """What was sent back to the surveyor, the oldest first, with what the office said."""
    records = list(
        Submission.objects.of(municipality)
        .filter(
            by=surveyor,
            state=Submission.State.SENT_BACK,
            withdrawn_at=None,
            erased_at=None,
        )
        .select_related("household", "parcel", "version")
        .order_by("changed_at")
    )
    said = said_about(records, get_language() or "ar")
    with_xml = set(
        Arrival.objects.of(municipality)
        .filter(submission__in=records, erased_at=None, content__isnull=False)
        .values_list("submission", "instance_id")
    )
    return [
        Returned(
            record,
            said.get(record.pk, []),
            (record.pk, record.instance_id) in with_xml,
        )
        for record in records
    ]


def own_records(municipality: Municipality, surveyor: Any) -> list[tuple[str, int]]:
    """What became of the surveyor's records in the open rounds, by the state's name.
    Which of them the office doubts is not told before it sends one back.
    """
    state = Submission.State
    counts: Counter[str] = Counter()
    own = Submission.objects.of(municipality).of_surveyor(surveyor)
    rows = own.filter(round__receiving=True, withdrawn_at=None).order_by()
    for code, count in rows.values_list("state").annotate(Count("pk")):
        counts[state.RECEIVED if code in OPEN else code] += count
    shown = (state.RECEIVED, state.APPROVED, state.SENT_BACK, state.REJECTED)
    return [(str(each.label), counts[each]) for each in shown if counts[each]]


def returned_xml(submission: Submission, arrival: Arrival) -> str:
    """As it came; with the office's corrections, which the surveyor's must not undo."""
    content = bytes(arrival.content or b"")
    if submission.version is None or last_correction(submission) is None:
        return content.decode("utf-8", "replace")
    root = read_envelope(content).root
    write_answers(root, submission.version.structure, stored_record(submission))
    return str(etree.tostring(root, encoding="unicode"))


def returned_arrival(
    *, municipality: Municipality, surveyor: Any, pk: int
) -> tuple[Submission, Arrival]:
    """The XML that is to be corrected: the newest of a record sent back to them."""
    submission = (
        Submission.objects.of(municipality)
        .filter(pk=pk, by=surveyor, state=Submission.State.SENT_BACK, erased_at=None)
        .first()
    )
    if submission is None:
        raise Http404
    arrival = (
        submission.arrivals.filter(
            instance_id=submission.instance_id, erased_at=None, content__isnull=False
        )
        .order_by("-pk")
        .first()
    )
    if arrival is None:
        raise Http404
    return submission, arrival
