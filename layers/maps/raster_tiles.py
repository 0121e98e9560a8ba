"""PNG tiles of rasters. No cell of people finer than 100 m or with fewer than 10."""

from __future__ import annotations

import fcntl
import hashlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil, cos, radians
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from django.conf import settings
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from PIL import Image
from pyproj import CRS
from rasterio.crs import CRS as RasterCRS
from rasterio.windows import Window
from rio_tiler.errors import TileOutsideBounds
from rio_tiler.io import Reader

from layers.geography.declaration import Style
from layers.geography.files.raster import valid_values
from layers.geography.models import Municipality, Raster
from layers.geography.tenancy import TenantQuerySet
from layers.maps import palettes
from layers.maps.cache import Tile
from layers.maps.errors import NoSuchTile
from layers.maps.raster_styles import (
    COUNTS_PEOPLE,
    KINDS,
    Kind,
    starts_between,
)

logger = logging.getLogger(__name__)

SIDE = 512
# The band that is read, as `valid_values` does; a file may have a mask besides.
VALUES = (1,)
MIN_ZOOM, MAX_ZOOM = 8, 17
# Disclosure: metres of the smallest cell of people that is drawn, and its fewest people.
CELL, FEWEST = 100.0, 10
STRIP = 4_000_000
METRES_A_DEGREE = 111_320.0
ENGINE = hashlib.sha256(repr((KINDS, CELL, FEWEST)).encode()).hexdigest()[:6]


def raster_title(raster: Raster) -> str:
    """Its name; a raster imported without one bears the word for its kind."""
    named = raster.name_en or raster.name_fr or raster.name_ar != raster.kind
    if named:
        return raster.name
    return (
        raster.code
        if raster.code != raster.kind
        else capfirst(raster.get_kind_display())
    )


@dataclass
class Shown:
    """A raster in force, as maps show it."""

    raster: Raster

    @property
    def kind(self) -> Kind:
        return KINDS[self.raster.kind]

    @cached_property
    def style(self) -> Style:
        return self.kind.style(self.kind.starts or _starts(self.path))

    @property
    def version(self) -> str:
        return f"{self.raster.pk}-{self.raster.sha256[:12]}{ENGINE}"

    @property
    def kept(self) -> bool:
        """Whether its file is there: a database may be brought back without its files."""
        return Path(self.raster.file.path).is_file()

    def may_be_seen_by(self, user: Any) -> bool:
        permission = self.kind.permission
        return permission is None or user.has_perm(permission, self.raster.municipality)

    @property
    def title(self) -> str:
        return raster_title(self.raster)

    @property
    def tiles(self) -> str:
        """The address of its tiles, with places for zoom, column and row."""
        return self._tiles(self.version)

    @property
    def tiles_by_theme(self) -> dict[str, str]:
        return {
            theme: self._tiles(themed(self.version, theme)) for theme in palettes.THEMES
        }

    def _tiles(self, version: str) -> str:
        town, code = self.raster.municipality.slug, self.raster.code
        address = reverse("tiles:raster", args=[town, code, version, 0, 0, 0])
        return address.removesuffix("0/0/0.png") + "{z}/{x}/{y}.png"

    @cached_property
    def path(self) -> str:
        """The file that is drawn: of people a coarser one, made when first asked for."""
        if self.raster.kind not in COUNTS_PEOPLE:
            return str(self.raster.file.path)
        folder = Path(settings.DATA_DIR) / "tiles" / "people"
        path = folder / f"{self.raster.sha256}-{ENGINE}.tif"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not path.exists():
                    coarsen(Path(self.raster.file.path), path)
        return str(path)

    @property
    def name(self) -> str:
        """As the desk's addresses say it, apart from the names of declared layers."""
        return f"raster-{self.raster.code}"


def themed(version: str, theme: str) -> str:
    """The version of a picture in a theme's colours: by day it is the raster's own."""
    return version if theme == palettes.THEMES[0] else f"{version}-{theme}"


def theme_of(version: str) -> str:
    asked = version.rpartition("-")[2]
    return asked if asked in palettes.THEMES else palettes.THEMES[0]


def shown_rasters(municipality: Municipality, user: Any) -> Iterator[Shown]:
    """The rasters in force that `user` may see, by code, but for those without a file."""
    rasters: TenantQuerySet = Raster.objects.of(municipality)
    for raster in rasters.current().select_related("municipality"):  # type: ignore[attr-defined]
        shown = Shown(raster)
        if not shown.kept:
            logger.error("Raster %s has lost its file %s", raster.pk, raster.file.name)
        elif shown.may_be_seen_by(user):
            yield shown


