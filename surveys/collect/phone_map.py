"""The map of a surveyor's zone in one file, for a phone without network."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from layers.geography.access import TownRequest, requires
from layers.maps.archives import Archive, write_archive
from layers.maps.catalogue import layer_named
from surveys.collect.services import zones_to_visit

# Numbers of parcels are for the staff, and surveyors are: they look for doors by them.
LAYERS = ("zones", "zones_labels", "blocks", "parcels", "facilities")


@require_GET
@requires("surveys.upload_round")
@never_cache
def zone_map(request: TownRequest, municipality: str, code: str) -> FileResponse:
    """MBTiles of a zone in which the surveyor has parcels to visit; others are not found."""
    zones = zones_to_visit(request.municipality, request.user)
    zone = get_object_or_404(zones, code=code.replace("\x00", ""))
    archive = Archive(
        title=f"{request.municipality.name} – {zone.name}",
        municipality=request.municipality,
        layers=[layer_named(name) for name in LAYERS],
        box=zone.geometry.extent,
    )
    name = f"{municipality}-{zone.code}.mbtiles"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "zone.mbtiles")
        write_archive(archive, path)
        # Open, the file outlives its folder.
        return FileResponse(
            path.open("rb"),
            as_attachment=True,
            filename=name,
            content_type="application/vnd.sqlite3",
        )
