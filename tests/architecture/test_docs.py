"""What an operator can set or call stands in the documentation."""

import re
from pathlib import Path

from layers.indicators.catalogue import indicators
from tests.demo import ROOT

OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def test_every_setting_is_documented():
    source = (ROOT / "gisportal/settings.py").read_text(encoding="utf-8")
    settings = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source))
    assert len(settings) > 10
    assert {name for name in settings if f"`{name}`" not in OPERATIONS} == set()


def commands() -> set[str]:
    return {
        path.stem
        for room in ("gisportal", "layers", "surveys")
        for path in (ROOT / room).rglob("management/commands/*.py")
        if path.stem != "__init__"
    }


def test_every_command_is_documented():
    assert len(commands()) > 8
    assert {name for name in commands() if f"`{name}" not in OPERATIONS} == set()


def test_every_indicator_is_documented():
    page = (ROOT / "docs/indicators.md").read_text(encoding="utf-8")
    assert {code for code in indicators() if code not in page} == set()


def test_every_link_of_the_documentation_leads_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (page.parent / target).exists(), f"{Path(page).name}: {target}"
