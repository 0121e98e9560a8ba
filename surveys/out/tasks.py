from __future__ import annotations

from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Export
from surveys.out.services import drop_old_exports, write_export

State = Export.State


@task()
def write_in_background(municipality_id: int, export_id: int) -> None:
    """Safe to do again: an unfinished file is begun anew."""
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        open_ones = Export.objects.filter(
            pk=export_id, state__in=[State.WAITING, State.RUNNING]
        )
        # Committed at once, so that the page can show it.
        if not open_ones.update(state=State.RUNNING, done=0):
            return
    with tenant(municipality):
        drop_old_exports(municipality_id=municipality_id)
        write_export(export=Export.objects.get(pk=export_id))
