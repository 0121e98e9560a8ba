from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db.models.functions import Distance, Transform
from django.contrib.gis.geos import Point
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from gisportal.cases import workflow
from gisportal.cases.models import Case
from layers.geography.models import Municipality, Named
from layers.geography.tenancy import TenantModel, TenantQuerySet

NEARBY_METRES = 60


class CategoryQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        """What can be reported holds no secrets."""
        return self


class Category(Named, TenantModel):
    """What a resident can report, who answers it and within how many days."""

    class Department(models.TextChoices):
        ELECTRICITY = "electricity", _("Lighting and electricity")
        WORKS = "works", _("Public works")
        CLEANING = "cleaning", _("Cleaning")
        WATER = "water", _("Water and sewage")
        FRONT_OFFICE = "front_office", _("Front office")

    code = models.CharField(_("code"), max_length=30)
    hint_ar = models.CharField(_("Arabic examples"), max_length=200, blank=True)
    hint_en = models.CharField(_("English examples"), max_length=200, blank=True)
    hint_fr = models.CharField(_("French examples"), max_length=200, blank=True)
    department = models.CharField(_("department"), max_length=30, choices=Department)
    service_level_days = models.PositiveSmallIntegerField(
        _("service level, days"), help_text=_("Calendar days until the answer.")
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    # Where not, a request may lead to a home, and the public map is more careful.
    in_public_space = models.BooleanField(
        _("concerns streets and public places, not homes"), default=False
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="category_code_once"
            )
        ]

    @property
    def hint(self) -> str:
        return getattr(self, f"hint_{(get_language() or 'ar')[:2]}", "") or self.hint_ar


class ServiceRequestQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        return self.filter(case__in=Case.objects.visible_to(user).values("pk"))

    def with_case(self) -> Self:
        return self.select_related(
            "category", "case__zone", "case__parcel", "case__reporter"
        )

    def nearby(
        self, *, municipality: Municipality, category: Category, geometry: Point
    ) -> Self:
        """Open requests of the category within 60 m, nearest first.

        Measured in the municipality's projected CRS. Whoever asks may be told
        their category, date, status and distance, and nothing else.
        """
        here = geometry.transform(municipality.srid, clone=True)
        place = Transform("case__geometry", municipality.srid)
        return (
            self.of(municipality)
            .filter(category=category, case__status__in=workflow.OPEN)
            .exclude(case__geometry=None)
            .annotate(distance=Distance(place, here))
            .filter(distance__lte=NEARBY_METRES)
            .order_by("distance")
        )

    def search(self, words: str) -> Self:
        """Number, text, place or reporter containing all the words."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(case__number__icontains=word)
                | Q(description__icontains=word)
                | Q(case__address__icontains=word)
                | Q(case__parcel__code__iexact=word)
                | Q(case__reporter_name__icontains=word)
                | Q(case__reporter_phone__icontains=word)
                | Q(case__reporter__full_name__icontains=word)
                | Q(case__reporter__email__icontains=word)
            )
        return found


class ServiceRequest(TenantModel):
    case = models.OneToOneField(Case, models.PROTECT, related_name="service_request")
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="service_requests"
    )
    description = models.TextField(_("description"))
    # The row's key in the file it was loaded from; empty for what is reported here.
    source_key = models.CharField(max_length=60, blank=True)

    objects = ServiceRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("service request")
        verbose_name_plural = _("service requests")
        ordering = ["-case__created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "source_key"],
                condition=~Q(source_key=""),
                name="source_key_once",
            )
        ]

    def __str__(self) -> str:
        return self.case.number


class PublicDecisionQuerySet(TenantQuerySet):
    def layer_shown(self) -> bool:
        """Whether the layer `requests` is public: so it is until a town decides."""
        of_layer = self.filter(category=None).order_by("-pk")
        return of_layer.values_list("public", flat=True).first() is not False


class PublicDecision(TenantModel):
    """Who made what public or took it back. The database refuses to change or delete it.

    `category` None is the whole layer; else `public` is what `in_public_space` became.
    """

    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+")
    public = models.BooleanField()
    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = PublicDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision about what is public")
        verbose_name_plural = _("decisions about what is public")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.category_id or 'requests'}: {self.public}"
