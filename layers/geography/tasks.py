"""Safe to do twice: each goes on where its run stands, or does nothing."""

from __future__ import annotations

from django_tasks import task

from layers.geography.models import ImportRun, Municipality
from layers.geography.runs import apply_run, check_run
from layers.geography.tenancy import tenant

State = ImportRun.State


def _run(municipality: int, run: int) -> ImportRun:
    with tenant(Municipality.objects.get(pk=municipality)):
        return ImportRun.objects.select_related("municipality").get(pk=run)


@task()
def check_upload(municipality: int, run: int) -> None:
    found = _run(municipality, run)
    if found.state in {State.WAITING, State.CHECKING}:
        check_run(run=found)


@task()
def apply_upload(municipality: int, run: int) -> None:
    found = _run(municipality, run)
    if found.state == State.IMPORTING:
        apply_run(run=found)
