import numpy as np
import pytest
import rasterio

from layers.geography.errors import ImportRefused
from layers.geography.models import Raster
from layers.geography.services import import_raster


def grid(path, values, *, crs="EPSG:22770", **changes):
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "height": values.shape[0],
        "width": values.shape[1],
        "crs": crs,
        "transform": rasterio.transform.from_origin(158000, 207500, 100, 100),
    } | changes
    with rasterio.open(path, "w", **profile) as target:
        target.write(values.astype("float32"), 1)
    return path


def test_a_raster_is_kept_cloud_optimised_with_the_same_cells(town, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    values = np.random.default_rng(1).gamma(1, 5, (600, 700))
    path = grid(
        tmp_path / "people.tif",
        values,
        transform=rasterio.transform.from_origin(158000, 207500, 5, 5),
    )
    kept, _outcome = import_raster(
        municipality=town, path=path, kind="children", names={}
    )
    with rasterio.open(kept.file.path) as optimised:
        assert optimised.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert optimised.read(1).tolist() == values.astype("float32").tolist()
        # An overview is a mean of people per cell, not a sum.
        (factor,) = optimised.overviews(1)
        shape = (600 // factor, 700 // factor)
        small = optimised.read(1, out_shape=shape)
        assert small.mean() == pytest.approx(values.mean(), rel=1e-3)


def test_several_hazards_are_told_apart_by_code(town, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    for code, value in (("flood", 1), ("heat", 2), ("flood", 3)):
        path = grid(tmp_path / f"{code}{value}.tif", np.full((9, 9), value))
        import_raster(municipality=town, path=path, kind="hazard", names={}, code=code)
    rasters = Raster.objects.of(town)
    assert set(rasters.current().values_list("code", flat=True)) == {"flood", "heat"}
    assert rasters.count() == 3
    with pytest.raises(ImportRefused, match="small letters"):
        import_raster(
            municipality=town, path=path, kind="hazard", names={}, code="../x"
        )


def test_a_picture_of_several_bands_is_no_grid_of_values(town, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    one, path = tmp_path / "one.tif", tmp_path / "photo.tif"
    grid(one, np.ones((9, 9)))
    with rasterio.open(one) as source:
        profile = {**source.profile, "count": 3, "photometric": "rgb"}
        with rasterio.open(path, "w", **profile) as target:
            target.write(np.repeat(source.read(), 3, axis=0))
    with pytest.raises(ImportRefused, match="has 3 bands"):
        import_raster(municipality=town, path=path, kind="hazard", names={})
    grid(one, np.ones((9, 9)), dtype="complex64")
    with pytest.raises(ImportRefused, match="complex numbers"):
        import_raster(municipality=town, path=one, kind="hazard", names={})


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("population", {"crs": None}, "coordinate reference"),
        ("population", {"turn": 30}, "rotated"),
        ("population", {"value": np.nan}, "No cell of the raster has a value"),
        ("children", {"value": -1}, "holds the value -1"),
        ("terrain", {"value": -1}, ""),
    ],
)
def test_a_raster_that_cannot_be_used_is_refused(
    town, tmp_path, settings, kind, change, words
):
    settings.MEDIA_ROOT = tmp_path
    frame = rasterio.transform.from_origin(158000, 207500, 100, 100)
    path = grid(
        tmp_path / "bad.tif",
        np.full((9, 9), change.get("value", 1)),
        crs=change.get("crs", "EPSG:22770"),
        transform=frame @ rasterio.Affine.rotation(change.get("turn", 0)),
    )
    arguments = {"municipality": town, "path": path, "kind": kind, "names": {}}
    if not words:
        assert import_raster(**arguments)[1] == "added"
        return
    with pytest.raises(ImportRefused, match=words):
        import_raster(**arguments)
    assert not Raster.objects.exists()
