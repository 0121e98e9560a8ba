from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.contrib.gis.geos import Point

from layers.geography.access import TownRequest


def _key(request: TownRequest) -> str:
    return f"service_request_draft_{request.municipality.pk}"


@dataclass
class Draft:
    """What a resident has answered so far, kept in the session between steps.

    `key` makes sending twice harmless: both attempts carry the same one.
    """

    category: str = ""
    description: str = ""
    latitude: float | None = None
    longitude: float | None = None
    parcel: str = ""
    address: str = ""
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def of(cls, request: TownRequest) -> Draft:
        kept: dict[str, Any] = request.session.get(_key(request), {})
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})

    def keep(self, request: TownRequest) -> None:
        request.session[_key(request)] = asdict(self)

    @staticmethod
    def forget(request: TownRequest) -> None:
        request.session.pop(_key(request), None)

    @property
    def says_what(self) -> bool:
        return bool(self.category and self.description)

    @property
    def says_where(self) -> bool:
        return self.geometry is not None or bool(self.parcel or self.address)

    @property
    def geometry(self) -> Point | None:
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.longitude, self.latitude, srid=4326)
