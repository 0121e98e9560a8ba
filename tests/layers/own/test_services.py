"""From a file to a layer and back: nothing half, nothing more than was agreed to."""

import json

import pytest
from django.core.files.storage import default_storage
from django.utils.translation import override

from layers.geography.files.request import Options
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerVersion
from layers.own.errors import SharingRefused, told
from layers.own.layers import declared
from layers.own.models import LayerFile, OwnFeature, OwnLayer
from layers.own.restyling import refreshed
from layers.own.services import (
    check_file,
    choose_options,
    clear_out,
    decide,
    describe_layer,
    remove_layer,
    restore_layer,
    share_layer,
    style_layer,
    take_in,
)
from layers.own.styles import Chosen
from tests.factories.own import TREES, decided, own_layer, uploaded

State = LayerFile.State


def version(own):
    layer = declared(own)
    return LayerVersion.objects.of_layers([layer], own.municipality)[layer.name]


def replaced(own, content):
    file = uploaded(own.municipality, content, layer=own)
    if file.state == State.READY:
        decide(file=file, decided={"skip_refused": False})
        take_in(file=file)
    file.refresh_from_db()
    return file


def test_a_file_is_looked_at_and_nothing_is_kept(town):
    file = uploaded(town)
    assert file.state == State.READY
    assert (file.report["kind"], file.report["kept"]) == ("point", 3)
    types = {each["name"]: each["type"] for each in file.report["columns"]}
    assert types == {
        **{"lon": "number", "lat": "number", "kind": "text"},
        **{"height": "number", "planted": "date", "owner_name": "text"},
    }
    personal = [x["name"] for x in file.report["columns"] if x["personal"]]
    assert personal == ["owner_name"]
    assert not OwnLayer.objects.exists()
    assert not OwnFeature.objects.exists()


def test_only_kept_columns_enter_and_the_file_is_thrown_away(
    town, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        own = own_layer(town)
    assert OwnFeature.objects.filter(layer=own).count() == own.count == 3
    told = list(OwnFeature.objects.values_list("attributes", flat=True))
    assert {"kind": "oak", "height": 4.5, "planted": "2019-03-01"} in told
    assert "Rana" not in json.dumps(told)
    assert default_storage.listdir(f"own-layers/{town.slug}")[1] == []


def test_a_layer_is_found_by_the_one_lookup(town):
    own = own_layer(town)
    layer = layer_named("own-trees", town)
    assert layer == declared(own)
    assert [f.type for f in layer.fields] == ["text", "number", "date"]
    assert layer.permission == "own.keep_layers"


def test_labels_follow_the_reader_and_names_are_free(town):
    own_layer(town)
    second = own_layer(town, name_en="", name_fr="")
    assert (second.slug, own_layer(town).slug) == ("layer", "trees-2")
    with override("ar"):
        assert declared(second).fields[0].label == "ع kind"


def test_new_content_raises_the_version_of_its_own_layer_only(town):
    own, other = own_layer(town), own_layer(town)
    before, theirs = version(own), version(other)
    file = replaced(own, TREES.replace("olive", "cedar"))
    assert file.state == State.DONE
    assert version(own) != before
    assert version(other) == theirs
    kinds = OwnFeature.objects.filter(layer=own).values_list("attributes__kind")
    assert set(kinds) == {("oak",), ("cedar",)}


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (TREES.replace("kind", "sort"), "layer_columns", "kind"),
        (TREES.replace(",2,", ",tall,"), "layer_type", "row 2 of the file says “tall”"),
        (
            "wkt,kind,height,planted\nPOINT(35.83 33.8),a,1,\n",
            "crs_missing",
            "EPSG",
        ),
    ],
)
def test_a_file_that_does_not_fit_leaves_the_layer_as_it_was(town, content, code, says):
    own = own_layer(town)
    before = version(own)
    file = replaced(own, content)
    assert (file.state, file.refusal["code"]) == (State.REFUSED, code)
    with override("en"):
        assert says in told(file.refusal)
    assert version(own) == before
    assert OwnFeature.objects.filter(layer=own).count() == 3


def test_another_kind_of_geometry_is_another_layer(town):
    own = own_layer(town)
    lines = (
        'wkt,kind,height,planted\n"SRID=4326;LINESTRING(35.83 33.8,35.84 33.81)",a,1,\n'
    )
    assert replaced(own, lines).refusal["code"] == "layer_kind"


