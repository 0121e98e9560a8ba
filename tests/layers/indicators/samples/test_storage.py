from dataclasses import asdict, replace

import pytest

from layers.geography.tenancy import tenant
from layers.indicators.figures import Figure
from layers.indicators.models import Estimate, Release
from layers.indicators.samples import storage
from tests.factories.observations import households

KEYS = {"id", "release_id"}


@pytest.fixture
def figures(zones):
    told = Figure(
        indicator="was_water",
        version=3,
        zone=zones[0],
        breakdown="wealth:poorest",
        flag="reliable",
        reason="",
        estimate=1 / 3,
        se=0.012,
        low=0.1 + 0.2,
        high=1.0,
        df=41,
        deff=1.27,
        population=2_147_483_000,
        total=715_827_667,
        n=120,
        households=55,
    )
    withheld = Figure("was_water", 3, zones[1], "all", "withheld", "few_children")
    # 0 and 1 have no design effect; NaN is no NULL.
    edge = replace(told, zone=None, estimate=0.0, low=0.0, deff=float("nan"), total=0)
    unsaid = replace(told, breakdown="sex:female", reason="small_sample", deff=None)
    return [told, withheld, edge, unsaid, replace(withheld, zone=zones[2])]


@pytest.mark.parametrize("batch", [2, 5000])
def test_figures_are_stored_as_the_model_itself_would_store_them(
    town, put, figures, batch, monkeypatch
):
    """In batches of two, one of them without any number."""
    monkeypatch.setattr(storage, "BATCH", batch)
    ordered = [figures[1], figures[4], figures[0], figures[2], figures[3]]
    observed = put(households(3))
    with tenant(town):
        ours, theirs = (
            Release.objects.create(
                municipality=town,
                observation_set=observed,
                number=number,
                digest="",
                definitions={},
                children=0,
                households=0,
            )
            for number in (1, 2)
        )
        storage.write_figures(ours, ordered)
        Estimate.objects.bulk_create(by_model(theirs, each) for each in ordered)
        stored, expected = content(ours), content(theirs)
    assert len(expected) == len(figures)
    assert stored == expected


def by_model(release, figure):
    values = asdict(replace(figure, zone=None)) | {"zone": figure.zone}
    version = values.pop("version")
    return Estimate(
        municipality=release.municipality,
        release=release,
        definition_version=version,
        **values,
    )


def content(release):
    """Every column but the keys; repr tells NaN, NULL and each bit of a float."""
    names = {each.attname for each in Estimate._meta.concrete_fields} - KEYS
    rows = Estimate.objects.of_release(release).order_by("pk").values(*sorted(names))
    return [{name: repr(value) for name, value in row.items()} for row in rows]
