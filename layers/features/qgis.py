"""Files that open the layers in QGIS: a definition of one layer, or a project of all.

They hold addresses, names and the layer's style, never a key: QGIS asks for it, or takes it
from its own store of passwords.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lxml import etree
from pyproj import CRS, Transformer

from layers.features.qgis_style import renderer
from layers.geography.declaration import Layer
from layers.geography.models import Municipality

# The oldest QGIS whose reading of OGC API – Features these files are made for.
VERSION = "3.22.0"
PAGE = 1000
GEOMETRIES = {"point": "Point", "line": "Line", "polygon": "Polygon"}
WKB_TYPES = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}
ORDER = {"point": 0, "line": 1, "polygon": 2}


@dataclass(frozen=True)
class Source:
    """A layer as QGIS reads it from `root`, the landing page's address."""

    layer: Layer
    root: str

    @property
    def id(self) -> str:
        return f"gisportal_{self.layer.name}"

    @property
    def uri(self) -> str:
        """The words of QGIS's own provider for OGC API – Features."""
        said = {
            "pagingEnabled": "true",
            "pageSize": str(PAGE),
            "preferCoordinatesForWfsT11": "false",
            "restrictToRequestBBOX": "1",
            "srsname": "OGC:CRS84",
            "typename": self.layer.name,
            "url": self.root.rstrip("/"),
            "version": "OGC_API_FEATURES",
        }
        return " ".join(f"{name}='{value}'" for name, value in said.items())


def definition(sources: Iterable[Source]) -> bytes:
    """A `.qlr`: what “Add from layer definition file” adds to an open project."""
    root = etree.Element("qlr")
    _fill(root, list(sources), within="maplayers")
    return _written(root, "qgis-layer-definition")


def project(
    sources: Iterable[Source], municipality: Municipality, box: list[float] | None
) -> bytes:
    """A `.qgs`: a project that opens at the town, in its own projected system."""
    found = list(sources)
    root = etree.Element("qgis", projectname=municipality.name, version=VERSION)
    _put(root, "title", municipality.name)
    _system(etree.SubElement(root, "projectCrs"), municipality.srid)
    # Without this QGIS shows the layers in no system at all.
    projected = etree.SubElement(root, "properties")
    projected = etree.SubElement(projected, "SpatialRefSys")
    etree.SubElement(projected, "ProjectionsEnabled", type="int").text = "1"
    tree = _fill(root, found, within="projectlayers")
    order = etree.SubElement(tree, "custom-order", enabled="0")
    for each in found:
        _put(order, "item", each.id)
    if box is not None:
        _canvas(root, municipality.srid, box)
    return _written(root, "qgis")


def _fill(
    root: etree._Element,
    sources: list[Source],
    within: Literal["maplayers", "projectlayers"],
) -> etree._Element:
    """The tree of the layers panel, and beside it the layers themselves."""
    tree = etree.SubElement(
        root, "layer-tree-group", name="", checked="Qt::Checked", expanded="1"
    )
    layers = etree.SubElement(root, within)
    # Points lie above lines, and lines above areas.
    for each in sorted(sources, key=lambda source: ORDER[source.layer.geometry]):
        etree.SubElement(
            tree,
            "layer-tree-layer",
            id=each.id,
            name=str(each.layer.title),
            source=each.uri,
            providerKey="OAPIF",
            checked="Qt::Checked",
            expanded="0",
        )
        _map_layer(layers, each)
    return tree


def _map_layer(parent: etree._Element, source: Source) -> None:
    layer = source.layer
    found = etree.SubElement(
        parent,
        "maplayer",
        type="vector",
        geometry=GEOMETRIES[layer.geometry],
        wkbType=WKB_TYPES[layer.geometry],
        hasScaleBasedVisibilityFlag="0",
    )
    _put(found, "id", source.id)
    _put(found, "datasource", source.uri)
    _put(found, "layername", str(layer.title))
    _system(etree.SubElement(found, "srs"), 4326)
    etree.SubElement(found, "provider", encoding="UTF-8").text = "OAPIF"
    _put(found, "layerGeometryType", str(ORDER[layer.geometry]))
    found.append(renderer(layer))
    names = etree.SubElement(found, "aliases")
    for place, each in enumerate(layer.fields):
        etree.SubElement(
            names, "alias", index=str(place), field=each.name, name=str(each.label)
        )


def _system(parent: etree._Element, srid: int) -> None:
    known = CRS.from_epsg(srid)
    said = etree.SubElement(parent, "spatialrefsys", nativeFormat="Wkt")
    _put(said, "wkt", known.to_wkt())
    _put(said, "srid", str(srid))
    _put(said, "authid", f"EPSG:{srid}")
    _put(said, "description", known.name)
    _put(said, "geographicflag", str(known.is_geographic).lower())


def _canvas(root: etree._Element, srid: int, box: list[float]) -> None:
    """Where the map opens: `box` in degrees, as the project's own system has it."""
    canvas = etree.SubElement(root, "mapcanvas", name="theMapCanvas")
    known = CRS.from_epsg(srid)
    _put(canvas, "units", "degrees" if known.is_geographic else "meters")
    extent = etree.SubElement(canvas, "extent")
    west, south, east, north = box
    turn = Transformer.from_crs(4326, srid, always_xy=True)
    corners = turn.transform_bounds(west, south, east, north)
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True):
        _put(extent, name, repr(value))
    _system(etree.SubElement(canvas, "destinationsrs"), srid)


def _put(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def _written(root: etree._Element, kind: str) -> bytes:
    return etree.tostring(
        root,
        encoding="UTF-8",
        pretty_print=True,
        doctype=f"<!DOCTYPE {kind}>",
    )
