from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveysConfig(AppConfig):
    name = "surveys"
    label = "surveys"
    verbose_name = _("Surveys")

    def ready(self) -> None:
        import_module("surveys.receivers")
        import_module("surveys.restating")
        import_module("surveys.quality.records")
        import_module("surveys.quality.gaps")
