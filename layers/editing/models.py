from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Parcel, Zone
from layers.geography.tenancy import TenantModel, TenantQuerySet

# Metres: where a town has not edited yet.
TOLERANCE = 0.1


class Layer(models.TextChoices):
    """What is edited: parcels, or the zones of one kind."""

    PARCELS = "parcels", _("parcels")
    QUARTERS = "quarter", _("quarters")
    SECTIONS = "section", _("cadastral sections")
    BLOCKS = "block", _("blocks")

    @property
    def is_parcels(self) -> bool:
        return self is Layer.PARCELS

    @property
    def model(self) -> type[Parcel] | type[Zone]:
        return Parcel if self.is_parcels else Zone


class EditQuerySet(TenantQuerySet):
    def about(self, code: str) -> Self:
        """Edits that touched a place of this code."""
        return self.filter(codes__contains=[code])

    def tolerance(self) -> float:
        """Metres within which points catch on borders: as at the last edit."""
        told = self.order_by("-pk").values_list("tolerance", flat=True)[:1]
        return next(iter(told), TOLERANCE)


class Edit(TenantModel):
    """One change of the map by hand, as it was made; appended, never changed.

    `before` and `after` are lists of states (`states.State`), geometries as EWKB; each
    place in both has the same key. `followed` holds, by room, what a follower needs to go
    back; `consequences` the counts that were shown.
    """

    class Kind(models.TextChoices):
        SPLIT = "split", _("split")
        MERGE = "merge", _("merged")
        RESHAPE = "reshape", _("border moved")
        ADD = "add", _("added")
        RETIRE = "retire", _("taken out of force")
        UNDO = "undo", _("undone")
        REDO = "redo", _("made again")

    kind = models.CharField(_("what was done"), max_length=20, choices=Kind)
    layer = models.CharField(_("layer"), max_length=20, choices=Layer)
    at = models.DateTimeField(_("when"), auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    valid_from: models.DateField[Any, date] = models.DateField(_("in force from"))
    reason = models.CharField(_("reason"), max_length=500)
    codes = ArrayField(models.CharField(max_length=60), verbose_name=_("codes"))
    before = models.JSONField()
    after = models.JSONField()
    successors = models.JSONField()
    tolerance = models.FloatField(
        _("points catch on borders within, metres"), default=TOLERANCE
    )
    findings = models.JSONField(default=list)
    consequences = models.JSONField(default=list)
    followed = models.JSONField(default=dict)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="undone_by"
    )

    objects = EditQuerySet.as_manager()

    @property
    def is_undo(self) -> bool:
        return self.kind == self.Kind.UNDO

    class Meta:
        verbose_name = _("edit")
        verbose_name_plural = _("edits")
        ordering = ["-pk"]
        indexes = [
            GinIndex(fields=["codes"], name="edit_codes"),
            models.Index(fields=["municipality", "-id"], name="edit_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {', '.join(self.codes)}"
