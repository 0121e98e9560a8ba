from django_tasks import task

from gisportal.cases.models import CaseEvent
from gisportal.service_requests.letters import letter_to, readers_of
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant


@task()
def send_letter(*, municipality: int, event: int, reader: int) -> int:
    """Write to one of those whom an event concerns; gives the number of letters.

    A worker that dies between the sending and the note of it sends the letter again,
    under the same Message-ID, by which mail programs show it once.
    """
    with tenant(Municipality.objects.get(pk=municipality)):
        found = CaseEvent.objects.select_related("case__reporter", "municipality").get(
            pk=event
        )
        letters = [
            letter_to(each, found) for each in readers_of(found) if each.user == reader
        ]
    for letter in letters:
        letter.send()
    return len(letters)
