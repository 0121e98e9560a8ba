"""Questionnaires in Markdown, as small as a test needs them."""

from __future__ import annotations

from typing import Any

from surveys.models import Form, FormVersion, Round
from surveys.questionnaires.services import add_version, publish_version
from tests.factories.surveys import RoundFactory

HOUSEHOLD = """
| survey |
| | type | name | label::Arabic (ar) | label::English (en) | label::French (fr) | required | constraint |
| | start | start | | | | | |
| | end | end | | | | | |
| | text | household_id | رقم الأسرة | Household number | Numéro du ménage | yes | |
| | text | parcel_code | القطعة | Parcel | Parcelle | | |
| | geopoint | location | الموقع | Location | Position | | |
| | date | interview_date | تاريخ المقابلة | Interview date | Date | | |
| | text | head_name | ربّ الأسرة | Head | Chef | | |
| | text | phone | الهاتف | Phone | Téléphone | | |
| | integer | persons | عدد الأفراد | Persons | Personnes | yes | . > 0 and . <= 60 |
| | select_one water | water_source | مصدر المياه | Water source | Source d'eau | | |
| | image | photo | صورة | Photo | Photo | | |
| | begin repeat | children | الأطفال | Children | Enfants | | |
| | text | child_id | رقم الطفل | Child number | Numéro | yes | |
| | text | name | الاسم | Name | Nom | | |
| | select_one sex | sex | الجنس | Sex | Sexe | yes | |
| | date | birth_date | تاريخ الولادة | Birth date | Naissance | yes | . <= today() |
| | end repeat | | | | | | |
| choices |
| | list_name | name | label::Arabic (ar) | label::English (en) | label::French (fr) |
| | water | piped | شبكة | Piped water | Eau courante |
| | water | surface | نهر | River | Rivière |
| | sex | female | أنثى | Girl | Fille |
| | sex | male | ذكر | Boy | Garçon |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | الأسرة والأطفال | Arabic (ar) |
"""


def make_version(
    municipality: Any,
    *,
    form_id: str = "household",
    version: str = "1",
    text: str = HOUSEHOLD,
    published: bool = True,
) -> FormVersion:
    """Compiled and stored through the same door as a real file."""
    content = text.replace("{form_id}", form_id).replace("{version}", version)
    made = add_version(
        municipality=municipality, content=content.encode(), name="form.md", by=None
    )
    if published:
        publish_version(version=made)
    return made


def receiving_round(version: FormVersion, **given: Any) -> Round:
    """An open round that takes submissions of the version's form."""
    form: Form = version.form
    defaults: dict[str, Any] = {
        "municipality": version.municipality,
        "form": form,
        "receiving": True,
        "status": Round.Status.OPEN,
    }
    return RoundFactory(**{**defaults, **given})


def instance_xml(
    answers: str,
    *,
    instance_id: str = "uuid:8f3c2b5a-0b6e-4a5e-9d2e-2f1f6c9d1a11",
    form_id: str = "household",
    version: str = "1",
    meta: str = "",
) -> bytes:
    """A submission as a phone writes it; `answers` are the elements below the root."""
    return (
        f"<?xml version='1.0' ?><data id='{form_id}' version='{version}' "
        "xmlns:h='http://www.w3.org/1999/xhtml' "
        "xmlns:orx='http://openrosa.org/xforms'>"
        f"{answers}<meta><instanceID>{instance_id}</instanceID>{meta}</meta></data>"
    ).encode()
