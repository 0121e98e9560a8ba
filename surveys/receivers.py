from typing import Any

from django.dispatch import receiver
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.signals import task_finished

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.files.uploads import give_up_upload
from surveys.out.services import give_up_export
from surveys.out.tasks import write_in_background
from surveys.publish import give_up_publication
from surveys.review.bulk import give_up_step
from surveys.review.tasks import step_in_background
from surveys.tasks import (
    check_in_background,
    load_in_background,
    publish_in_background,
)

GIVE_UP = {
    check_in_background.module_path: give_up_upload,
    load_in_background.module_path: give_up_upload,
    publish_in_background.module_path: give_up_publication,
    write_in_background.module_path: give_up_export,
    step_in_background.module_path: give_up_step,
}


@receiver(task_finished, dispatch_uid="surveys.work_failed")
def tell_of_failure(*, task_result: TaskResult, **_more: Any) -> None:
    """Nobody should wait for work that nobody does any more."""
    give_up = GIVE_UP.get(task_result.task.module_path)
    if give_up and task_result.status == TaskResultStatus.FAILED:
        municipality, subject = task_result.args
        with tenant(Municipality.objects.get(pk=municipality)):
            give_up(subject)
