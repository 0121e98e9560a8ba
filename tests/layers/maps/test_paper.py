"""The printed map: its size, its scale and its words, read back from the PDF."""

from io import BytesIO

import pytest

from layers.maps.desk import View
from layers.maps.drawing import Ground
from layers.maps.errors import UnfitView
from layers.maps.paper import Paper, Sheet
from tests.factories.accounts import staff


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
