"""The parcels that a round visits, as its map draws them."""

from __future__ import annotations

from typing import Any

from layers.geography.models import Zone
from surveys.models import Round, Target
from surveys.outlines import corners

# What an office computer draws without delay; larger rounds are shown zone by zone.
SHOWN = 6000


def targets_on_map(round: Round, zone: str = "") -> dict[str, Any]:
    """No household and no answer: a parcel, who goes there, whether it was visited."""
    found = Target.objects.filter(round=round)
    if zone:
        found = found.filter(parcel__zone__code=zone)
    total = found.count()
    rows = found.select_related("parcel__zone").order_by("parcel__code")[:SHOWN]
    return {
        "total": total,
        "targets": [
            {
                "id": row.pk,
                "code": row.parcel.code,
                "corners": corners(row.parcel.geometry),
                "surveyor": row.surveyor_id,
                "zone": row.parcel.zone.code if row.parcel.zone else "",
                "visited": row.outcome != Target.Outcome.PENDING,
            }
            for row in rows
        ],
        "zones": [
            {"code": each.code, "corners": corners(each.geometry)}
            for each in Zone.objects.of(round.municipality).reporting()
        ],
    }
