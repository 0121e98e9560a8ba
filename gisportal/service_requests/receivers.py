from typing import Any

from django.dispatch import receiver

from gisportal.cases.events import case_changed
from gisportal.service_requests.tasks import send_letters


@receiver(case_changed, dispatch_uid="service_requests.letters")
def tell_people(*, municipality: int, event: int, **_more: Any) -> None:
    send_letters.enqueue(municipality=municipality, event=event)
