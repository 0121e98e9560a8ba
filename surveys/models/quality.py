from __future__ import annotations

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel
from surveys.models.access import FieldQuerySet, RecordQuerySet
from surveys.models.rounds import Round
from surveys.models.submissions import Submission


class CheckSetting(TenantModel):
    """A round's own setting of a check of `surveys.quality`, where it is not the usual."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="check_settings")
    check_code = models.CharField(_("check"), max_length=40)
    enabled = models.BooleanField(_("switched on"), default=True)
    thresholds = models.JSONField(default=dict, blank=True)

    objects = FieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("setting of a check")
        verbose_name_plural = _("settings of checks")
        constraints = [
            models.UniqueConstraint(
                fields=["round", "check_code"], name="check_setting_once"
            )
        ]

    def __str__(self) -> str:
        return self.check_code


class Finding(TenantModel):
    """Something about a submission that a person should look at.

    `particulars` fill the words of `surveys.quality`'s message, in the reader's
    language. What was dismissed stays dismissed while the answers stay.
    """

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="findings")
    check_code = models.CharField(_("check"), max_length=40)
    # From 1, a hint, to 9, almost certainly wrong. Ranks the review queue.
    weight = models.PositiveSmallIntegerField(_("weight"))
    question = models.CharField(_("question"), max_length=300, blank=True)
    particulars = models.JSONField(default=dict)
    found_at = models.DateTimeField(_("found"), auto_now_add=True)
    dismissed_at = models.DateTimeField(_("dismissed"), null=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["-weight", "check_code", "question"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "check_code", "question"], name="finding_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["submission"],
                condition=Q(dismissed_at=None),
                name="finding_open",
            ),
            models.Index(
                fields=["municipality", "check_code", "submission"],
                condition=Q(dismissed_at=None),
                name="finding_open_by_check",
            ),
        ]

    def __str__(self) -> str:
        return self.check_code
