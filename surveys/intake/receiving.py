"""The one door for submissions as XML: from phones, browsers and other programs.

The bytes are kept first, in the transaction whose end the sender is told of. What can't
be used is quarantined, never refused away: a phone that is refused keeps trying, and a
surveyor who deletes the record to make it stop has lost it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from layers.geography.models import Municipality
from layers.geography.statements import fetch, insert, next_key
from surveys.households.entities import read_entities
from surveys.intake.attachments import Sent, attach
from surveys.intake.reading import Envelope, Unreadable, read_envelope
from surveys.intake.services import Incoming, replace_record, store_records
from surveys.models import (
    Arrival,
    Attachment,
    FormVersion,
    Round,
    Submission,
)
from surveys.questionnaires.parts import facts_of, find_parts
from surveys.record import Record, read_record

logger = logging.getLogger(__name__)
State, Reason, Channel = Arrival.State, Arrival.Reason, Arrival.Channel
SOURCES = {
    Channel.PHONE: Submission.Source.PHONE,
    Channel.BROWSER: Submission.Source.BROWSER,
    Channel.OTHER: Submission.Source.OTHER,
}
SQL = resources.files("surveys.sql")
KNOWN_ARRIVALS = SQL.joinpath("known_arrivals.sql").read_text()
USABLE_VERSION = SQL.joinpath("usable_version.sql").read_text()
ROUND_OF_FORM = SQL.joinpath("round_of_form.sql").read_text()


@dataclass(frozen=True)
class Receipt:
    """What became of it. `repeated` tells that the same bytes had come before."""

    arrival: Arrival
    repeated: bool = False

    @property
    def refused(self) -> bool:
        return self.arrival.state == State.CONFLICT


@dataclass(frozen=True)
class Sender:
    """Who sends, on which way; `draft` where a draft is being tested."""

    municipality: Municipality
    by: Any
    channel: Arrival.Channel
    device: str = ""
    draft: FormVersion | None = None


@transaction.atomic(savepoint=False)
def receive(*, sender: Sender, content: bytes, files: Sequence[Sent] = ()) -> Receipt:
    """Keeps the bytes and, where they are a submission to an open round, stores it.

    Sent again, it is the same record; the files that were missing are added. Other
    bytes under an instance ID that is taken are a conflict: kept, but not stored.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        envelope = read_envelope(content)
    except Unreadable:
        envelope = None
    known, taken = _known(sender.municipality, sha256, envelope)
    if known is not None:
        if files and known.erased_at is None:
            attach(arrival=known, files=files, named=_named(envelope))
        return Receipt(known, repeated=True)
    arrival = _arrival(sender, content, sha256, envelope)
    # Its row is written once, at the end; what refers to it needs the key before.
    arrival.pk = next_key(Arrival)
    if taken and arrival.instance_id:
        arrival.state, arrival.reason = State.CONFLICT, Reason.OTHER_CONTENT
    if files:
        attach(arrival=arrival, files=files, named=_named(envelope))
    if envelope is not None and arrival.state == State.ACCEPTED:
        _judge(arrival, envelope, None)
    insert([arrival])
    return Receipt(arrival)


def _named(envelope: Envelope | None) -> frozenset[str] | None:
    return None if envelope is None else envelope.texts()


def _arrival(
    sender: Sender, content: bytes, sha256: str, envelope: Envelope | None
) -> Arrival:
    arrival = Arrival(
        municipality=sender.municipality,
        content=content,
        sha256=sha256,
        size=len(content),
        channel=sender.channel,
        by=sender.by,
        device=sender.device[:200],
        state=State.ACCEPTED,
    )
    if envelope is None:
        return _quarantined(arrival, Reason.UNREADABLE)
    arrival.form_code, arrival.form_version = envelope.form_id, envelope.version
    arrival.instance_id = envelope.instance_id
    arrival.deprecated_id = envelope.deprecated_id
    if not envelope.instance_id:
        return _quarantined(arrival, Reason.NO_INSTANCE)
    if sender.draft is not None:
        arrival.state = State.TEST
    return arrival


def _known(
    municipality: Municipality, sha256: str, envelope: Envelope | None
) -> tuple[Arrival | None, bool]:
    """The arrival of the same bytes; and whether others have taken the instance ID.
    Waits for a post of the same instance that is under way.
    """
    given = {
        "municipality": municipality.pk,
        "sha256": sha256,
        "instance": envelope.instance_id if envelope else "",
    }
    taken = False
    for arrival in fetch(Arrival, KNOWN_ARRIVALS, given):
        if arrival.sha256 == sha256:
            return arrival, False
        taken = taken or arrival.state not in {State.CONFLICT, State.TEST}
    return None, taken


