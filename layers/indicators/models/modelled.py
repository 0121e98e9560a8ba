from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet
from layers.indicators.models.releases import Release


class ModelledQuerySet(TenantQuerySet):
    def of_release(self, release: Release) -> Self:
        return self.filter(release=release)

    def of_indicator(self, code: str) -> Self:
        return self.filter(indicator=code)


class ModelledEstimate(TenantModel):
    """A share of a zone's children as a model sees it, from published figures alone.

    Kept apart from the direct figures: it borrows from other zones. There is none for a
    zone whose own figure is withheld.
    """

    class Method(models.TextChoices):
        EMPIRICAL_BAYES = "empirical_bayes", _("empirical Bayes")
        FAY_HERRIOT = "fay_herriot", _("Fay–Herriot")

    release = models.ForeignKey(
        Release, models.PROTECT, related_name="modelled_estimates"
    )
    indicator = models.CharField(_("indicator"), max_length=60)
    zone = models.ForeignKey("geography.Zone", models.PROTECT, related_name="+")
    method = models.CharField(_("method"), max_length=16, choices=Method)
    covariate = models.CharField(
        _("covariate"), max_length=120, blank=True, help_text=_("A statistic of zones.")
    )
    covariate_version = models.PositiveIntegerField(null=True)
    estimate = models.FloatField(_("modelled estimate"))
    rmse = models.FloatField(_("root of the mean squared error"))
    low = models.FloatField(_("lower bound"))
    high = models.FloatField(_("upper bound"))
    own_weight = models.FloatField(
        _("weight of the zone's own figure"), help_text=_("Between 0 and 1.")
    )

    objects = ModelledQuerySet.as_manager()

    class Meta:
        verbose_name = _("modelled estimate")
        verbose_name_plural = _("modelled estimates")
        ordering = ["indicator", "zone__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "indicator", "zone"],
                name="modelled_once_per_release",
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.zone}"
