from typing import Any

from django.dispatch import receiver
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.signals import task_finished

from layers.features.services import give_up_download
from layers.features.tasks import write_in_background
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant


@receiver(task_finished, dispatch_uid="features.download_failed")
def tell_of_failure(*, task_result: TaskResult, **_more: Any) -> None:
    """Nobody should wait for a file that nobody writes any more."""
    ours = task_result.task.module_path == write_in_background.module_path
    if ours and task_result.status == TaskResultStatus.FAILED:
        municipality, download = task_result.args
        with tenant(Municipality.objects.get(pk=municipality)):
            give_up_download(download)
