"""A real cadastre from the file to the map, where the file is at hand."""

import io

import pytest
from django.core.management import call_command

from layers.geography.files.request import Options, What
from layers.geography.services import add_municipality, import_file
from layers.geography.tenancy import set_tenant
from layers.indicators.catalogue import indicators
from layers.indicators.models import Estimate
from layers.indicators.releases import latest_release
from tests.demo import ROOT
from tests.factories.accounts import staff

PARCELS = ROOT.parent / "shared/data/parcels/epinay-sur-orge_91216_parcelles.geojson"

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
    for what, options in (
        (What.PARCELS, Options()),
        (
            What.ZONES,
            Options(dissolve=True, columns={"code": "section"}, kind="section"),
        ),
    ):
        import_file(municipality=municipality, what=what, path=PARCELS, options=options)
    return municipality


def test_a_round_on_real_parcels_becomes_a_map(epinay, client, tmp_path):
    book = str(tmp_path / "round.xlsx")
    call_command("simulate_round", book, municipality="epinay", stdout=io.StringIO())
    call_command(
        "load_round",
        book,
        "--municipality=epinay",
        "--round=2026-spring",
        "--starts-on=2026-03-01",
        "--ends-on=2026-05-31",
        "--school-year-start=2025-10-01",
        "--approve",
        stdout=io.StringIO(),
    )
    call_command(
        "publish_round", "2026-spring", municipality="epinay", stdout=io.StringIO()
    )

    set_tenant(epinay)
    figures = Estimate.objects.of_release(latest_release(epinay))
    water = figures.filter(indicator="was_water", breakdown="all")
    assert {row.zone.code for row in water.exclude(zone=None)} >= {"AB", "ZE"}
    assert water.get(zone=None).estimate == pytest.approx(0.31, abs=0.06)
    assert set(figures.values_list("indicator", flat=True)) == set(indicators())

    client.force_login(staff(epinay, "planner"))
    values = client.get("/fr/epinay/map/values.json?indicator=was_water").json()
    assert len(values["zones"]) == 15
