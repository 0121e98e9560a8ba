from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db.models import PointField
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Municipality
from layers.geography.tenancy import TenantModel, TenantQuerySet


class SavedMapQuerySet(TenantQuerySet):
    def readable_by(self, user: Any, municipality: Municipality) -> Self:
        """A reader's own maps, and those shared with one of their roles here."""
        return self.of(municipality).filter(
            Q(owner=user) | Q(shared_with__overlap=sorted(user.roles_in(municipality)))
        )

    def of_story(self, name: str) -> Self:
        return self.filter(story=name).order_by("place", "pk")


class SavedMap(TenantModel):
    """A view of the desk under a name; several of them in order tell a story."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+"
    )
    title = models.CharField(_("title"), max_length=120)
    words = models.TextField(_("words beside it"), max_length=2000, blank=True)
    state = models.CharField(
        max_length=3000, help_text=_("The desk's address after the question mark.")
    )
    shared_with = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("shared with"),
        default=list,
        blank=True,
    )
    story = models.CharField(_("story"), max_length=80, blank=True)
    place = models.PositiveSmallIntegerField(_("place in the story"), default=1)
    token = models.CharField(
        max_length=43,
        blank=True,
        default="",
        help_text=_("Opens the map to other sites; empty where it is closed to them."),
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = SavedMapQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved map")
        verbose_name_plural = _("saved maps")
        ordering = ["story", "place", "title"]
        constraints = [
            models.UniqueConstraint(
                fields=["token"], condition=~Q(token=""), name="saved_map_token"
            )
        ]

    def __str__(self) -> str:
        return self.title


class MapComment(TenantModel):
    """What a member of the staff pinned to a place, for the others who see the map."""

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+"
    )
    text = models.TextField(_("comment"), max_length=1000)
    geometry = PointField(_("geometry"), srid=4326)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        verbose_name = _("comment on the map")
        verbose_name_plural = _("comments on the map")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.text[:40]
