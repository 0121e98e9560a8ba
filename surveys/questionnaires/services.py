"""From an XLSForm to a version that phones can be given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from layers.geography.models import Municipality
from surveys.errors import FormRefused
from surveys.models import Form, FormVersion
from surveys.questionnaires.library import LIBRARY
from surveys.questionnaires.structure import Structure, StructureError, read_structure


@dataclass(frozen=True)
class Compiled:
    xform: str
    structure: Structure
    warnings: tuple[str, ...]


def compile_xlsform(content: bytes, name: str) -> Compiled:
    """`name` tells the kind: .xlsx, .xls, .csv or .md. Raises FormRefused."""
    kind = f".{name.rpartition('.')[2].lower()}"
    try:
        made = convert(content, warnings=[], validate=False, file_type=kind)
        structure = read_structure(made.xform)
    except (PyXFormError, StructureError) as error:
        raise FormRefused(
            _("The form can't be used: %(reason)s"), params={"reason": str(error)}
        ) from error
    return Compiled(made.xform, structure, tuple(made.warnings))


@transaction.atomic
def add_version(
    *, municipality: Municipality, content: bytes, name: str, by: Any
) -> FormVersion:
    """A draft of the form that the file's `form_id` names; the form is made where it
    is new. The former draft is replaced.
    """
    made = compile_xlsform(content, name)
    structure = made.structure
    form, _new = Form.objects.get_or_create(
        municipality=municipality,
        code=structure.form_id,
        defaults={"name_ar": structure.title, "name_en": structure.title},
    )
    form.versions.filter(state=FormVersion.State.DRAFT).delete()
    if form.versions.filter(version=structure.version).exists():
        raise FormRefused(
            _("There is already a version “%(version)s” of this form. Raise it."),
            params={"version": structure.version},
        )
    return FormVersion.objects.create(
        municipality=municipality,
        form=form,
        version=structure.version,
        source=content,
        source_name=name,
        xform=made.xform,
        md5=hashlib.md5(made.xform.encode(), usedforsecurity=False).hexdigest(),
        tables=structure.as_json(),
        remarks=list(made.warnings),
        needs_files=bool(structure.files),
        created_by=by,
    )


@transaction.atomic
def publish_version(*, version: FormVersion) -> None:
    version.state = FormVersion.State.PUBLISHED
    version.published_at = timezone.now()
    version.save(update_fields=["state", "published_at"])


@transaction.atomic
def install_library_form(
    *, municipality: Municipality, code: str, by: Any
) -> FormVersion:
    """The published library form, added where the municipality hasn't got this version."""
    library = LIBRARY[code]
    structure = compile_xlsform(library.content, library.file_name).structure
    known = FormVersion.objects.of(municipality).filter(
        form__code=code, version=structure.version
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
