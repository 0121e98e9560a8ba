from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel


class Published(TenantModel):
    """What a release says of one group of children: a figure with its error, or the reason
    why there is none.
    """

    class Flag(models.TextChoices):
        RELIABLE = "reliable", _("reliable")
        UNCERTAIN = "uncertain", _("uncertain")
        WITHHELD = "withheld", _("withheld")
        NO_DATA = "no_data", _("no data")

    class Reason(models.TextChoices):
        NONE = "", ""
        SMALL_SAMPLE = "small_sample", _("few children, or a wide interval")
        FEW_CHILDREN = "few_children", _("too few children were asked")
        FEW_HOUSEHOLDS = "few_households", _("too few households were asked")
        FEW_AFFECTED = "few_affected", _("so few children that they could be known")
        PROTECTS_OTHERS = (
            "protects_others",
            _("it could give children away, here or in another figure"),
        )
        NO_DATA = "no_data", _("no child was asked")

    estimate = models.FloatField(_("estimate"), null=True)
    se = models.FloatField(_("standard error"), null=True)
    low = models.FloatField(_("lower bound"), null=True)
    high = models.FloatField(_("upper bound"), null=True)
    df = models.PositiveIntegerField(_("degrees of freedom"), null=True)
    population = models.PositiveIntegerField(
        _("children in the zone, estimated, rounded"), null=True
    )
    n = models.PositiveIntegerField(_("children asked, rounded"), null=True)
    households = models.PositiveIntegerField(_("households, rounded"), null=True)
    flag = models.CharField(_("flag"), max_length=10, choices=Flag)
    reason = models.CharField(
        _("reason"), max_length=20, choices=Reason, blank=True, default=Reason.NONE
    )

    class Meta:
        abstract = True