def _quarantined(arrival: Arrival, reason: Arrival.Reason) -> Arrival:
    arrival.state, arrival.reason = State.QUARANTINED, reason
    return arrival


def settle(*, arrival: Arrival, envelope: Envelope, round: Round | None = None) -> None:
    """Tries an arrival from the quarantine again; `round` where a person chose it."""
    _judge(arrival, envelope, round)
    arrival.save(update_fields=["state", "reason", "submission"])


def _judge(arrival: Arrival, envelope: Envelope, round: Round | None) -> None:
    """Stores what arrived as a new submission or as the edit of one, or says why not."""
    try:
        with transaction.atomic():
            reason = _settle(arrival, envelope, round)
    except Exception:
        # The bytes are kept whatever becomes of them: a person will look at it.
        logger.exception("arrival %s could not be processed", arrival.pk)
        arrival.submission, reason = None, Reason.FAILED
    arrival.state = State.QUARANTINED if reason else State.ACCEPTED
    arrival.reason = reason or ""


def _settle(
    arrival: Arrival, envelope: Envelope, chosen: Round | None
) -> Arrival.Reason | None:
    if envelope.root.find("{*}encryptedXmlFile") is not None:
        return Reason.ENCRYPTED
    municipality = arrival.municipality
    named = {
        "municipality": municipality.pk,
        "form": envelope.form_id,
        "version": envelope.version,
    }
    version = next(iter(fetch(FormVersion, USABLE_VERSION, named)), None)
    if version is None:
        return Reason.UNKNOWN_FORM
    if version.version != envelope.version:
        return Reason.UNKNOWN_VERSION
    record = read_record(envelope.root, version.structure)
    original = _original(arrival, record, version)
    if isinstance(original, Arrival.Reason):
        return original
    round = chosen or (original.round if original else _round_of(version))
    if round is None:
        return Reason.NO_ROUND
    round.municipality = municipality
    incoming = Incoming(
        record=record,
        source=SOURCES[Channel(arrival.channel)],
        by=arrival.by,
        instance_id=arrival.instance_id,
        arrival=arrival,
        entities=read_entities(envelope.root, version.structure),
    )
    if original is None:
        (submission,) = store_records(round=round, version=version, incoming=[incoming])
    else:
        submission = original
        replace_record(submission=submission, incoming=incoming, version=version)
    arrival.submission = submission
    _await_files(arrival, record, version, original)
    return None


def _round_of(version: FormVersion) -> Round | None:
    given = {"municipality": version.municipality_id, "form": version.form_id}
    return next(iter(fetch(Round, ROUND_OF_FORM, given)), None)


def _original(
    arrival: Arrival, record: Record, version: FormVersion
) -> Submission | Arrival.Reason | None:
    """The submission that this one edits: by the phone's own edit, or because it
    corrects a record that was sent back.
    """
    if arrival.deprecated_id:
        found = _submissions(arrival, instance_id=arrival.deprecated_id).first()
        if found:
            return found
        former = Arrival.objects.of(arrival.municipality).filter(
            instance_id=arrival.deprecated_id, state=State.ACCEPTED
        )
        return Reason.NOT_CURRENT if former.exists() else Reason.UNKNOWN_ORIGINAL
    structure = version.structure
    corrects = facts_of(
        record, structure, find_parts(structure, version.parts)
    ).corrects
    if not corrects:
        return None
    sent_back = Submission.State.SENT_BACK
    return _submissions(arrival, instance_id=corrects, state=sent_back).first()


def _submissions(arrival: Arrival, **wanted: Any) -> QuerySet[Submission]:
    of_town = Submission.objects.of(arrival.municipality).filter(**wanted)
    return of_town.select_related("round")


def _await_files(
    arrival: Arrival,
    record: Record,
    version: FormVersion,
    original: Submission | None,
) -> None:
    """Notes the files that the answers speak of; an edit keeps those of its original."""
    wanted = [name for _address, name in record.file_names(version.structure)]
    if not wanted:
        return
    if original is not None:
        former = Attachment.objects.filter(
            arrival__submission=original, name__in=wanted
        ).exclude(sha256="")
        have = set(arrival.attachments.values_list("name", flat=True))
        for each in {row.name: row for row in former.order_by("pk")}.values():
            if each.name not in have:
                each.pk, each.arrival = None, arrival
                each.save(force_insert=True)
    attach(arrival=arrival, files=(), named=None, expected=wanted)
