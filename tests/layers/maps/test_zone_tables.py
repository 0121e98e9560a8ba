from datetime import date

import numpy as np
import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.utils.translation import override

from layers.geography.services import import_raster
from layers.indicators.errors import NoPattern
from layers.indicators.modelled.clusters import clusters_of
from layers.indicators.models import Estimate
from layers.indicators.rasters.zone_statistics import (
    Asked,
    Hazard,
    Walk,
    compute_zone_statistics,
)
from layers.indicators.services import compute_release, replace_observations
from tests.factories.accounts import staff
from tests.factories.geography import FacilityFactory, ZoneFactory, square
from tests.layers.indicators.rasters.test_population import write
from tests.layers.maps.conftest import households


@pytest.fixture
def planner(client, town):
    client.force_login(staff(town, "planner"))
    return client


@pytest.fixture
def computed(town, tmp_path, settings):
    """Three quarters: two of 400 children, one of 8."""
    settings.MEDIA_ROOT = tmp_path / "media"

    def area(west, south, east, north):
        box = MultiPolygon(Polygon.from_bbox((west, south, east, north)), srid=22770)
        return box.transform(4326, clone=True)

    town.boundary = area(158000, 206200, 159000, 207000)
    town.save()
    children = write(tmp_path / "children.tif", np.full((8, 10), 10.0))
    import_raster(
        municipality=town, path=children, kind="children", names={"en": "Grid 2025"}
    )
    depth = np.zeros((8, 10))
    depth[:, 7:] = 1
    flood = write(tmp_path / "flood.tif", depth)
    # In English the word for its kind, which stands in for an Arabic name, is the kind.
    with override("en"):
        import_raster(
            municipality=town,
            path=flood,
            kind="hazard",
            names={"en": "River flood"},
            code="flood",
        )
    for code, box in {
        "A": (158000, 206200, 158500, 207000),
        "B": (158500, 206200, 159000, 207000),
        "C": (158100, 206300, 158190, 206390),
    }.items():
        ZoneFactory(
            municipality=town, code=code, name_en=f"Quarter {code}", geometry=area(*box)
        )
    place = area(158100, 206500, 158110, 206510).centroid
    FacilityFactory(municipality=town, geometry=place)
    compute_zone_statistics(
        municipality=town,
        asked=Asked(
            hazards=(Hazard("flood", 1),), walk=Walk(kinds=("school",), minutes=(5, 15))
        ),
    )


def page(client, town, name):
    found = client.get(f"/en/{town.slug}/map/{name}")
    assert found.status_code == 200
    return found.content.decode()


def test_the_table_tells_what_rasters_say(planner, town, computed):
    text = page(planner, town, "statistics/")
    titles = [
        "Children",
        "River flood",
        "School within 5 min",
        "School within 15 min",
    ]
    places = [text.index(title) for title in titles[1:]]
    assert places == sorted(places)
    assert "Grid 2025" in text
    cells = [cell.split("<")[0] for cell in text.split('<td class="number">')[1:]]
    assert cells[:2] == ["400", "0"]
    assert cells[5:7] == ["400", "60"]
    # The quarter of eight children says nothing.
    assert cells[10:14] == ["–"] * 4
    assert "fewer than 10" in text


def test_without_statistics_the_page_says_how_to_get_them(planner, town):
    assert "zone_statistics" in page(planner, town, "statistics/")


@pytest.fixture
def nine(town):
    """A release of nine zones in a square; the middle one has too few households."""
    units = []
    for place in range(9):
        code = f"Z{place}"
        ZoneFactory(
            municipality=town,
            code=code,
            name_en=f"Zone {place}",
            geometry=square(
                35.82 + place % 3 * 0.005, 33.79 + place // 3 * 0.005, 0.005
            ),
        )
        number = 2 if place == 4 else 60
        units += households("nine", code, number, 0.1 + 0.08 * place)
    found = replace_observations(
        municipality=town,
        code="nine",
        titles={"ar": "جولة", "en": "Round", "fr": "Tour"},
        reference_date=date(2026, 4, 1),
        source="Survey",
        units=units,
    )
    return compute_release(municipality=town, observation_set=found)


def test_clusters_take_published_figures_alone(nine):
    found = clusters_of(nine, indicator="edu_oos")
    rows = Estimate.objects.of_release(nine).of_indicator("edu_oos").of_breakdown("all")
    withheld = rows.filter(estimate=None).exclude(zone=None)
    assert "Z4" in withheld.values_list("zone__code", flat=True)
    missing = {
        zone.code
        for zone, cluster in zip(found.zones, found.pattern.local.cluster, strict=True)
        if cluster == "missing"
    }
    assert missing == set(withheld.values_list("zone__code", flat=True))
    assert found.pattern.moran.zones == 9 - len(missing)


def test_the_page_of_neighbours_says_what_was_found(planner, town, nine):
    text = page(planner, town, "clusters/")
    assert "Moran" in text
    assert "No published figure" in text
    # One way in of another page, and a wrong indicator.
    assert "/map/clusters/?" in page(planner, town, "?view=table")
    missing = planner.get(f"/en/{town.slug}/map/clusters/?indicator=none")
    assert missing.status_code == 404


def test_too_few_zones_have_no_pattern(planner, town, publish):
    release = publish()
    with pytest.raises(NoPattern, match="four zones"):
        clusters_of(release, indicator="edu_oos")
    assert "four zones with" in page(planner, town, "clusters/")
