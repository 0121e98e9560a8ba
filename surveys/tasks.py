"""What takes too long for a page. Safe to do twice: each goes on where its subject
stands, or does nothing.
"""

from __future__ import annotations

from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from layers.indicators.errors import CannotCalibrate, FigureGivenAway, UnlikeTotals
from surveys.errors import UploadNotReady
from surveys.files.working import (
    Work,
    begin_check,
    begin_loading,
    check_upload,
    load_upload,
)
from surveys.models import Publication, Upload
from surveys.publish import carry_out, refuse_publication

State = Publication.State


def _open_upload(upload: int, status: str) -> Upload | None:
    found = Upload.objects.filter(pk=upload, status=status)
    return found.select_related("round__form", "round__municipality").first()


@task()
def check_in_background(municipality_id: int, upload_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        upload = _open_upload(upload_id, Upload.Status.CHECKING)
        work = begin_check(upload) if upload else None
    _work_off(municipality, work)


@task()
def load_in_background(municipality_id: int, upload_id: int) -> None:
    municipality, work = Municipality.objects.get(pk=municipality_id), None
    try:
        with tenant(municipality):
            upload = _open_upload(upload_id, Upload.Status.LOADING)
            if upload and upload.mode == "good":
                work = begin_loading(upload)
            elif upload:
                load_upload(upload=upload)
        _work_off(municipality, work)
    except UploadNotReady:
        # What the loading found was rolled back with it.
        with tenant(municipality):
            if upload := _open_upload(upload_id, Upload.Status.LOADING):
                check_upload(upload=upload)


def _work_off(municipality: Municipality, work: Work | None) -> None:
    """Each chunk is a transaction, so that a page can show it and nothing is done twice."""
    going = work is not None
    while going and work:
        with tenant(municipality):
            going = work.step()


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
        publication = Publication.objects.get(pk=publication_id)
        try:
            carry_out(publication=publication)
        except FigureGivenAway as refused:
            refuse_publication(publication=publication, where=refused.where)
        except (CannotCalibrate, UnlikeTotals) as refused:
            where = {"known_totals": " ".join(refused.messages)}
            refuse_publication(publication=publication, where=where)
