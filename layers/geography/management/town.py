from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant


def chosen_municipality(slug: str | None) -> Municipality:
    towns = Municipality.objects.all()
    if slug:
        try:
            return towns.get(slug=slug)
        except Municipality.DoesNotExist:
            raise CommandError(
                f"There is no municipality {slug}. There are:"
                f" {', '.join(towns.values_list('slug', flat=True)) or 'none'}."
                " Add one with add_municipality."
            ) from None
    if len(towns) == 1:
        return towns[0]
    raise CommandError(
        "Say for which municipality: --municipality SLUG. There are:"
        f" {', '.join(town.slug for town in towns) or 'none'}."
        " Add one with add_municipality."
    )


class TownCommand(BaseCommand):
    """A command about one municipality: the only one, or `--municipality SLUG`.

    `work` runs in one transaction in which that municipality's rows can be seen. A
    ValidationError undoes it and becomes the command's message.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--municipality", metavar="SLUG", help="where there are several"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        municipality = chosen_municipality(options["municipality"])
        try:
            with tenant(municipality):
                self.work(municipality, options)
        except ValidationError as refused:
            raise CommandError("\n".join(refused.messages)) from refused

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        raise NotImplementedError
