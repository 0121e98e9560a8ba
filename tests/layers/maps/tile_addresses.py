"""Tiles by place: which tile holds a point, its address, what is in an answer."""

import gzip

import mapbox_vector_tile
from django.contrib.gis.geos import Point

from layers.maps import tiles
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerVersion


def version(town, name):
    layer = layer_named(name)
    return LayerVersion.objects.of_layers([layer], town)[name]


def address(town, name, at, of_version=None):
    z, x, y = at
    return (
        f"/tiles/{town.slug}/{name}/{of_version or version(town, name)}/{z}/{x}/{y}.mvt"
    )


def tile_of(lon, lat, z):
    point = Point(lon, lat, srid=4326)
    point.transform(3857)
    size = tiles.WORLD / 2**z
    return (
        z,
        int((point.x + tiles.WORLD / 2) / size),
        int((tiles.WORLD / 2 - point.y) / size),
    )


def content_of(response):
    if response.headers.get("Content-Encoding") == "gzip":
        return gzip.decompress(response.content)
    return response.content


def features(response, name):
    decoded = mapbox_vector_tile.decode(content_of(response))
    return decoded.get(name, {}).get("features", [])