def coarsen(source: Path, target: Path) -> None:
    """Densities of people per hectare in cells of at least `CELL` metres, each of whole
    cells of the source; those with fewer than `FEWEST` people are left without a value.
    """
    unfinished = target.with_suffix(".unfinished")
    with rasterio.open(source) as given:
        across, down = _metres(given)
        factor = max(1, ceil(CELL / across)), max(1, ceil(CELL / down))
        columns, rows = ceil(given.width / factor[0]), ceil(given.height / factor[1])
        hectares = across * factor[0] * down * factor[1] / 10_000
        profile = {
            "driver": "GTiff",
            "dtype": "float32",
            "count": 1,
            "width": columns,
            "height": rows,
            "crs": given.crs,
            "transform": given.transform @ rasterio.Affine.scale(*factor),
            "nodata": np.nan,
            "tiled": True,
            "blockxsize": 256,
            "blockysize": 256,
            "compress": "deflate",
        }
        step = max(1, STRIP // (given.width * factor[1]))
        with rasterio.open(unfinished, "w", **profile) as out:
            for row in range(0, rows, step):
                count = min(step, rows - row)
                people = _sums(given, row, count, columns, factor)
                people[people < FEWEST] = np.nan
                window = Window(0, row, columns, count)
                out.write((people / hectares).astype("float32"), 1, window=window)
    unfinished.replace(target)


def _metres(given: rasterio.DatasetReader) -> tuple[float, float]:
    """Width and height of a cell, in metres, in the middle of the raster."""
    across, down = abs(given.transform.a), abs(given.transform.e)
    if CRS.from_user_input(given.crs).is_projected:
        unit = CRS.from_user_input(given.crs).axis_info[0].unit_conversion_factor
        return across * unit, down * unit
    middle = (given.bounds.bottom + given.bounds.top) / 2
    return (
        across * METRES_A_DEGREE * cos(radians(middle)),
        down * METRES_A_DEGREE,
    )


def _sums(
    given: rasterio.DatasetReader,
    row: int,
    count: int,
    columns: int,
    factor: tuple[int, int],
) -> np.ndarray:
    """(count, columns) people in the coarse cells of a strip; unknown cells hold none."""
    across, down = factor
    height = min(count * down, given.height - row * down)
    window = Window(0, row * down, given.width, height)
    full = np.zeros((count * down, columns * across))
    full[:height, : given.width] = np.nan_to_num(valid_values(given, window))
    return full.reshape(count, down, columns, across).sum(axis=(1, 3))


@lru_cache(maxsize=64)
def _starts(path: str) -> tuple[float, ...]:
    """Classes of the file's own range, from an overview of at most 1024 cells a side."""
    with Reader(path) as reader:
        (band,) = reader.statistics(indexes=VALUES, max_size=1024).values()
    return starts_between(band.min, band.max)


def check_place(z: int, x: int, y: int) -> None:
    if not (MIN_ZOOM <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise NoSuchTile(
            _("Rasters have tiles from zoom %(low)d to %(high)d.")
            % {"low": MIN_ZOOM, "high": MAX_ZOOM}
        )


def render(shown: Shown, *, theme: str, z: int, x: int, y: int) -> Tile:
    """A PNG of 512 pixels a side with a palette, clear where there is no value."""
    method = "bilinear" if shown.kind.smooth else "nearest"
    with Reader(shown.path) as reader:
        try:
            image = reader.tile(
                x,
                y,
                z,
                indexes=VALUES,
                tilesize=SIDE,
                resampling_method=method,
                reproject_method=method,
            )
        except TileOutsideBounds:
            classes = np.zeros((SIDE, SIDE), dtype="uint8")
        else:
            values = np.ma.filled(image.array[0].astype("float64"), np.nan)
            classes = classes_of(values, shown.style)
    return Tile.of(_png(classes, _colours(shown.style, theme)))


def picture_of(
    shown: Shown, box: tuple[float, float, float, float], srid: int
) -> bytes:
    """The same as one PNG of a box (west, south, east, north) in a projected system."""
    method = "bilinear" if shown.kind.smooth else "nearest"
    with Reader(shown.path) as reader:
        image = reader.part(
            box,
            bounds_crs=RasterCRS.from_epsg(srid),
            dst_crs=RasterCRS.from_epsg(srid),
            indexes=VALUES,
            max_size=2 * SIDE,
            resampling_method=method,
            reproject_method=method,
        )
    values = np.ma.filled(image.array[0].astype("float64"), np.nan)
    return _png(classes_of(values, shown.style), _colours(shown.style, "light"))


def classes_of(values: np.ndarray, style: Style) -> np.ndarray:
    """Of each cell the place of its shade from 1 on, as `Style.shade` says; 0 is clear."""
    ends = [float(x.value) for x in style.shades if x.value is not None]
    classes = np.digitize(values, ends, right=True).astype("uint8") + 1
    # NaN is sorted last, and would be the highest class.
    classes[~(values >= style.least)] = 0
    return classes


def _colours(style: Style, theme: str) -> list[str]:
    return [getattr(shade, theme) for shade in style.shades]


def _png(classes: np.ndarray, colours: list[str]) -> bytes:
    image = Image.fromarray(classes, "P")
    image.putpalette(bytes(3) + bytes.fromhex("".join(colours).replace("#", "")))
    out = io.BytesIO()
    image.save(out, "PNG", transparency=0)
    return out.getvalue()
