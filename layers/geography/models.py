from __future__ import annotations

from datetime import date
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.indexes import GistIndex
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet


class Named(models.Model):
    """A thing with a name in the three languages; `name` is the reader's."""

    name_ar = models.CharField(_("Arabic name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    name_fr = models.CharField(_("French name"), max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        language = (get_language() or "ar")[:2]
        return getattr(self, f"name_{language}", "") or self.name_ar or self.name_en


class Municipality(Named):
    slug = models.SlugField(_("short name in addresses"), unique=True)
    country = models.CharField(_("country"), max_length=2)
    currency = models.CharField(_("currency"), max_length=3)
    time_zone = models.CharField(_("time zone"), max_length=50)
    srid = models.PositiveIntegerField(
        _("projected coordinate reference system"),
        help_text=_("EPSG code in which lengths and areas are measured, in metres."),
    )
    boundary = models.MultiPolygonField(_("boundary"), srid=4326, null=True, blank=True)
    accent = models.CharField(_("accent colour"), max_length=7, default="#1f6f5c")

    class Meta:
        verbose_name = _("municipality")
        verbose_name_plural = _("municipalities")
        ordering = ["slug"]

    def today(self) -> date:
        """The date on the town's own clock."""
        return timezone.localdate(timezone=ZoneInfo(self.time_zone))


class ValidityQuerySet(TenantQuerySet):
    def current(self, on: date | None = None) -> Self:
        """Rows in force today, or on the day `on`."""
        if on is None:
            return self.filter(valid_until=None)
        return self.filter(
            Q(valid_until=None) | Q(valid_until__gt=on), valid_from__lte=on
        )

    def visible_to(self, user: object) -> Self:
        """Boundaries and places hold no secrets: everyone may see them."""
        return self


class Place(TenantModel):
    """A row of the town's geography; `valid_until` is the first day out of force."""

    code = models.CharField(_("code"), max_length=60)
    valid_from = models.DateField(_("in force from"), default=date(1900, 1, 1))
    valid_until = models.DateField(_("in force until"), null=True, blank=True)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        abstract = True


def _web_mercator(field: type[models.GeometryField]) -> models.GeneratedField:
    """The stored twin of `geometry` from which tiles are cut."""
    return models.GeneratedField(
        expression=Transform("geometry", 3857),
        output_field=field(srid=3857),
        db_persist=True,
    )


class ZoneQuerySet(ValidityQuerySet):
    def reporting(self) -> Self:
        """Zones in force of the kind that parcels belong to and figures are told by.

        A town's quarters; where it has none, its cadastral sections, else its blocks.
        """
        current = self.current()
        kinds = set(current.order_by().values_list("kind", flat=True).distinct())
        wanted = next((kind for kind in REPORTING if kind in kinds), "")
        return current.filter(kind=wanted)


REPORTING = ("quarter", "section", "block")


class Zone(Named, Place):
    class Kind(models.TextChoices):
        QUARTER = "quarter", _("quarter")
        BLOCK = "block", _("block")
        SECTION = "section", _("cadastral section")

    kind = models.CharField(
        _("kind"), max_length=20, choices=Kind, default=Kind.QUARTER
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    geometry = models.MultiPolygonField(_("geometry"), srid=4326)
    geometry_3857 = _web_mercator(models.MultiPolygonField)

    objects = ZoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("zone")
        verbose_name_plural = _("zones")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "kind", "code"],
                condition=Q(valid_until=None),
                name="zone_code_once_in_force",
            )
        ]
        indexes = [GistIndex(fields=["geometry_3857"], name="zone_geometry_3857")]


class Parcel(Place):
    zone = models.ForeignKey(
        Zone, models.SET_NULL, null=True, blank=True, related_name="parcels"
    )
    geometry = models.MultiPolygonField(_("geometry"), srid=4326)
    geometry_3857 = _web_mercator(models.MultiPolygonField)
    official_area = models.DecimalField(
        _("official area, m²"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    area = models.FloatField(_("measured area, m²"))

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"],
                condition=Q(valid_until=None),
                name="parcel_code_once_in_force",
            )
        ]
        # One index for a tile's question, however many towns and former parcels there
        # are: of two, PostgreSQL would read both.
        indexes = [
            GistIndex(
                fields=["municipality", "geometry_3857"],
                condition=Q(valid_until=None),
                name="parcel_in_force_3857",
            )
        ]

    def __str__(self) -> str:
        return self.code


class Facility(Named, Place):
    class Kind(models.TextChoices):
        # Counted elsewhere: a text has no plural and none at once.
        SCHOOL = "school", pgettext_lazy("kind of place", "school")
        KINDERGARTEN = "kindergarten", _("kindergarten")
        CLINIC = "clinic", _("clinic")
        PLAYGROUND = "playground", _("playground")
        LIBRARY = "library", _("library")
        WORSHIP = "worship", _("place of worship")
        OTHER = "other", _("other")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    geometry = models.PointField(_("geometry"), srid=4326)
    geometry_3857 = _web_mercator(models.PointField)

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"],
                condition=Q(valid_until=None),
                name="facility_code_once_in_force",
            )
        ]
        indexes = [GistIndex(fields=["geometry_3857"], name="facility_geometry_3857")]


class Raster(Named, Place):
    class Kind(models.TextChoices):
        POPULATION = "population", _("population")
        CHILDREN = "children", _("children")
        HAZARD = "hazard", _("hazard")
        TERRAIN = "terrain", _("terrain")
        OTHER = "other", _("other")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    file = models.FileField(_("file"), upload_to="rasters/")
    srid = models.PositiveIntegerField(_("coordinate reference system"))
    width = models.PositiveIntegerField(_("columns"))
    height = models.PositiveIntegerField(_("rows"))
    extent = models.PolygonField(_("extent"), srid=4326)
    sha256 = models.CharField(max_length=64)
    # Empty: the municipality's own, and nothing is granted.
    attribution = models.CharField(_("source"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("raster")
        verbose_name_plural = _("rasters")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"],
                condition=Q(valid_until=None),
                name="raster_code_once_in_force",
            )
        ]


class ImportRun(TenantModel):
    """One upload: what was asked, what was found, what was done about it."""

    class What(models.TextChoices):
        PARCELS = "parcels", _("parcels")
        ZONES = "zones", _("zones")
        FACILITIES = "facilities", _("facilities")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CHECKING = "checking", _("being checked")
        READY = "ready", _("ready to import")
        REFUSED = "refused", _("refused")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("imported")

    what = models.CharField(_("what it holds"), max_length=20, choices=What)
    state = models.CharField(
        _("state"), max_length=20, choices=State, default=State.WAITING
    )
    file = models.FileField(_("file"), upload_to="imports/", blank=True)
    file_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    finished_at = models.DateTimeField(_("imported"), null=True, blank=True)
    state_since = models.DateTimeField(default=timezone.now)
    options = models.JSONField(default=dict)
    report = models.JSONField(null=True)
    preview = models.JSONField(null=True)
    # The refusal of the whole file: a code of errors.FILE and its parameters.
    refusal = models.JSONField(null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name
