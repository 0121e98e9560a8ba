"""What takes too long for a page: each is safe to run twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Publication, Upload
from surveys.publish import carry_out
from surveys.services import check_upload, load_upload

Status = Upload.Status


@contextmanager
def _released(municipality: Municipality, upload_id: int, busy: Status) -> Iterator:
    """An upload whose work failed can be tried again."""
    try:
        yield
    finally:
        with tenant(municipality):
            Upload.objects.filter(pk=upload_id, status=busy).update(
                status=Status.RECEIVED
            )


@task()
def check_in_background(municipality_id: int, upload_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with _released(municipality, upload_id, Status.CHECKING), tenant(municipality):
        check_upload(upload=Upload.objects.get(pk=upload_id))


@task()
def load_in_background(municipality_id: int, upload_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with _released(municipality, upload_id, Status.LOADING), tenant(municipality):
        load_upload(upload=Upload.objects.get(pk=upload_id))


@task()
def publish_in_background(municipality_id: int, publication_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        open_ones = Publication.objects.filter(pk=publication_id).exclude(
            state=Publication.State.DONE
        )
        # Committed at once, so that the page can show it.
        if not open_ones.update(state=Publication.State.RUNNING):
            return
    try:
        with tenant(municipality):
            carry_out(publication=Publication.objects.get(pk=publication_id))
    finally:
        with tenant(municipality):
            Publication.objects.filter(
                pk=publication_id, state=Publication.State.RUNNING
            ).update(state=Publication.State.FAILED, finished_at=timezone.now())
