from typing import Any

from django.dispatch import receiver
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.signals import task_finished

from layers.geography.declaration import Layer
from layers.geography.models import Municipality
from layers.maps.events import layer_used
from layers.own.services import give_up
from layers.own.tasks import check_in_background, take_in_in_background
from layers.own.uses import note_use

OURS = {check_in_background.module_path, take_in_in_background.module_path}


@receiver(layer_used, dispatch_uid="own.count_use")
def count_use(
    *,
    layer: Layer,
    municipality: Municipality,
    how: str,
    user: Any,
    by_key: bool,
    **_more: Any,
) -> None:
    own_id = layer.parameters.get("own_layer")
    if isinstance(own_id, int):
        note_use(
            own_id=own_id, municipality=municipality, how=how, user=user, by_key=by_key
        )


@receiver(task_finished, dispatch_uid="own.work_failed")
def tell_of_failure(*, task_result: TaskResult, **_more: Any) -> None:
    """Nobody should wait for work that nobody does any more."""
    failed = task_result.status == TaskResultStatus.FAILED
    if failed and task_result.task.module_path in OURS:
        municipality, file = task_result.args
        give_up(municipality=Municipality.objects.get(pk=municipality), file=file)
