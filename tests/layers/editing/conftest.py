"""A block of six parcels of 50 m, three to a row, in two quarters beside one another.

4 5 6
1 2 3     1, 4 lie in quarter W; 2, 3, 5, 6 in quarter E
"""

from datetime import date

import pytest
from django.utils import translation

from layers.editing.drafts import Asked
from layers.editing.models import Layer
from layers.editing.services import Order, change_map
from layers.geography.models import Parcel, Zone
from tests.factories.accounts import staff
from tests.factories.geography import ParcelFactory, ZoneFactory
from tests.layers.editing.ground import area

LONG_AGO = date(2020, 1, 1)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def block(town):
    """The town, with its parcels and quarters in force since 2020."""
    west = ZoneFactory(
        municipality=town, code="W", valid_from=LONG_AGO, geometry=area(0, 0, 1, 2)
    )
    east = ZoneFactory(
        municipality=town, code="E", valid_from=LONG_AGO, geometry=area(1, 0, 3, 2)
    )
    for number in range(6):
        x, y = number % 3, number // 3
        ParcelFactory(
            municipality=town,
            code=str(number + 1),
            zone=west if x == 0 else east,
            valid_from=LONG_AGO,
            geometry=area(x, y, x + 1, y + 1),
            official_area=2500,
            area=2500,
        )
    return town


@pytest.fixture
def editor(town):
    return staff(town, "data_manager")


@pytest.fixture
def edit(block, editor):
    """Makes an edit: `edit("split", codes=["1"], …)`; `order` fields by name too, one
    `line` in place of `lines`.
    """

    def make(kind, layer=Layer.PARCELS, *, on=date(2026, 3, 1), **asked):
        order = {
            name: asked.pop(name)
            for name in ("dry_run", "accepted", "seen")
            if name in asked
        }
        if "line" in asked:
            asked["lines"] = (tuple(asked.pop("line")),)
        asked = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in asked.items()
        }
        return change_map(
            municipality=block,
            asked=Asked(kind=kind, layer=Layer(layer), **asked),
            order=Order(
                by=editor, reason="Deed 12 of the land registry", on=on, **order
            ),
        )

    return make


@pytest.fixture
def parcels(block):
    return lambda: {
        row.code: row for row in Parcel.objects.of(block).current().order_by("code")
    }


@pytest.fixture
def zones(block):
    return lambda: {row.code: row for row in Zone.objects.of(block).current()}
