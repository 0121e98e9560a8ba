"""Questionnaires that come with the product, as XLSForms in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class LibraryForm:
    code: str
    file_name: str
    names: dict[str, str]

    @property
    def content(self) -> bytes:
        return resources.files(__package__).joinpath(self.file_name).read_bytes()


LIBRARY = {
    form.code: form
    for form in (
        LibraryForm(
            "child_needs",
            "child-needs.md",
            {
                "ar": "حاجات الأولاد",
                "en": "Child needs",
                "fr": "Besoins des enfants",
            },
        ),
    )
}
