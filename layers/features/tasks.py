from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from layers.features.models import Download
from layers.features.services import (
    OPEN,
    State,
    drop_old_downloads,
    write_download,
)
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant

SAFETY = timedelta(minutes=1)


@task()
def write_in_background(municipality_id: int, download_id: str) -> None:
    """Safe to do again: an unfinished file is begun anew."""
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        found = Download.objects.filter(pk=download_id, state__in=OPEN)
        # Committed at once, so that the page can show it.
        if not found.update(state=State.RUNNING):
            return
    with tenant(municipality):
        drop_old_downloads(municipality=municipality)
        write_download(download=Download.objects.get(pk=download_id))
        late = timezone.now() + Download.KEPT + SAFETY
        drop_in_background.using(run_after=late).enqueue(municipality_id)


@task()
def drop_in_background(municipality_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        drop_old_downloads(municipality=municipality)
