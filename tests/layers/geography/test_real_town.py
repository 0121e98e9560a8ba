"""One whole town's cadastre, where the file is at hand; see the issue's point 2."""

from pathlib import Path

import pytest

from layers.geography.files.request import Options, What
from layers.geography.models import Parcel, Zone
from layers.geography.services import add_municipality, import_file
from layers.geography.tenancy import set_tenant

FOLDER = Path(__file__).resolve().parents[4] / "shared/data/parcels"
PARCELS = FOLDER / "epinay-sur-orge_91216_parcelles.geojson"
SHAPEFILE = FOLDER / "epinay-sur-orge_91216_parcelles_EPSG2154_shp.zip"

pytestmark = pytest.mark.skipif(
    not PARCELS.exists(), reason=f"the real town's file is absent: {PARCELS.name}"
)


@pytest.fixture
def epinay(db):
    municipality = add_municipality(
        slug="epinay",
        names={"fr": "Épinay-sur-Orge"},
        country="FR",
        currency="EUR",
        time_zone="Europe/Paris",
        srid=2154,
    )
    set_tenant(municipality)
    return municipality


def bring(town, what, path, **choices):
    return import_file(
        municipality=town, what=what, path=path, options=Options(**choices)
    )


def test_the_real_town_is_imported_and_measured(epinay):
    report = bring(epinay, What.PARCELS, PARCELS)
    assert report.added == 4241
    assert report.refused_count == report.repaired_count == 0
    assert report.hectares == pytest.approx(383.47, abs=0.005)
    assert Parcel.objects.filter(official_area=None).count() == 1
    again = bring(epinay, What.PARCELS, SHAPEFILE)
    assert (again.about["crs"], again.unchanged) == ("EPSG:2154", 4241)
    assert again.touched == 0
    zones = bring(
        epinay,
        What.ZONES,
        PARCELS,
        dissolve=True,
        columns={"code": "section"},
        kind="section",
    )
    assert zones.added == Zone.objects.of(epinay).reporting().count() == 15
    assert not Parcel.objects.current().filter(zone=None).exists()
