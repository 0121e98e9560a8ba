"""A town's own layers, their features, the files they come from, and who asks for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db.models import GeneratedField, GeometryField
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.models import ImportRun, Named
from layers.geography.tenancy import TenantModel, TenantQuerySet


class OwnLayerQuerySet(TenantQuerySet):
    def kept(self) -> Self:
        return self.filter(removed_at=None)

    def removed(self) -> Self:
        return self.exclude(removed_at=None)


class OwnLayer(Named, TenantModel):
    """A layer that a data manager made from a file; its three names are its titles.

    `fields` holds a description a column: name, source (the file's word for it), type,
    and label by language. `style` is what styles.Chosen reads.
    """

    class Geometry(models.TextChoices):
        POINT = "point", _("points")
        LINE = "line", _("lines")
        POLYGON = "polygon", _("areas")

    class Sharing(models.TextChoices):
        KEEPERS = "keepers", _("only those who keep layers")
        ROLES = "roles", _("chosen roles of the staff")
        EVERYONE = "everyone", _("everyone, published")

    # As long as a removed layer can be taken back.
    KEPT = timedelta(days=30)

    slug = models.CharField(max_length=60)
    description = models.TextField(_("what it shows"), max_length=500, blank=True)
    attribution = models.CharField(_("source"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=40, blank=True)
    geometry_kind = models.CharField(max_length=10, choices=Geometry)
    fields = models.JSONField(default=list)
    style = models.JSONField(default=dict)
    min_zoom = models.PositiveSmallIntegerField(_("shown from zoom"), default=0)
    max_zoom = models.PositiveSmallIntegerField(default=16)
    sharing = models.CharField(
        _("who may see it"), max_length=10, choices=Sharing, default=Sharing.KEEPERS
    )
    roles = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    count = models.PositiveIntegerField(_("features"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    filled_at = models.DateTimeField(_("content of"), default=timezone.now)
    removed_at = models.DateTimeField(_("removed"), null=True)

    objects = OwnLayerQuerySet.as_manager()

    class Meta:
        verbose_name = _("own layer")
        verbose_name_plural = _("own layers")
        ordering = ["name_ar", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "slug"], name="own_layer_slug_once"
            )
        ]

    @property
    def layer_name(self) -> str:
        """As the catalogue has it: no layer that an app declares is called so."""
        return f"own-{self.slug}"

    @property
    def published(self) -> bool:
        return self.sharing == self.Sharing.EVERYONE


class OwnFeature(TenantModel):
    """Texts, numbers and ISO dates in `attributes`, by the names of the layer's fields."""

    layer = models.ForeignKey(OwnLayer, models.CASCADE, related_name="features")
    geometry = GeometryField(srid=4326)
    geometry_3857 = GeneratedField(
        expression=Transform("geometry", 3857),
        output_field=GeometryField(srid=3857),
        db_persist=True,
    )
    attributes = models.JSONField(default=dict)

    class Meta:
        # Row security keeps any index of geometry out of use: a tile reads the rows of
        # one layer, which lie together.
        indexes = [models.Index(fields=["layer", "id"], name="own_feature_of_layer")]

    def __str__(self) -> str:
        return f"{self.layer_id}/{self.pk}"


class LayerFile(TenantModel):
    """An upload on its way to a new layer, or into one that it fills anew.

    The file itself is thrown away when it has been taken in, or after `KEPT`.
    """

    State = ImportRun.State
    KEPT = timedelta(days=7)

    layer = models.ForeignKey(OwnLayer, models.CASCADE, null=True, related_name="files")
    state = models.CharField(
        _("state"), max_length=20, choices=State, default=State.WAITING
    )
    file = models.FileField(_("file"), upload_to="own-layers/", blank=True)
    file_name = models.CharField(_("file name"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    state_since = models.DateTimeField(default=timezone.now)
    options = models.JSONField(default=dict)
    # What was found: services.check_file says what stands in it.
    report = models.JSONField(null=True)
    # The refusal of the whole file: a code of geography's errors.FILE with parameters.
    refusal = models.JSONField(null=True)
    # What the columns step decided, for the worker.
    decided = models.JSONField(null=True)

    class Meta:
        verbose_name = _("file of a layer")
        verbose_name_plural = _("files of layers")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name


class LayerUse(TenantModel):
    """How often a layer was asked for on a day, by role: never by whom."""

    class How(models.TextChoices):
        MAP = "map", _("on the map")
        FEATURES = "features", _("as a table or by a program")
        FILE = "file", _("as a file")

    layer = models.ForeignKey(OwnLayer, models.CASCADE, related_name="uses")
    day = models.DateField(_("day"))
    how = models.CharField(max_length=10, choices=How)
    # A role of the staff, or everyone, or program where a key asked.
    who = models.CharField(max_length=20)
    count = models.PositiveIntegerField(_("times"), default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["layer", "day", "how", "who"], name="own_layer_use_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.layer_id} {self.day} {self.how} {self.who}"


def by_name(fields: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in fields}
