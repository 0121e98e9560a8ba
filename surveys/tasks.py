"""What takes too long for a page. Safe to do twice: each goes on where its subject
stands, or does nothing.
"""

from __future__ import annotations

from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.errors import UploadNotReady
from surveys.models import Publication, Upload
from surveys.publish import carry_out
from surveys.services import load_upload, preview_upload

State = Publication.State


def _open_upload(upload: int, status: str) -> Upload | None:
    return Upload.objects.filter(pk=upload, status=status).first()


@task()
def check_in_background(municipality_id: int, upload_id: int) -> None:
    with tenant(Municipality.objects.get(pk=municipality_id)):
        if upload := _open_upload(upload_id, Upload.Status.CHECKING):
            preview_upload(upload=upload)


@task()
def load_in_background(municipality_id: int, upload_id: int) -> None:
    with tenant(Municipality.objects.get(pk=municipality_id)):
        if upload := _open_upload(upload_id, Upload.Status.LOADING):
            try:
                load_upload(upload=upload)
            except UploadNotReady:
                # The check that found the errors was rolled back with the loading.
                preview_upload(upload=upload)


@task()
def publish_in_background(municipality_id: int, publication_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        open_ones = Publication.objects.filter(
            pk=publication_id, state__in=[State.WAITING, State.RUNNING]
        )
        # Committed at once, so that the page can show it.
        if not open_ones.update(state=State.RUNNING):
            return
    with tenant(municipality):
        carry_out(publication=Publication.objects.get(pk=publication_id))
