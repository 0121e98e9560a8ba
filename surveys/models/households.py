from __future__ import annotations

import uuid

from django.contrib.gis.db import models
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel
from surveys.models.access import RecordQuerySet


class Household(TenantModel):
    """A household followed from round to round by its number; to phones it is the
    entity `uuid` of the list `households`.
    """

    code = models.CharField(_("household number"), max_length=60)
    uuid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    # Where it was last met: phones get the households of their own parcels.
    parcel = models.ForeignKey(
        "geography.Parcel", models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="household_code_once"
            ),
            models.UniqueConstraint(
                fields=["municipality", "uuid"], name="household_uuid_once"
            ),
        ]
        indexes = [
            models.Index(fields=["municipality", "parcel"], name="household_by_parcel"),
            # For numbers that begin so, whatever the collation.
            models.Index(
                fields=["municipality", "code"],
                opclasses=["int8_ops", "varchar_pattern_ops"],
                name="household_by_beginning",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Entity(TenantModel):
    """A row of an entity list as phones know it: texts only, by ODK's protocol.

    A household's entity has the household's `uuid`. `version` grows with each change.
    """

    list_name = models.CharField(_("list"), max_length=100)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    label = models.CharField(_("label"), max_length=300)
    version = models.PositiveIntegerField(_("version"), default=1)
    data = models.JSONField(default=dict)
    household = models.ForeignKey(
        Household, models.CASCADE, null=True, blank=True, related_name="entities"
    )
    submission = models.ForeignKey(
        "surveys.Submission", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("entity")
        verbose_name_plural = _("entities")
        ordering = ["list_name", "label"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "list_name", "uuid"], name="entity_uuid_once"
            )
        ]
        indexes = [GinIndex(fields=["data"], name="entity_data")]

    def __str__(self) -> str:
        return self.label
