"""The printed map: its size, its scale and its words, read back from the PDF."""

from io import BytesIO

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import Point

from layers.maps.desk import View
from layers.maps.drawing import Ground
from layers.maps.errors import UnfitView
from layers.maps.paper import Paper, Sheet
from tests.factories.accounts import staff
from tests.factories.geography import FacilityFactory, ParcelFactory, square


@pytest.fixture
def view(town, publish):
    publish()
    return View.asked(town, {})


def test_the_whole_town_fits_at_a_usual_scale(view):
    ground = Ground.of(view)
    for paper in ("A4", "A3"):
        for turn in ("landscape", "portrait"):
            sheet = Sheet(paper, turn)
            scale = sheet.fitting(ground)
            width, height = sheet.frame
            assert ground.width <= width * scale / 1000
            assert ground.height <= height * scale / 1000


def test_the_bar_is_as_long_as_the_scale_says(view):
    for scale in (1000, 7500, 10_000, 33_333, 250_000):
        paper = Paper(view, view, Sheet(scale=scale))
        length, unit = paper.bar["length"].split()
        metres = float(length) * (1000 if unit == "km" else 1)
        assert float(paper.bar["width"]) == pytest.approx(
            metres * 1000 / scale, abs=0.01
        )
        assert 20 <= float(paper.bar["width"]) <= 60


def test_the_view_box_is_the_frame_at_the_scale(view):
    paper = Paper(view, view, Sheet(scale=5000))
    _x, _y, width, height = map(float, paper.drawing.view_box.split())
    assert (width, height) == (paper.sheet.frame[0] * 5, paper.sheet.frame[1] * 5)


def test_a_square_of_the_ground_is_as_wide_in_metres_as_it_is(view):
    """Four squares of 0.005 degrees side by side, about 33.9 north."""
    ground = Ground.of(view)
    assert ground.width == pytest.approx(4 * 0.005 * 92_500, rel=0.01)


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
@pytest.mark.parametrize(
    "query",
    ["", "paper=A3&turn=portrait&scale_of=7500", "mode=bivariate&second=hou_crowd"],
)
def test_a_pdf_comes_in_every_language(client, town, view, language, query):
    client.force_login(staff(town, "planner"))
    answer = client.get(f"/{language}/{town.slug}/map/print.pdf?{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert BytesIO(answer.content).read(5) == b"%PDF-"
    assert (
        answer.content.count(b"/Type /Page\n") + answer.content.count(b"/Type /Page ")
        <= 1
    )


@pytest.mark.parametrize(
    "query",
    [{"paper": "A0"}, {"turn": "over"}, {"scale_of": "1:500"}, {"scale_of": "1"}],
)
def test_what_no_printer_has_is_refused(query):
    with pytest.raises(UnfitView):
        Sheet.asked(query)


def sheet_of(view, user, **query):
    return Paper.asked(view, view, {"layers": "names,outlines,figures", **query}, user)


def test_the_sheet_has_the_layers_of_the_desk_in_their_order_and_opacity(town, view):
    for place in range(3):
        ParcelFactory(
            municipality=town,
            geometry=square(west=35.821 + place * 0.001, side=0.0008),
        )
    asked = "facilities,outlines:40,figures:70,blocks"
    paper = sheet_of(view, staff(town, "planner"), layers=asked, scale_of="7500")
    assert [each and each.title for each in paper.stack] == [
        "Blocks",
        None,
        "Parcel outlines",
        "Facilities",
    ]
    outlines = paper.layers["outlines"]
    assert outlines.opacity == 0.4
    assert outlines.marks[0].path.count("M") == 3
    assert outlines.source == town.name
    assert paper.names == []
    assert paper.figures_clear == "0.70"


def test_what_is_too_small_or_too_much_is_told_and_not_drawn(town, view, monkeypatch):
    planner = staff(town, "planner")
    for place in range(3):
        ParcelFactory(
            municipality=town,
            geometry=square(west=35.821 + place * 0.001, side=0.0008),
        )
    small = sheet_of(view, planner, scale_of="250000").layers["outlines"]
    assert "not drawn: shown from 1:" in small.note
    assert small.marks == []
    monkeypatch.setattr("layers.maps.paper_layers.MOST", 2)
    many = sheet_of(view, planner, scale_of="7500").layers["outlines"]
    assert "more than 2 features" in many.note
    assert many.marks == []


def test_parcel_numbers_are_only_on_the_paper_of_those_who_may_see_them(town, view):
    ParcelFactory(
        municipality=town, code="P-77", geometry=square(west=35.821, side=0.0008)
    )
    asked = {
        "layers": "parcels,figures",
        "scale_of": "1000",
        "at": "17/33.7904/35.8214",
    }
    seen = sheet_of(view, staff(town, "planner"), **asked)
    west, south, east, north = seen.extent
    assert seen.layers["parcels"].words[0][0] == "P-77", (west, south, east, north)
    assert "parcels" not in sheet_of(view, AnonymousUser(), **asked).layers


@pytest.mark.parametrize(
    "text",
    ["facilities.owner=x", "facilities.kind>3", "facilities.kind=a\x00b", "facilities.code>1e9"],
)  # fmt: skip
def test_a_filter_that_a_layer_does_not_have_is_refused(town, view, text):
    with pytest.raises(UnfitView, match="cannot be filtered"):
        sheet_of(view, staff(town, "planner"), filter=text)


def test_a_filter_leaves_features_out(town, view):
    for place, kind in enumerate(("school", "clinic")):
        FacilityFactory(
            municipality=town,
            kind=kind,
            geometry=Point(35.822 + place / 1000, 33.792, srid=4326),
        )
    planner = staff(town, "planner")
    whole = {"layers": "facilities,figures", "scale_of": "7500"}
    keys = {
        text: [
            key.label
            for key in sheet_of(view, planner, filter=text, **whole)
            .layers["facilities"]
            .keys
        ]
        for text in ("", "facilities.kind=school", "facilities.kind~LIN")
    }
    assert keys == {
        "": ["school", "clinic"],
        "facilities.kind=school": ["school"],
        "facilities.kind~LIN": ["clinic"],
    }
