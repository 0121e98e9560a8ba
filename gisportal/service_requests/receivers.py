from typing import Any

from django.dispatch import receiver

from gisportal.cases.events import case_changed
from gisportal.cases.models import Case, CaseEvent
from gisportal.service_requests.letters import readers_of
from gisportal.service_requests.tasks import send_letter


@receiver(case_changed, dispatch_uid="service_requests.letters")
def tell_people(*, event: CaseEvent, **_more: Any) -> None:
    """A task for each letter: what breaks off one doesn't send the others again."""
    if event.case.type == Case.Type.SERVICE_REQUEST:
        for reader in readers_of(event):
            send_letter.enqueue(
                municipality=event.municipality_id, event=event.pk, reader=reader.user
            )
