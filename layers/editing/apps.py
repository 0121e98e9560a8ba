from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from layers.editing.followers import gather


class EditingConfig(AppConfig):
    name = "layers.editing"
    label = "editing"
    verbose_name = _("Editing")

    def ready(self) -> None:
        autodiscover_modules("followers")
        gather()
