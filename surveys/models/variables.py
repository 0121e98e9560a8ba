from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Named
from layers.geography.tenancy import TenantModel
from layers.indicators.models import Definition
from surveys.models.questionnaires import Form


class TownVariable(Named, TenantModel):
    """A question of a form that indicators may ask for, and what its answers become.

    Written while it is a draft and never after: who wants it otherwise retires it and
    declares another one.
    """

    class Kind(models.TextChoices):
        CHOICE = "choice", _("choices that count, or not")
        NUMBER = "number", _("number")

    State = Definition.State

    code = models.SlugField(_("short name"), max_length=60)
    form = models.ForeignKey(Form, models.PROTECT, related_name="+")
    # The repeat of children, or empty for a question to the household.
    table = models.CharField(max_length=100, blank=True)
    question = models.CharField(max_length=200)
    kind = models.CharField(max_length=6, choices=Kind)
    counted = ArrayField(
        models.CharField(max_length=200), verbose_name=_("choices that count")
    )
    uncounted = ArrayField(
        models.CharField(max_length=200), verbose_name=_("choices that don't")
    )
    smallest = models.FloatField(_("smallest"), default=0)
    largest = models.FloatField(_("largest"), default=1)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("question for indicators")
        verbose_name_plural = _("questions for indicators")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="town_variable_once"
            )
        ]
