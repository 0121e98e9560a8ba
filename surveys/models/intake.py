"""How answers come in: as files, from phones and from browsers."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet
from surveys.models.access import (
    FieldQuerySet,
    RecordQuerySet,
    municipalities_allowing,
)
from surveys.models.questionnaires import Form
from surveys.models.rounds import Round


class UploadQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        """One's own files; data managers see everybody's."""
        if not user.is_authenticated:
            return self.none()
        own = municipalities_allowing(user, "surveys.upload_round")
        every = municipalities_allowing(user, "surveys.view_submission")
        return self.filter(Q(by=user, municipality__in=own) | Q(municipality__in=every))


def content_address(upload: Upload, filename: str) -> str:
    return f"surveys/{upload.municipality_id}/{upload.sha256[:2]}/{upload.sha256}"


class Upload(TenantModel):
    """A file as it came, kept byte for byte, and what the check found in it."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        CHECKING = "checking", _("being checked")
        FAULTY = "faulty", _("needs correction")
        READY = "ready", _("ready to load")
        LOADING = "loading", _("being loaded")
        LOADED = "loaded", _("loaded")
        FAILED = "failed", _("broken off")

    round = models.ForeignKey(Round, models.PROTECT, related_name="uploads")
    file = models.FileField(_("file"), upload_to=content_address, max_length=200)
    file_name = models.CharField(_("file name"), max_length=200)
    size = models.PositiveIntegerField(_("size, bytes"))
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    loaded_at = models.DateTimeField(_("loaded"), null=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.RECEIVED
    )
    status_since = models.DateTimeField(default=timezone.now)
    # What `surveys.files.tally` has gathered so far, for who goes on after a break.
    progress = models.JSONField(default=dict)
    # Which column answers which question, by sheet; as the last file of the form had it.
    mapping = models.JSONField(default=dict)
    # "all": nothing unless every row is good; "good": good rows now, the others as a file.
    mode = models.CharField(max_length=4, default="all")
    # What `surveys.files.tally.Tally.report` gives; problems are kept as codes, so
    # that each reader sees them in their own language.
    report = models.JSONField(default=dict)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "round", "sha256"], name="upload_once_in_round"
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class DeviceAccess(TenantModel):
    """A surveyor's way in for one phone: a secret in its server address.

    Only the secret's SHA-256 is kept; it has 256 bits of its own, so it needs no salt.
    """

    surveyor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+"
    )
    label = models.CharField(_("phone"), max_length=100, blank=True)
    # What the phone's menus and our answers speak; it sends no Accept-Language.
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
    )
    token_hash = models.CharField(max_length=64, unique=True)
    # For a draft's test phone: the one form version it sees.
    draft = models.ForeignKey(
        "surveys.FormVersion", models.CASCADE, null=True, related_name="test_access"
    )
    created_at = models.DateTimeField(_("issued"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    last_used_on = models.DateField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects = FieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("access of a phone")
        verbose_name_plural = _("access of phones")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.label or str(self.pk)


class Arrival(TenantModel):
    """A submission's XML exactly as it came, stored before anything is read from it."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("phone")
        BROWSER = "browser", _("browser")
        OTHER = "other", _("another program")

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        TEST = "test", _("test of a draft")
        QUARANTINED = "quarantined", _("in quarantine")
        CONFLICT = "conflict", _("refused as a conflict")
        DISMISSED = "dismissed", _("put aside")

    class Reason(models.TextChoices):
        UNREADABLE = "unreadable", _("not readable")
        NO_INSTANCE = "no_instance", _("no instance ID")
        UNKNOWN_FORM = "unknown_form", _("unknown form")
        UNKNOWN_VERSION = "unknown_version", _("unknown version of the form")
        NO_ROUND = "no_round", _("no round takes this form")
        NOT_CURRENT = "not_current", _("edits a version that is not the newest")
        UNKNOWN_ORIGINAL = "unknown_original", _("edits a record that is not here")
        OTHER_CONTENT = "other_content", _("other content under the same ID")
        ENCRYPTED = "encrypted", _("encrypted")
        FAILED = "failed", _("could not be processed")

    content = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("size, bytes"))
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    device = models.CharField(_("device"), max_length=200, blank=True)
    form_code = models.CharField(_("form ID"), max_length=200, blank=True)
    form_version = models.CharField(_("version"), max_length=200, blank=True)
    instance_id = models.CharField(max_length=200, blank=True)
    deprecated_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    submission = models.ForeignKey(
        "surveys.Submission", models.PROTECT, null=True, related_name="arrivals"
    )
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    erased_at = models.DateTimeField(_("erased"), null=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("arrival")
        verbose_name_plural = _("arrivals")
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "sha256"], name="arrival_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["municipality", "instance_id"], name="arrival_by_instance"
            ),
            models.Index(
                fields=["municipality", "-received_at"],
                condition=Q(state__in=["quarantined", "conflict"]),
                name="arrival_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return self.instance_id or str(self.pk)


class Attachment(TenantModel):
    """A file that a submission names. Without `sha256` it is still awaited.

    The bytes lie under their SHA-256; the same photo sent twice is kept once.
    """

    arrival = models.ForeignKey(Arrival, models.CASCADE, related_name="attachments")
    name = models.CharField(_("file name"), max_length=255)
    sha256 = models.CharField(max_length=64, blank=True)
    # Of the bytes as they came: a photo loses its EXIF before it is kept.
    received_sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(_("size, bytes"), default=0)
    content_type = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField(_("received"), null=True)
    # Why the bytes were not kept, as a code; the surveyor's phone got the words.
    refused = models.CharField(max_length=30, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["arrival", "name"], name="attachment_name_once"
            )
        ]
        indexes = [
            models.Index(fields=["municipality", "sha256"], name="attachment_content")
        ]

    def __str__(self) -> str:
        return self.name


class ColumnMapping(TenantModel):
    """How the columns of the last file answered a form's questions."""

    form = models.OneToOneField(Form, models.CASCADE, related_name="column_mapping")
    mapping = models.JSONField(default=dict)

    objects = FieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("mapping of columns")
        verbose_name_plural = _("mappings of columns")

    def __str__(self) -> str:
        return str(self.form)
