#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

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


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
