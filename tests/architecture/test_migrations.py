import re
from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]


def test_no_migration_is_missing(db, capsys):
    call_command("makemigrations", check=True, dry_run=True)


def test_every_migration_has_a_name_that_says_what_it_does():
    names = [
        path.stem
        for room in ("gisportal", "layers", "surveys")
        for path in (ROOT / room).rglob("migrations/0*.py")
    ]
    assert names
    assert [name for name in names if re.search(r"_auto_|_merge_", name)] == []
