from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeaturesConfig(AppConfig):
    name = "layers.features"
    label = "features"
    verbose_name = _("Features and downloads")

    def ready(self) -> None:
        import_module("layers.features.receivers")
