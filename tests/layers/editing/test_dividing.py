"""One place into many: by several lines, by given pieces; codes that nobody wrote."""

import json
from datetime import date

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon, box

from layers.editing import cutting, numbering
from layers.editing.errors import EditRefused
from layers.editing.models import Edit, Layer
from layers.editing.pieces import read_pieces
from layers.geography.errors import ImportRefused
from layers.geography.models import Parcel
from tests.factories.geography import ParcelFactory, ZoneFactory
from tests.layers.editing.ground import area, at
from tests.layers.editing.test_services import LONG_AGO, codes, ring, shape

U = 0.001
SQUARE = MultiPolygon([box(0, 0, U, U)])


def line(*corners) -> LineString:
    return LineString([(x * U, y * U) for x, y in corners])


# -- lines -----------------------------------------------------------------------------


def test_a_line_may_end_on_another():
    across, down = line((-1, 0.5), (2, 0.5)), line((0.3, 0.5), (0.3, -1))
    pieces = cutting.split(SQUARE, [across, down])
    assert [round(each.area / U**2, 3) for each in pieces] == [0.5, 0.35, 0.15]
    assert cutting.idle(SQUARE, [across, down]) == []


def test_a_line_that_ends_inside_is_idle():
    across, inside = line((-1, 0.5), (2, 0.5)), line((0.3, 0.1), (0.6, 0.2))
    hanging = line((0.7, 0.7), (0.7, 2))
    assert len(cutting.split(SQUARE, [across, inside, hanging])) == 2
    assert cutting.idle(SQUARE, [across, inside, hanging]) == [1, 2]


def test_a_line_that_crosses_itself_cuts_out_its_loop():
    loop = line((-0.1, 0.4), (0.8, 0.4), (0.8, 0.8), (0.4, 0.8), (0.4, -0.1))
    pieces = cutting.split(SQUARE, loop)
    assert [round(each.area / U**2, 2) for each in pieces] == [0.68, 0.16, 0.16]


def test_a_line_along_the_border_cuts_nothing():
    assert len(cutting.split(SQUARE, line((0, 0), (1, 0)))) == 1


def test_holes_and_islands_are_kept():
    holed = MultiPolygon(
        [
            Polygon(box(0, 0, U, U).exterior, [box(0.4 * U, 0.4 * U, 0.6 * U, 0.6 * U).exterior.coords]),
            box(2 * U, 0, 2.1 * U, U),
        ]
    )  # fmt: skip
    pieces = cutting.split(holed, line((-1, 0.5), (1.5, 0.5)))
    assert len(pieces) == 2
    assert len(pieces[0].geoms) == 2
    assert sum(each.area for each in pieces) == pytest.approx(holed.area)
    through = cutting.split(holed, line((-1, 0.2), (1.5, 0.2)))
    assert sorted(len(p.interiors) for p in through[0].geoms) == [0, 1]
    assert cutting.merge(pieces).symmetric_difference(holed).area < 1e-16


@given(st.lists(st.floats(0.05, 0.95), min_size=2, max_size=5, unique=True))
def test_many_lines_leave_nothing_out(places):
    upright = [line((x, -1), (x, 2)) for x in places]
    pieces = cutting.split(SQUARE, [*upright, line((-1, 0.5), (2, 0.5))])
    assert sum(each.area for each in pieces) == pytest.approx(SQUARE.area, rel=1e-4)
    assert shapely.union_all(pieces).symmetric_difference(SQUARE).area < 1e-14


def test_a_parcel_is_cut_in_four_with_codes_that_are_free(edit, parcels, block):
    ParcelFactory(municipality=block, code="2/2", valid_from=LONG_AGO, valid_until=date(2021, 1, 1), geometry=area(1, 0, 2, 1))  # fmt: skip
    cross = ((at(1.4, -1), at(1.4, 2)), (at(0.5, 0.4), at(2.5, 0.4)))
    outcome = edit("split", codes=["2"], lines=cross)
    assert outcome.remarks == []
    assert set(parcels()) == {*"123456", "2/1", "2/3", "2/4"}
    assert parcels()["2"].area == max(parcels()[c].area for c in ("2", "2/1", "2/3"))
    own = Parcel.objects.of(block).current().filter(code__startswith="2")
    assert sum(row.area for row in own) == pytest.approx(2500, rel=0.02)


def test_the_line_that_cuts_nothing_is_named(edit):
    lines = ((at(1.4, -1), at(1.4, 2)), (at(1.6, 0.2), at(1.8, 0.8)))
    with pytest.raises(EditRefused, match="Line 2 cuts nothing off “2”"):
        edit("split", codes=["2"], lines=lines)


# -- pieces ----------------------------------------------------------------------------


def piece(x0, y0, x1, y1):
    return ring(at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1))


