from __future__ import annotations

from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from gisportal.cases.models import Case, CaseEvent

TOLD = {
    CaseEvent.Kind.OPENED,
    CaseEvent.Kind.STATUS_CHANGED,
    CaseEvent.Kind.ANSWERED,
}


@dataclass(frozen=True)
class Reader:
    """`own`: the reporter, who reads the words; followers read the status alone."""

    user: int
    address: str
    language: str
    own: bool


def readers_of(event: CaseEvent) -> list[Reader]:
    """Nobody is told of an own step, of a note, or of what was loaded from a file."""
    if event.by is None or not event.public or event.kind not in TOLD:
        return []
    case = event.case
    readers = []
    reporter = case.reporter
    own_step = event.by_id == case.reporter_id
    if reporter and (not own_step or event.kind == CaseEvent.Kind.OPENED):
        readers.append(Reader(reporter.pk, reporter.email, case.language, own=True))
    if event.kind == CaseEvent.Kind.STATUS_CHANGED:
        readers += [
            Reader(follower.user_id, follower.user.email, follower.language, own=False)
            for follower in case.followers.select_related("user")
            if follower.user_id != case.reporter_id
        ]
    return readers


def letter_to(reader: Reader, event: CaseEvent) -> EmailMessage:
    """The same again has the same Message-ID."""
    case = event.case
    host = urlsplit(settings.PUBLIC_URL).hostname
    with override(reader.language):
        page = reverse(
            "service_requests:detail", args=[case.municipality.slug, case.number]
        )
        town = _("Municipality of %(name)s") % {"name": case.municipality.name}
        body = render_to_string(
            "service_requests/letter.txt",
            {
                "case": case,
                "municipality": case.municipality,
                "event": event,
                "own": reader.own,
                "town": town,
                "status": Case.Status(event.to_status or case.status).label,
                "address": f"{settings.PUBLIC_URL}{page}",
            },
        )
        return EmailMessage(
            subject=_("Request %(number)s: %(status)s")
            % {"number": case.number, "status": _headline(event)},
            body=body.strip() + "\n",
            from_email=formataddr((town, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
            to=[reader.address],
            headers={"Message-ID": f"<event-{event.pk}-{reader.user}@{host}>"},
        )


def _headline(event: CaseEvent) -> str:
    if event.kind == CaseEvent.Kind.ANSWERED:
        return _("an answer")
    return str(Case.Status(event.to_status).label)
