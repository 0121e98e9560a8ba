"""What lies below the survey's zones: blocks and parcels, counted and never estimated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.gis.db.models.functions import PointOnSurface
from django.db import connection
from django.db.models import F
from django.http import Http404
from django.utils.translation import gettext as _

from layers.geography.declaration import read_sql
from layers.geography.models import Facility, Parcel, Zone
from layers.maps.catalogue import layer_named, may_see
from layers.maps.desk import Profile, View

BLOCKS = read_sql("layers.maps", "blocks.sql")
# Parcels on one page; the rest are told as a number.
MOST = 300


@dataclass(frozen=True)
class Counted:
    """A block with how much lies in it; a parcel belongs where a point inside it is."""

    block: Zone
    parcels: int
    facilities: int

    @property
    def box(self) -> str:
        """West, south, east, north in degrees, with commas."""
        return ",".join(f"{side:.6f}" for side in self.block.geometry.extent)


def blocks_of(zone: Zone) -> list[Counted]:
    """By code; none of a zone that is a block itself."""
    if zone.kind == Zone.Kind.BLOCK:
        return []
    with connection.cursor() as cursor:
        cursor.execute(BLOCKS, {"zone": zone.pk})
        counts = {pk: numbers for pk, *numbers in cursor.fetchall()}
    blocks = Zone.objects.of(zone.municipality).filter(pk__in=counts)
    rows = blocks.defer("geometry_3857").order_by("code")
    return [Counted(each, *counts[each.pk]) for each in rows]


@dataclass(frozen=True)
class Block:
    """One block of a zone, as `user` may see it."""

    profile: Profile
    counted: Counted
    user: Any

    @classmethod
    def asked(cls, view: View, zone: str, code: str, user: Any) -> Block:
        profile = Profile.asked(view, zone)
        found = next((x for x in blocks_of(profile.zone) if x.block.code == code), None)
        if found is None:
            raise Http404(_("This zone has no block “%s”.") % code)
        return cls(profile, found, user)

    @property
    def zone(self) -> Zone:
        return self.counted.block

    @cached_property
    def facilities(self) -> list[Facility]:
        places = Facility.objects.of(self.zone.municipality).current()
        inside = places.filter(geometry__intersects=self.zone.geometry)
        return list(inside.defer("geometry", "geometry_3857").order_by("kind", "code"))

    @property
    def sees_parcels(self) -> bool:
        town = self.zone.municipality
        return may_see(layer_named("parcels", town), self.user, town)

    @cached_property
    def parcels(self) -> list[Parcel]:
        """The first of them by code; none for those who may not see the register."""
        if not self.sees_parcels:
            return []
        rows = (
            Parcel.objects.of(self.zone.municipality)
            .current()
            .filter(geometry__bboverlaps=self.zone.geometry)
            .annotate(inside=PointOnSurface(F("geometry")))
            .filter(inside__intersects=self.zone.geometry)
        )
        return list(rows.defer("geometry_3857").order_by("code")[:MOST])

    @property
    def untold(self) -> int:
        return self.counted.parcels - len(self.parcels) if self.sees_parcels else 0
