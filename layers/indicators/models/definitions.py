from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
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


class OwnVariable(TenantModel):
    """A variable of a municipality's own, beside the canonical ones.

    What it means never changes and its name is never given to another, because figures
    of all rounds rest on it.
    """

    class Of(models.TextChoices):
        HOUSEHOLD = "household", _("household")
        CHILD = "child", _("child")

    name = models.SlugField(max_length=60)
    of = models.CharField(max_length=9, choices=Of)
    smallest = models.FloatField()
    largest = models.FloatField()
    label_ar = models.CharField(max_length=200)
    label_en = models.CharField(max_length=200)
    label_fr = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("variable of a municipality")
        verbose_name_plural = _("variables of a municipality")
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "name"], name="own_variable_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Trial(TenantModel):
    """A rule that somebody tried on a round on one day, by its digest."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField(default=timezone.localdate)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("trial of a rule")
        verbose_name_plural = _("trials of rules")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "municipality", "day", "digest"],
                name="trial_once_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.digest[:8]}"
