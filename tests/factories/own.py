"""A town's own layers, made through the same services that the pages use."""

from typing import Any

from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile

from layers.own.models import LayerFile, OwnFeature, OwnLayer
from layers.own.services import check_file, decide, receive_file, share_layer, take_in
from layers.own.styles import Chosen

TREES = (
    "lon,lat,kind,height,planted,owner_name\n"
    "35.830,33.800,oak,4.5,2019-03-01,Rana\n"
    "35.831,33.801,olive,2,2020-04-02,Samir\n"
    "35.832,33.802,olive,7.25,,\n"
)


def uploaded(town: Any, content: bytes | str = TREES, name: str = "trees.csv", **more):
    """An upload that has been checked."""
    raw = content.encode() if isinstance(content, str) else content
    file = receive_file(
        municipality=town, file=SimpleUploadedFile(name, raw), by=None, **more
    )
    check_file(file=file)
    return LayerFile.objects.get(pk=file.pk)


def decided(file: LayerFile, keep: tuple[str, ...] | None = None, **more) -> dict:
    columns = file.report["columns"]
    said = {
        "name_ar": "أشجار",
        "name_en": "Trees",
        "name_fr": "Arbres",
        "description": "",
        "attribution": "",
        "licence": "CC-BY-4.0",
        "min_zoom": 0,
        "fields": [
            {
                "source": each["name"],
                "type": each["type"],
                "personal": each["personal"],
                "label": {"ar": f"ع {each['name']}"},
            }
            for each in columns
            if keep is None or each["name"] in keep
        ],
    }
    return {**said, "skip_refused": True, **more}


def own_layer(
    town: Any,
    content: bytes | str = TREES,
    sharing: str = OwnLayer.Sharing.KEEPERS,
    roles: tuple[str, ...] = (),
    keep: tuple[str, ...] | None = ("kind", "height", "planted"),
    **more: Any,
) -> OwnLayer:
    file = uploaded(town, content)
    assert file.state == LayerFile.State.READY, file.refusal
    assert decide(file=file, decided=decided(file, keep, **more))
    take_in(file=file)
    own = OwnLayer.objects.get(pk=file.layer_id or file.layer.pk)
    share_layer(own=own, sharing=sharing, roles=roles, confirmed=())
    return own


def plain_layer(town: Any, **more: Any) -> OwnLayer:
    """Three trees, written as rows: no file is read."""
    fields = [
        {"name": name, "source": name, "type": type, "personal": False, "label": {}}
        for name, type in (("kind", "text"), ("height", "number"), ("planted", "date"))
    ]
    own = OwnLayer.objects.create(
        **{"municipality": town, "slug": "trees", "name_ar": "أشجار", **more},
        geometry_kind="point",
        fields=fields,
        style=Chosen().as_json(),
        count=3,
    )
    OwnFeature.objects.bulk_create(
        OwnFeature(
            municipality=town,
            layer=own,
            geometry=Point(35.83 + number / 1000, 33.8, srid=4326),
            attributes={
                "kind": f"{own.slug} of {town.slug}",
                "height": number + 0.5,
                "planted": "2019-03-01",
            },
        )
        for number in range(3)
    )
    return own


def waiting_file(own: OwnLayer, by: Any) -> LayerFile:
    """An upload that waits to be checked; it fits no layer."""
    return receive_file(
        municipality=own.municipality,
        file=SimpleUploadedFile("trees.csv", b"x"),
        by=by,
        layer=own,
    )
