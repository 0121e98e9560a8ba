"""Safe to do twice: each goes on where its file stands, or does nothing."""

from __future__ import annotations

from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from layers.own.models import LayerFile
from layers.own.services import check_file, clear_out, take_in

State = LayerFile.State


def _file(municipality: int, file: int) -> LayerFile:
    with tenant(Municipality.objects.get(pk=municipality)):
        return LayerFile.objects.select_related("municipality", "layer", "by").get(
            pk=file
        )


@task()
def check_in_background(municipality: int, file: int) -> None:
    found = _file(municipality, file)
    if found.state in {State.WAITING, State.CHECKING}:
        check_file(file=found)


@task()
def take_in_in_background(municipality: int, file: int) -> None:
    found = _file(municipality, file)
    if found.state == State.IMPORTING:
        take_in(file=found)


@task()
def clear_out_in_background(municipality: int) -> None:
    town = Municipality.objects.get(pk=municipality)
    with tenant(town):
        clear_out(municipality=town)
