from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.http import Http404

from layers.geography.declaration import Layer
from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality, Zone
from layers.maps.archives import Archive, Box, write_archive
from layers.maps.catalogue import layer_named, public_layers


class Command(TownCommand):
    help = (
        "Write the town's map into one file: .pmtiles for static hosting and for use"
        " without network, .mbtiles for phones. Staff layers only where they are named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--layers", nargs="+", metavar="NAME")
        parser.add_argument("--zone", metavar="CODE", help="this zone alone")

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        path: Path = options["file"]
        if not path.parent.is_dir():
            raise CommandError(f"There is no folder {path.parent}.")
        archive = Archive(
            title=municipality.name,
            municipality=municipality,
            layers=_layers(municipality, options["layers"]),
            box=_box(municipality, options["zone"]),
        )
        count = write_archive(archive, path)
        size = path.stat().st_size / 1024
        self.stdout.write(f"{path}: {count:,} tiles, {size:,.0f} KiB.")


def _layers(municipality: Municipality, names: list[str] | None) -> list[Layer]:
    if not names:
        return list(public_layers(municipality))
    try:
        return [layer_named(name, municipality) for name in names]
    except Http404 as unknown:
        raise CommandError(str(unknown)) from unknown


def _box(municipality: Municipality, code: str | None) -> Box | None:
    if code is None:
        return None
    zones = Zone.objects.of(municipality).current()
    found = zones.filter(code=code).first()
    if found is None:
        known = ", ".join(zones.reporting().values_list("code", flat=True))
        raise CommandError(f"There is no zone {code}. There are: {known or 'none'}.")
    return found.geometry.extent
