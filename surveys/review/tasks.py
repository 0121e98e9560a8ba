from __future__ import annotations

from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import BulkStep
from surveys.review.bulk import carry_on, undo_on


@task()
def step_in_background(municipality_id: int, bulk_id: int) -> None:
    """Each portion is a transaction of its own, so that the page shows how far it is;
    done again, it goes on where it was.
    """
    municipality = Municipality.objects.get(pk=municipality_id)
    more = True
    while more:
        with tenant(municipality):
            bulk = BulkStep.objects.get(pk=bulk_id)
            undoing = bulk.state == BulkStep.State.UNDOING
            more = undo_on(bulk=bulk) if undoing else carry_on(bulk=bulk)
