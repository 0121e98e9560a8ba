from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from layers.maps.catalogue import gather


class MapsConfig(AppConfig):
    name = "layers.maps"
    label = "maps"
    verbose_name = _("Maps")

    def ready(self) -> None:
        autodiscover_modules("layers")
        gather()
