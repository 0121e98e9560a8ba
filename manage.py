#!/usr/bin/env python
import os
import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.utils import translation

# Commands that change tables connect as their owner; all others serve as the
# application role, which cannot.
OWNER_COMMANDS = {
    "migrate",
    "makemigrations",
    "sqlmigrate",
    "showmigrations",
    "optimizemigration",
    "squashmigrations",
}


def terminal_language() -> str:
    """The terminal's language where it is one of ours, else English."""
    wanted = os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    known = {code for code, _name in settings.LANGUAGES}
    return wanted[:2] if wanted[:2] in known else "en"


def main() -> None:
    # Linear algebra here is many small sums: threads would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    django.setup()
    translation.activate(terminal_language())
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
