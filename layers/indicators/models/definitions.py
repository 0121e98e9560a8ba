from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet


class DefinitionQuerySet(TenantQuerySet):
    def published(self) -> Self:
        return self.filter(state=Definition.State.PUBLISHED)

    def newest_first(self) -> Self:
        return self.order_by("code", "-version")


class Definition(TenantModel):
    """A municipality's own indicator: a version of its definition.

    `content` has the grammar of the catalogue's files. It is written while the version
    is a draft and never after; a change is a new version.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("in review")
        PUBLISHED = "published", _("in use")
        RETIRED = "retired", _("retired")

    code = models.SlugField(_("code"), max_length=60)
    version = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT
    )
    content = models.JSONField(_("definition"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    objects = DefinitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("definition")
        verbose_name_plural = _("definitions")
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code", "version"], name="definition_version"
            ),
            models.UniqueConstraint(
                fields=["municipality", "code"],
                condition=Q(state="published"),
                name="definition_published_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"
