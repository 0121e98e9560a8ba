from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OwnConfig(AppConfig):
    name = "layers.own"
    label = "own"
    verbose_name = _("Own layers")

    def ready(self) -> None:
        import_module("layers.own.receivers")
