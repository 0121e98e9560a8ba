"""What a person does with what arrived and could not be used: try again, put aside,
and take that back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from lxml import etree

from layers.geography.models import Municipality
from surveys.intake.reading import Unreadable, read_envelope
from surveys.intake.receiving import settle
from surveys.models import Arrival, Round

State, Reason = Arrival.State, Arrival.Reason
OPEN = (State.QUARANTINED, State.CONFLICT)
WAYS_OUT: Mapping[str, Any] = {
    Reason.UNREADABLE: _("Ask the surveyor to send it again, or put it aside."),
    Reason.NO_INSTANCE: _("It came from no survey app. Put it aside."),
    Reason.UNKNOWN_FORM: _("Upload and publish this questionnaire, then try again."),
    Reason.UNKNOWN_VERSION: _("Publish this version, then try again."),
    Reason.NO_ROUND: _("Choose a round, or open one, then try again."),
    Reason.NOT_CURRENT: _(
        "A newer edit came first. Look whether this one adds anything, then put it aside."
    ),
    Reason.UNKNOWN_ORIGINAL: _(
        "The record it edits has not come yet. Try again when it has."
    ),
    Reason.OTHER_CONTENT: _(
        "The first record under this ID counts. Compare the two, then put this one aside."
    ),
    Reason.ENCRYPTED: _("Download it and open it with your key."),
    Reason.FAILED: _(
        "Try again. If it fails again, tell whoever looks after the server."
    ),
}


def rounds_for(municipality: Municipality) -> QuerySet[Round]:
    """Into which a person may have arrivals taken: those with a questionnaire."""
    return Round.objects.of(municipality).exclude(form=None).order_by("-starts_on")


@transaction.atomic
def try_again(
    *, municipality: Municipality, keys: Sequence[int], round: Round | None = None
) -> tuple[int, int]:
    """How many were taken in, and how many were not. A chosen round takes those of its
    own questionnaires; the others go where they belong.
    """
    waiting = _locked(municipality, keys, (State.QUARANTINED,))
    for arrival in waiting:
        try:
            envelope = read_envelope(bytes(arrival.content or b""))
        except Unreadable:
            continue
        if envelope.instance_id:
            fits = round is not None and envelope.form_id in _forms_of(round)
            settle(arrival=arrival, envelope=envelope, round=round if fits else None)
    taken = sum(each.state == State.ACCEPTED for each in waiting)
    return taken, len(waiting) - taken


def _forms_of(round: Round) -> set[str]:
    forms = (round.form, round.back_check_form)
    return {each.code for each in forms if each is not None}


@transaction.atomic
def put_aside(*, municipality: Municipality, keys: Sequence[int], by: Any) -> int:
    """They stay on the server and leave the list."""
    arrivals = _locked(municipality, keys, OPEN)
    for each in arrivals:
        each.state = State.DISMISSED
        each.settled_at, each.settled_by = timezone.now(), by
        each.save(update_fields=["state", "settled_at", "settled_by"])
    return len(arrivals)


@transaction.atomic
def take_out_again(*, municipality: Municipality, keys: Sequence[int]) -> int:
    """Undoes the putting aside."""
    arrivals = _locked(municipality, keys, (State.DISMISSED,))
    for each in arrivals:
        conflict = each.reason == Reason.OTHER_CONTENT
        each.state = State.CONFLICT if conflict else State.QUARANTINED
        each.settled_at = each.settled_by = None
        each.save(update_fields=["state", "settled_at", "settled_by"])
    return len(arrivals)


def _locked(
    municipality: Municipality, keys: Sequence[int], states: Sequence[str]
) -> list[Arrival]:
    """In the order of their arrival: an edit comes after what it edits."""
    found = Arrival.objects.of(municipality).filter(pk__in=keys, state__in=states)
    return list(found.select_for_update(of=("self",)).order_by("received_at", "pk"))


def readable(content: bytes) -> str:
    """A line for each element; as it came, where it is no XML."""
    try:
        root = read_envelope(content).root
    except Unreadable:
        return content.decode("utf-8", errors="replace")
    etree.indent(root)
    return str(etree.tostring(root, encoding="unicode"))
