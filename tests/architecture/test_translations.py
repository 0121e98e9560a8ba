"""Arabic, English and French are equals: no text without its translation."""

import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("gisportal", "layers", "surveys")


def leave_out(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in {"static", "frontend", "__pycache__"}}


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory) -> dict[str, polib.POFile]:
    """Catalogues as `makemessages` would write them now, from a copy of the source."""
    copy = tmp_path_factory.mktemp("source")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=leave_out)
    shutil.copy(ROOT / "manage.py", copy)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "-l", "ar", "-l", "fr",
         "--no-location", "--no-wrap", "--no-obsolete"],
        cwd=copy, check=True, capture_output=True,
    )  # fmt: skip
    return {
        language: polib.pofile(
            str(copy / f"gisportal/locale/{language}/LC_MESSAGES/django.po")
        )
        for language in ("ar", "fr")
    }


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_every_text_is_translated(catalogues, language):
    catalogue = catalogues[language]
    assert len(catalogue) > 50
    missing = [entry.msgid for entry in catalogue.untranslated_entries()]
    unsure = [entry.msgid for entry in catalogue.fuzzy_entries()]
    assert missing + unsure == []


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_every_plural_form_is_there(catalogues, language):
    forms = {"ar": 6, "fr": 2}[language]
    for entry in catalogues[language]:
        if entry.msgid_plural:
            assert len(entry.msgstr_plural) == forms, entry.msgid
            assert all(entry.msgstr_plural.values()), entry.msgid
