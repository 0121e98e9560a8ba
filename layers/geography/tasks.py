from __future__ import annotations

from django_tasks import task

from layers.geography.models import ImportRun, Municipality
from layers.geography.runs import apply_run, check_run
from layers.geography.tenancy import tenant


def _run(municipality: int, run: int) -> ImportRun:
    with tenant(Municipality.objects.get(pk=municipality)):
        return ImportRun.objects.select_related("municipality").get(pk=run)


@task()
def check_upload(municipality: int, run: int) -> None:
    check_run(run=_run(municipality, run))


@task()
def apply_upload(municipality: int, run: int) -> None:
    apply_run(run=_run(municipality, run))