def test_refused_rows_are_named_and_left_out_only_on_demand(town):
    mixed = (
        'wkt;name\n"SRID=4326;POINT Z (35.83 33.8 9)";a\nPOINT(35.831 33.8);b\n'
        "LINESTRING(35.83 33.8,35.84 33.81);c\n;d\nPOINT(999 33.8);e\nPOINT(35.8 33.8);f\ufffd\n"
    )
    file = uploaded(town, mixed)
    assert [(row, code) for row, code, _value in file.report["refused"]] == [
        (3, "geometry_other_kind"),
        (4, "geometry_missing"),
        (5, "outside_crs"),
        (6, "text_unreadable"),
    ]
    decide(file=file, decided=decided(file, skip_refused=False))
    take_in(file=file)
    file.refresh_from_db()
    assert file.refusal["code"] == "layer_refused_rows"
    assert not OwnLayer.objects.exists()


def test_a_missing_system_is_asked_for_and_then_taken(town):
    metres = "x,y,kind\n-330000,-40000,oak\n-330100,-40100,fig\n"
    file = uploaded(town, metres)
    assert file.refusal["code"] == "crs_missing"
    assert choose_options(file=file, options=Options(crs="EPSG:22770"))
    check_file(file=file)
    file.refresh_from_db()
    assert (file.state, file.report["about"]["crs"]) == (State.READY, "EPSG:22770")


def test_an_empty_or_foreign_file_is_refused_with_a_way_out(town):
    with override("en"):
        assert "Export it again" in told(uploaded(town, "").refusal)
        assert "PDF" in told(uploaded(town, b"%PDF-1.7 x").refusal)


def test_everyone_sees_no_column_of_persons_without_a_word(town):
    own = own_layer(town, keep=None)
    everyone = OwnLayer.Sharing.EVERYONE
    with pytest.raises(SharingRefused, match="owner_name"):
        share_layer(own=own, sharing=everyone, roles=(), confirmed=())
    own.refresh_from_db()
    assert own.sharing == OwnLayer.Sharing.KEEPERS
    share_layer(own=own, sharing=everyone, roles=(), confirmed={"owner_name"})
    assert declared(own).permission is None


def test_a_published_layer_takes_no_new_content_that_tells_of_persons(town):
    own = own_layer(town, sharing=OwnLayer.Sharing.EVERYONE)
    phones = TREES.replace("oak", "03 123 456").replace("olive", "+961 3 765 432")
    assert replaced(own, phones).refusal["code"] == "layer_personal"
    assert OwnFeature.objects.filter(attributes__kind="oak").exists()


def test_a_column_taken_out_is_gone_from_the_rows(town):
    own = own_layer(town)
    style_layer(own=own, chosen=refreshed(own, Chosen(how="values", field="kind")))
    said = {
        name: getattr(own, name)
        for name in (
            *("name_ar", "name_en", "name_fr", "description", "attribution"),
            *("licence", "min_zoom"),
        )
    }
    before = version(own)
    describe_layer(own=own, said=said, fields=own.fields[1:])
    assert not OwnFeature.objects.filter(attributes__has_key="kind").exists()
    assert own.style["how"] == "one"
    assert version(own) != before


def test_classes_follow_the_rows(town):
    own = own_layer(town)
    chosen = refreshed(own, Chosen(how="numbers", field="height", classes=3))
    assert chosen.ends == (2.0, 4.5, 7.25)
    style_layer(own=own, chosen=chosen)
    replaced(own, TREES.replace("7.25", "9.5"))
    own.refresh_from_db()
    assert own.style["ends"] == [2.0, 4.5, 9.5]
    words = refreshed(own, Chosen(how="values", field="kind"))
    assert words.values == ("olive", "oak")


def test_a_removed_layer_is_nowhere_and_comes_back_to_its_keepers(town):
    own = own_layer(town, sharing=OwnLayer.Sharing.EVERYONE)
    remove_layer(own=own)
    with pytest.raises(Exception, match="own-trees"):
        layer_named("own-trees", town)
    clear_out(municipality=town)
    restore_layer(own=OwnLayer.objects.get())
    assert layer_named("own-trees", town).permission == "own.keep_layers"


def test_after_thirty_days_nothing_is_left(town):
    own = own_layer(town)
    remove_layer(own=own)
    OwnLayer.objects.update(removed_at=own.removed_at - OwnLayer.KEPT)
    clear_out(municipality=town)
    assert not OwnLayer.objects.exists()
    assert not OwnFeature.objects.exists()


def test_of_two_clicks_one_counts(town):
    file = uploaded(town)
    assert decide(file=file, decided=decided(file))
    assert not decide(file=LayerFile.objects.get(), decided=decided(file))
