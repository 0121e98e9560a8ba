from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GeographyConfig(AppConfig):
    name = "layers.geography"
    label = "geography"
    verbose_name = _("Geography")

    def ready(self) -> None:
        import_module("layers.geography.receivers")
