from __future__ import annotations

from functools import cached_property
from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Named
from layers.geography.tenancy import TenantModel
from surveys.models.access import FieldQuerySet
from surveys.questionnaires.structure import Structure


class Form(Named, TenantModel):
    """A questionnaire through all its versions. `code` is the form's ID on the phone,
    one for ever: answers, entity lists and phones refer to it.
    """

    code = models.CharField(_("form ID"), max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = FieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("questionnaire")
        verbose_name_plural = _("questionnaires")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="form_code_once"
            )
        ]

    def published(self) -> FormVersion | None:
        """The version that phones get: the newest published one."""
        state = FormVersion.State.PUBLISHED
        return self.versions.filter(state=state).order_by("-published_at").first()


class FormVersionQuerySet(FieldQuerySet):
    def receivable(self, surveyor: Any) -> Self:
        """The newest published version of each form that an open round takes; one for
        back-checks where some were drawn for this surveyor.
        """
        again = Q(
            form__back_checked__receiving=True,
            form__back_checked__back_checks__surveyor=surveyor,
        )
        return (
            self.filter(
                Q(form__rounds__receiving=True) | again,
                state=FormVersion.State.PUBLISHED,
                form__retired_at=None,
            )
            .order_by("form_id", "-published_at")
            .distinct("form_id")
        )


class FormVersion(TenantModel):
    """One compiled XLSForm. `xform` never changes once published: phones compare the
    hash of its exact bytes.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", _("retired")

    form = models.ForeignKey(Form, models.PROTECT, related_name="versions")
    version = models.CharField(_("version"), max_length=100)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT
    )
    source = models.BinaryField(_("XLSForm"))
    source_name = models.CharField(_("file name"), max_length=200)
    xform = models.TextField()
    md5 = models.CharField(max_length=32)
    # `Structure.as_json`, read from `xform` once.
    tables = models.JSONField(default=dict)
    # Which question is the household's number, the birth date and so on, where the
    # names in the form are not the usual ones: `surveys.questionnaires.parts`.
    parts = models.JSONField(default=dict, blank=True)
    # Which answers figures are computed from, where the names or choices are not those
    # of the library's form: `surveys.questionnaires.meaning`.
    variables = models.JSONField(default=dict, blank=True)
    # What the compiler and ODK Validate said, and untranslated labels: as codes.
    remarks = models.JSONField(default=list)
    # Of its own column, because the list of forms asks it of each at every refresh.
    needs_files = models.BooleanField(default=False)
    validated = models.BooleanField(_("checked by ODK Validate"), default=False)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    published_at = models.DateTimeField(_("published"), null=True)
    retired_at = models.DateTimeField(_("retired"), null=True)

    objects = FormVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a questionnaire")
        verbose_name_plural = _("versions of questionnaires")
        ordering = ["form", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "version"], name="form_version_once"
            ),
            models.UniqueConstraint(
                fields=["form"], condition=Q(state="draft"), name="form_one_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form.code} {self.version}"

    @cached_property
    def structure(self) -> Structure:
        """Kept by the process for the next request: it follows from the form's bytes,
        whose hash names it.
        """
        key = (self.pk, self.md5)
        found = _structures.get(key)
        if found is None:
            found = Structure.from_json(self.tables)
            if len(_structures) >= KEPT_STRUCTURES:
                _structures.clear()
            _structures[key] = found
        return found


KEPT_STRUCTURES = 200
_structures: dict[tuple[int, str], Structure] = {}


class FormMedia(TenantModel):
    """A file that a version needs: a picture, a sound, a list of choices."""

    version = models.ForeignKey(FormVersion, models.CASCADE, related_name="media")
    name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64)
    md5 = models.CharField(max_length=32)
    size = models.PositiveIntegerField(_("size, bytes"))
    content_type = models.CharField(max_length=100)

    objects = FieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a questionnaire")
        verbose_name_plural = _("files of questionnaires")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "name"], name="form_media_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
