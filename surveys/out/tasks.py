from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Export
from surveys.out.services import drop_old_exports, write_export

State = Export.State
SAFETY = timedelta(minutes=1)


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
        late = timezone.now() + Export.KEPT + SAFETY
        drop_in_background.using(run_after=late).enqueue(municipality_id)


@task()
def drop_in_background(municipality_id: int) -> None:
    with tenant(Municipality.objects.get(pk=municipality_id)):
        drop_old_exports(municipality_id=municipality_id)
