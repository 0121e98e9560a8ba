from typing import Any

from django.dispatch import receiver
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.signals import task_finished

from layers.geography.models import Municipality
from layers.geography.runs import give_up
from layers.geography.tasks import apply_upload, check_upload

OURS = {check_upload.module_path, apply_upload.module_path}


@receiver(task_finished, dispatch_uid="geography.work_failed")
def tell_of_failure(*, task_result: TaskResult, **_more: Any) -> None:
    """Nobody should wait for work that nobody does any more."""
    if (
        task_result.status == TaskResultStatus.FAILED
        and task_result.task.module_path in OURS
    ):
        municipality, run = task_result.args
        give_up(municipality=Municipality.objects.get(pk=municipality), run=run)
