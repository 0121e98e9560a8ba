"""Versions of questionnaires: added as drafts, published, retired."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.models import Municipality
from surveys.errors import FormRefused
from surveys.models import Form, FormMedia, FormVersion, Round
from surveys.questionnaires.compiling import compile_xlsform
from surveys.questionnaires.library import LIBRARY
from surveys.questionnaires.matching import (
    Matching,
    answers_carried_over,
    carried_over,
)
from surveys.questionnaires.media import missing_media
from surveys.questionnaires.problems import FormProblem
from surveys.questionnaires.structure import Structure

State = FormVersion.State


@transaction.atomic
def add_version(
    *,
    municipality: Municipality,
    content: bytes,
    name: str,
    by: Any,
    validate: bool = False,
) -> FormVersion:
    """A draft of the form that the file's `form_id` names; the form is made where it
    is new, and its former draft replaced. Raises FormRefused, which carries all that is
    wrong as `problems`.
    """
    made = compile_xlsform(content, name, validate=validate)
    blocking = [problem for problem in made.problems if problem.blocks]
    if made.structure is None or blocking:
        raise FormRefused.of(blocking)
    structure = made.structure
    form, _new = Form.objects.get_or_create(
        municipality=municipality,
        code=structure.form_id,
        defaults={"name_ar": structure.title[:200], "name_en": structure.title[:200]},
    )
    newest = form.versions.order_by("-created_at", "-pk").first()
    # A corrected text should not ask for every picture again.
    kept = list(newest.media.filter(name__in=structure.files)) if newest else []
    form.versions.filter(state=State.DRAFT).delete()
    if form.versions.filter(version=structure.version).exists():
        taken = {"version": structure.version}
        raise FormRefused.of([FormProblem("version_taken", "settings", params=taken)])
    version = FormVersion.objects.create(
        municipality=municipality,
        form=form,
        version=structure.version,
        source=content,
        source_name=name[-200:],
        xform=made.xform,
        md5=hashlib.md5(made.xform.encode(), usedforsecurity=False).hexdigest(),
        tables=structure.as_json(),
        remarks=[problem.as_json() for problem in made.problems],
        validated=made.validated,
        needs_files=bool(structure.files),
        created_by=by,
        **_said_so_far(newest, structure),
    )
    for media in kept:
        media.pk, media.version = None, version
    FormMedia.objects.bulk_create(kept)
    return version


def _said_so_far(newest: FormVersion | None, structure: Structure) -> dict[str, Any]:
    """What was said by hand about the version before, where the questions stayed."""
    if newest is None:
        return {}
    return {
        "parts": carried_over(newest.parts, newest.structure, structure),
        "variables": answers_carried_over(newest.variables, structure),
    }


@transaction.atomic
def say_what_is_what(*, version: FormVersion, matching: Matching) -> int:
    """Keeps which question is what. Figures of rounds that asked this version follow
    with their next release; tells how many records are to be read again.
    """
    before = version.parts
    version.parts = matching.parts_json()
    version.variables = matching.answers_json()
    version.save(update_fields=["parts", "variables"])
    records = version.submissions.filter(erased_at=None).count()
    if records:
        asked = Round.objects.filter(submissions__version=version).distinct()
        Round.objects.filter(pk__in=asked.values("pk")).update(
            restated_at=timezone.now()
        )
    return records if version.parts != before else 0


@transaction.atomic
def publish_version(*, version: FormVersion) -> None:
    """From now on its bytes stay as they are; phones of open rounds get it."""
    missing = missing_media(version)
    if missing:
        raise FormRefused(
            _(
                "Files of the questionnaire are missing: %(names)s. Upload them to the "
                "draft."
            ),
            params={"names": ", ".join(missing)},
        )
    moved = FormVersion.objects.filter(pk=version.pk, state=State.DRAFT).update(
        state=State.PUBLISHED, published_at=timezone.now()
    )
    if not moved:
        raise FormRefused(_("Only a draft can be published."))
    version.refresh_from_db(fields=["state", "published_at"])


@transaction.atomic
def retire_form(*, form: Form) -> None:
    """Phones no longer get it; what they still hold is taken."""
    if form.rounds.filter(receiving=True).exists():
        raise FormRefused(_("A round is taking answers to it. Close the round first."))
    form.retired_at = timezone.now()
    form.save(update_fields=["retired_at"])


@transaction.atomic
def bring_back_form(*, form: Form) -> None:
    form.retired_at = None
    form.save(update_fields=["retired_at"])


@transaction.atomic
def install_library_form(
    *, municipality: Municipality, code: str, by: Any
) -> FormVersion:
    """The published library form, added where the municipality hasn't got this version."""
    library = LIBRARY[code]
    structure = compile_xlsform(library.content, library.file_name).structure
    known = FormVersion.objects.of(municipality).filter(
        form__code=code, version=structure.version if structure else ""
    )
    version = known.first() or add_version(
        municipality=municipality,
        content=library.content,
        name=library.file_name,
        by=by,
    )
    form = version.form
    for language, name in library.names.items():
        setattr(form, f"name_{language}", name)
    form.save(update_fields=["name_ar", "name_en", "name_fr"])
    if version.state == FormVersion.State.DRAFT:
        publish_version(version=version)
    return version
