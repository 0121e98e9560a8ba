"""A form with every type of question, filled in the browser: stored as it was answered."""

import io
import mimetypes

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser import PHONE, accessibility_faults, new_page, sign_in
from tests.demo import Demo
from tests.javarosa.test_phone import EVERY_TYPE
from tests.surveys.collect.test_offline import (
    answer,
    go_on,
    open_desk,
    question,
)

pytestmark = pytest.mark.browser

SURVEYOR = "surveyor2@wadi-zaytoun.example"
FORM = (
    EVERY_TYPE.replace("{form_id}", "every")
    .replace("{version}", "1")
    .replace(
        "| | select_one_from_file parcels.geojson | parcel | عقار | Parcel | Parcelle | | | |"
        " value=id, label=title | |\n",
        "",
    )
)
SETUP = """
from datetime import date
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.questionnaires.services import add_version, publish_version
from surveys.rounds.services import open_round
from surveys.services import create_round
town = Municipality.objects.get(slug="wadi-zaytoun")
with tenant(town):
    version = add_version(municipality=town, content={form!r}.encode(), name="a.md", by=None)
    publish_version(version=version)
    round = create_round(municipality=town, code="every-type", names={{"ar": "كل الأنواع"}},
        starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31),
        school_year_start=date(2025, 9, 1))
    open_round(round=round, form=version.form)
"""
EXACT = {
    "words": "كلام بالعربية",
    "whole": 42,
    "part": 1.5,
    "range": 7,
    "day": "2026-11-02",
    "one": "fig",
    "some": ["fig", "olive"],
    "order": ["almond", "fig", "olive"],
    "code": "LB-1234",
    "seen": "OK",
    "double": "84",
    "files": 4,
}
# A camera that sees one bar code, on machines that have neither.
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => document.createElement("canvas").captureStream();
HTMLMediaElement.prototype.play = async () => {};
Object.defineProperty(HTMLMediaElement.prototype, "readyState", { get: () => 4 });
window.BarcodeDetector = class { async detect() { return [{ rawValue: "LB-1234" }]; } };
"""
FILES = {
    "sound": ("a.wav", b"RIFF\x24\x08\x00\x00WAVEfmt " + bytes(2000)),
    "film": (
        "a.mp4",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(2000),
    ),
    "paper": ("a.pdf", b"%PDF-1.4\n%%EOF\n"),
}


@pytest.fixture
def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2000, 1000), "#1f6f5c").save(out, "PNG")
    return out.getvalue()


def rank_first(page: Page, name: str) -> None:
    """Brings the last one to the top with the arrows."""
    box = question(page, "order").locator("li", has_text=name)
    for _step in range(2):
        box.get_by_role("button").first.click()


def place_points(page: Page, name: str, spots: list[tuple[int, int]]) -> None:
    board = question(page, name).locator(".collect-map")
    board.scroll_into_view_if_needed()
    for x, y in spots:
        board.click(position={"x": x, "y": y})


def fill_all(page: Page, photo: bytes) -> None:
    answer(page, "words", "كلام بالعربية")
    answer(page, "whole", "٤٢")
    answer(page, "part", "1٫5")
    question(page, "range").locator("input").fill("7")
    answer(page, "day", "2026-11-02")
    answer(page, "hour", "14:30")
    answer(page, "moment", "2026-11-02T14:30")
    question(page, "one").locator("input[value=fig]").check()
    for value in ("fig", "olive"):
        question(page, "some").locator(f"input[value={value}]").check()
    rank_first(page, "لوز")
    place = question(page, "point")
    place.get_by_role("button").first.click()
    expect(place.locator(".collect-chosen")).to_contain_text("33.79")
    place_points(page, "trace", [(80, 80), (120, 120)])
    place_points(page, "shape", [(80, 80), (140, 80), (110, 140)])
    question(page, "code").locator("[data-scan]").click()
    expect(question(page, "code").locator("input")).to_have_value("LB-1234")
    for name, (file, content) in {**FILES, "photo": ("a.png", photo)}.items():
        kind = mimetypes.guess_type(file)[0] or ""
        question(page, name).locator("input[type=file]").set_input_files(
            {"name": file, "mimeType": kind, "buffer": content}
        )
        taken = question(page, name).locator("img, .collect-chosen")
        expect(taken.first).to_be_visible()
    question(page, "seen").locator("input").check()
    expect(question(page, "note")).to_contain_text("42")
    expect(question(page, "hidden")).to_have_count(0)


def stored(demo: Demo) -> dict:
    with demo.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.municipality', id::text, true) "
            "FROM geography_municipality WHERE slug = 'wadi-zaytoun'"
        )
        cursor.execute(
            "SELECT s.answers, (SELECT count(*) FROM surveys_attachment a WHERE"
            " a.arrival_id = s.arrival_id AND a.sha256 <> '') FROM surveys_submission s"
            " JOIN surveys_round r ON r.id = s.round_id WHERE r.code = 'every-type'"
        )
        ((answers, files),) = cursor.fetchall()
        return {**answers, "files": files}


def test_every_type_of_question(
    live_town: Demo, browser: Browser, photo: bytes
) -> None:
    live_town.manage("shell", "-c", SETUP.format(form=FORM))
    with new_page(browser, PHONE) as page:
        page.context.grant_permissions(["geolocation"])
        page.context.set_geolocation(
            {"latitude": 33.79, "longitude": 35.81, "accuracy": 4.5}
        )
        page.add_init_script(CAMERA)
        sign_in(page, live_town, SURVEYOR)
        open_desk(page, live_town)
        page.locator("[data-form=every]").click()
        expect(question(page, "words")).to_be_visible()
        fill_all(page, photo)
        assert accessibility_faults(page) == []
        while page.locator("[data-next].btn").is_visible():
            go_on(page)
        page.locator("[data-finish]").click()
        expect(page.locator(".collect-sent")).to_be_visible()
    answers = stored(live_town)
    given = {name: answers[name] for name in EXACT}
    assert given == EXACT
    assert answers["hour"].startswith("14:30:00")
    assert answers["moment"].startswith("2026-11-02T14:30:00")
    assert answers["point"]["coordinates"][:2] == [35.81, 33.79]
    assert answers["point"]["accuracy"] == 4.5
    assert len(answers["trace"]["coordinates"]) == 2
    (ring,) = answers["shape"]["coordinates"]
    assert (len(ring), ring[0]) == (4, ring[-1])
    assert "hidden" not in answers
    assert [answers[name].rpartition(".")[2] for name in ("photo", *FILES)] == [
        "jpg",
        "wav",
        "mp4",
        "pdf",
    ]
