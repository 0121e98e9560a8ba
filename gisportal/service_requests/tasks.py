from django_tasks import task

from gisportal.cases.models import Case, CaseEvent
from gisportal.service_requests.letters import letters_about
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant


@task()
def send_letters(*, municipality: int, event: int) -> int:
    """Write to those whom an event concerns; gives the number of letters."""
    town = Municipality.objects.get(pk=municipality)
    with tenant(town):
        found = CaseEvent.objects.select_related("case__reporter", "municipality").get(
            pk=event
        )
        if found.case.type != Case.Type.SERVICE_REQUEST:
            return 0
        letters = letters_about(found)
    for letter in letters:
        letter.send()
    return len(letters)