def test_given_pieces_take_the_place_of_the_whole(edit, parcels):
    before = shape(parcels()["2"])
    # The file's corners miss those of the register by some millimetres.
    west = shapely.transform(piece(1, 0, 1.5, 1), lambda corners: corners + 4e-8)
    given = (("2a", west), ("2", piece(1.5, 0, 2, 0.5)), ("2c", piece(1.5, 0.5, 2, 1)))
    outcome = edit("split", codes=["2"], pieces=given)
    assert outcome.remarks == []
    after = parcels()
    own = [shape(after[code]) for code in ("2", "2a", "2c")]
    assert shapely.union_all(own).symmetric_difference(before).area < 1e-15
    assert after["2"].valid_from == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([piece(1, 0, 1.5, 1)], "holds one piece"),
        ([piece(1, 0, 1.5, 1), piece(1.6, 0, 2, 1)], "leave ground of “2” to nobody, at 35.83"),
        ([piece(1, 0, 1.5, 1), piece(1.5, 0, 2.1, 1)], "reach beyond “2”, at 35.83"),
        ([piece(1, 0, 1.6, 1), piece(1.5, 0, 2, 1)], "lie on each other, at 35.83"),
    ],
)  # fmt: skip
def test_pieces_that_do_not_make_up_the_whole_are_refused(edit, given, said):
    given = tuple((f"p{number}", each) for number, each in enumerate(given))
    with pytest.raises(EditRefused, match=said):
        edit("split", codes=["2"], pieces=given, accepted=True)
    assert not Edit.objects.exists()


def geojson(*shapes, column="code", **more):
    features = [
        {
            "type": "Feature",
            "properties": {column: f"2/{number}"},
            "geometry": shapely.geometry.mapping(each),
            **more,
        }
        for number, each in enumerate(shapes, 1)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    return SimpleUploadedFile("pieces.geojson", text.encode())


def test_a_file_of_pieces_is_read_or_says_what_is_wrong(block):
    shapes = [piece(1, 0, 1.5, 1), piece(1.5, 0, 2, 1)]
    found = read_pieces(block, geojson(*shapes))
    assert [code for code, _shape in found] == ["2/1", "2/2"]
    assert all(one.equals(other) for (_c, one), other in zip(found, shapes, strict=True))  # fmt: skip
    with pytest.raises(ImportRefused, match="No column looks like the code"):
        read_pieces(block, geojson(*shapes, column="colour"))
    with pytest.raises(EditRefused, match="Row 1 of the file has no geometry"):
        read_pieces(block, _one_empty())
    with pytest.raises(ImportRefused):
        read_pieces(block, SimpleUploadedFile("pieces.geojson", b"%PDF-1.7"))


def _one_empty():
    file = json.loads(geojson(piece(1, 0, 1.5, 1), piece(1.5, 0, 2, 1)).read())
    file["features"][0]["geometry"] = None
    return SimpleUploadedFile("pieces.geojson", json.dumps(file).encode())


# -- codes and parents -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "next_one"),
    [
        ([], "1"),
        (["A", "B"], "1"),
        (["Z01", "Z09", "old3"], "Z10"),
        (["1-0098", "1-0099", "2-0500"], "1-0100"),
        (["7", "12", "12/1", "12/2", "12/3"], "13"),
    ],
)
def test_a_new_code_goes_on_with_the_commonest_series(known, next_one):
    assert numbering.following(known) == next_one


def test_an_added_block_lies_in_the_quarter_that_holds_it(edit, block, zones):
    ZoneFactory(municipality=block, code="B7", kind="block", valid_from=LONG_AGO, geometry=area(1, 0, 2, 1))  # fmt: skip
    inside = ring(at(2, 0), at(3, 0), at(3, 1), at(2, 1))
    assert edit("add", Layer.BLOCKS, geometry=inside).remarks == []
    added = zones()["B8"]
    assert added.parent == zones()["E"]
    assert added.name_en == "Block B8"


def test_a_parent_that_does_not_hold_the_block_is_refused(edit, block, zones):
    across = ring(at(0.5, 1), at(2, 1), at(2, 2), at(0.5, 2))
    outcome = edit("add", Layer.BLOCKS, geometry=across, parent_id=zones()["E"].pk, accepted=True)  # fmt: skip
    assert codes(outcome) == [("beyond_parent", ("1",))]
    assert outcome.errors[0].square_metres == pytest.approx(1250, rel=0.02)
    assert edit("add", Layer.BLOCKS, geometry=across).edit
    assert zones()["1"].parent is None
    with pytest.raises(EditRefused, match="or of no higher kind"):
        edit("add", Layer.QUARTERS, geometry=across, parent_id=zones()["E"].pk)


def test_pieces_of_a_block_stay_under_its_quarter(edit, block, zones):
    ZoneFactory(municipality=block, code="B7", kind="block", parent=zones()["E"], valid_from=LONG_AGO, geometry=area(1, 0, 2, 1))  # fmt: skip
    edit("split", Layer.BLOCKS, codes=["B7"], line=[at(1.4, -1), at(1.4, 2)])
    assert {zones()[code].parent.code for code in ("B7", "B7-1")} == {"E"}
