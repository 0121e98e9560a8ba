"""A new data manager's first round, from an XLSForm to published figures: in Arabic, in
a real browser, on the real server, with interviews as phones send them.

With PICTURES=FOLDER each step leaves a picture, as docs/walkthrough.md shows them.
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import openpyxl
import pytest
import requests
from lxml import etree
from playwright.sync_api import Browser, Page, expect

from tests.browser import PATIENCE, accessibility_faults, new_page, press, sign_in
from tests.demo import Demo
from tests.factories.forms import HOUSEHOLD
from tests.pictures import keep

pytestmark = pytest.mark.browser

TOWN = "/ar/ain-tineh"
SURVEYS = f"{TOWN}/surveys"
OPENROSA = {"x": "http://openrosa.org/xforms/xformsList"}
VISITS = 150
IMAGE = "| | image | photo |"
MINUTES = (
    "| | integer | water_minutes | كم دقيقة لجلب الماء؟ | Minutes to fetch water "
    "| Minutes pour l'eau | | . >= 0 |"
)
TODAY = datetime.now(UTC).date()


def xlsform(**changes: str) -> bytes:
    """The Markdown questionnaire as the workbook that people draw up in Excel."""
    text = HOUSEHOLD.replace("{form_id}", "first_round").replace("{version}", "1")
    text = text.replace(IMAGE, f"{MINUTES}\n{IMAGE}")
    for old, new in changes.items():
        text = text.replace(old, new)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for line in text.strip().splitlines():
        name, *cells = (cell.strip() for cell in line.strip().strip("|").split("|"))
        if name:
            sheet = book.create_sheet(name)
        else:
            sheet.append([cell or None for cell in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Walk:
    """The manager's page; every step is checked with axe and may leave a picture."""

    def __init__(self, page: Page, demo: Demo) -> None:
        self.page, self.demo = page, demo
        self.folder = os.environ.get("PICTURES")

    def go(self, address: str) -> None:
        self.page.goto(f"{self.demo.url}{address}")

    def press(self, button: str) -> None:
        press(self.page, button)

    def seen(self, name: str, *, at: str = "main h1") -> None:
        expect(self.page.locator(at).first).to_be_visible()
        assert accessibility_faults(self.page) == []
        if self.folder:
            self.page.evaluate("document.fonts.ready")
            self.page.locator(at).first.scroll_into_view_if_needed()
            keep(self.page, f"walk-{name}", Path(self.folder))

    def expect_next(self, title: str) -> None:
        """The round's page says what is to be done now."""
        self.go(f"{SURVEYS}/rounds/first/")
        expect(self.page.locator("li[aria-current=step] a")).to_have_text(title)


@pytest.fixture
def walk(live_town: Demo, browser: Browser) -> Iterator[Walk]:
    with new_page(browser, {"width": 1280, "height": 800}) as page:
        sign_in(page, live_town, "data@ain-tineh.example")
        yield Walk(page, live_town)


def test_from_a_questionnaire_to_published_figures(walk: Walk, browser: Browser):
    bring_the_questionnaire(walk)
    make_the_round(walk)
    send_surveyors_out(walk)
    address = set_a_phone_up(walk)
    unsafe = interview(walk, address)
    review(walk)
    publish(walk)
    look_at_the_map(walk.demo, browser, unsafe)


def bring_the_questionnaire(walk: Walk) -> None:
    page = walk.page
    walk.go(f"{SURVEYS}/forms/upload/")
    faulty = xlsform(**{"| date | interview_date |": "| date | persons |"})
    send_form(page, faulty)
    expect(page.locator("[role=alert]")).to_contain_text("survey")
    expect(page.locator("[role=alert]")).to_contain_text("10")
    walk.seen("form-refused")
    send_form(page, xlsform())
    page.wait_for_url("**/forms/versions/*/")
    walk.seen("form-draft")
    walk.press("form[action$='/trial/'] [type=submit]")
    expect(page.locator("main img")).to_be_visible()
    page.go_back()
    walk.press("form[action$='/publish/'] [type=submit]")
    expect(page.locator("form[action$='/publish/']")).to_have_count(0)


def send_form(page: Page, content: bytes) -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    page.set_input_files(
        "input[type=file]",
        {"name": "استمارة.xlsx", "mimeType": kind, "buffer": content},
    )
    page.click("main form [type=submit]")


def make_the_round(walk: Walk) -> None:
    page = walk.page
    walk.go(f"{SURVEYS}/new/")
    page.fill("[name=name_ar]", "الجولة الأولى")
    page.fill("[name=name_en]", "First round")
    page.fill("[name=name_fr]", "Première vague")
    page.fill("[name=code]", "first")
    page.fill("[name=starts_on]", str(TODAY - timedelta(days=30)))
    page.fill("[name=ends_on]", str(TODAY + timedelta(days=30)))
    page.fill("[name=school_year_start]", str(TODAY - timedelta(days=60)))
    page.click("main form [type=submit]")
    page.wait_for_url("**/rounds/first/")
    walk.seen("round-new")


def send_surveyors_out(walk: Walk) -> None:
    page = walk.page
    walk.expect_next("الاستمارة")
    walk.press("li[aria-current=step] a")
    page.select_option("[name=form]", label="الأسرة والأطفال")
    walk.press("form[action$='/field/open/'] [type=submit]")
    walk.expect_next("العيّنة")
    walk.press("li[aria-current=step] a")
    page.select_option("[name=design]", "stratified")
    page.fill("[name=size]", str(VISITS))
    page.fill("[name=seed]", "7")
    walk.press("form[action$='/field/sample/'] [type=submit]")
    walk.expect_next("من يذهب إلى أين")
    walk.go(f"{SURVEYS}/rounds/first/field/")
    balance = page.locator("form[action$='/balance/']")
    for box in balance.locator("[name=person]").all()[:3]:
        box.check()
    walk.press("form[action$='/balance/'] [type=submit]")
    walk.go(f"{SURVEYS}/rounds/first/field/map/")
    expect(page.locator("[data-legend] li").first).to_be_visible()
    walk.seen("field-map", at="[data-assign-map]")


def set_a_phone_up(walk: Walk) -> str:
    page = walk.page
    walk.go(f"{SURVEYS}/phones/")
    page.select_option("[name=surveyor]", label="سامر عيسى")
    walk.press("main form [type=submit]")
    walk.seen("phone", at="#issued")
    return page.locator(".surveys-address").inner_text()


def interview(walk: Walk, address: str) -> float:
    """As the phone does: looks for the form, fetches it, sends. Tells how many of 100
    children drink from the river, by the weights that the sample has.
    """
    asked = requests.get(f"{address}/formList?formID=first_round", timeout=30)
    listed = etree.fromstring(asked.content)
    form_url = listed.findtext(".//x:downloadUrl", namespaces=OPENROSA)
    assert "first_round" in requests.get(form_url, timeout=30).text
    chance, unsafe, children = random.Random(5), 0.0, 0.0
    for number, (parcel, weight) in enumerate(targets(walk.demo)):
        water = "piped" if chance.random() < 0.7 else "surface"
        count = chance.randint(1, 4)
        children += weight * count
        unsafe += weight * count * (water == "surface")
        send(address, household(number, parcel, water, count))
    walk.expect_next("المراجعة")
    walk.seen("round-visited")
    return 100 * unsafe / children


def targets(demo: Demo) -> list[tuple[str, float]]:
    """Parcels of the sample with their weights."""
    with demo.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.municipality', id::text, true) "
            "FROM geography_municipality WHERE slug = 'ain-tineh'"
        )
        cursor.execute(
            """SELECT p.code, t.base_weight
               FROM surveys_target t JOIN surveys_round r ON r.id = t.round_id
               JOIN geography_parcel p ON p.id = t.parcel_id
               WHERE r.code = 'first' ORDER BY p.code"""
        )
        return cursor.fetchall()


def household(number: int, parcel: str, water: str, count: int) -> str:
    roster = "".join(
        f"<children><child_id>C{n}</child_id><sex>{'female' if n % 2 else 'male'}</sex>"
        f"<birth_date>{TODAY.year - 4 - n}-03-0{n + 1}</birth_date></children>"
        for n in range(count)
    )
    return (
        f"<data id='first_round' version='1'><household_id>F{number:04}</household_id>"
        f"<parcel_code>{parcel}</parcel_code><interview_date>{TODAY}</interview_date>"
        f"<persons>{count + 2}</persons><water_source>{water}</water_source>"
        f"<water_minutes>5</water_minutes>{roster}"
        f"<meta><instanceID>uuid:{uuid4()}</instanceID></meta></data>"
    )


def send(address: str, xml: str) -> None:
    files = {"xml_submission_file": ("submission.xml", xml, "text/xml")}
    answer = requests.post(f"{address}/submission", files=files, timeout=30)
    assert answer.status_code == 201, answer.text


def review(walk: Walk) -> None:
    page = walk.page
    walk.go(f"{SURVEYS}/review/?round=first")
    walk.seen("queue")
    walk.press("table tbody th a")
    walk.seen("record")
    walk.go(f"{SURVEYS}/review/?round=first")
    while page.locator("[data-review-queue]").count():
        page.locator("[data-all]").check()
        walk.press("[name=action][value=approve]")
    walk.expect_next("انشر")


def publish(walk: Walk) -> None:
    page = walk.page
    walk.press("li[aria-current=step] a")
    walk.seen("publish")
    walk.press("main form [type=submit]")
    walk.go(f"{SURVEYS}/rounds/first/")
    expect(page.locator("#publishing")).to_have_count(0, timeout=3 * PATIENCE)
    expect(page.locator("li[aria-current=step]")).to_have_count(0)
    walk.seen("round-published")


def look_at_the_map(demo: Demo, browser: Browser, expected: float) -> None:
    with new_page(browser) as page:
        sign_in(page, demo, "planner@ain-tineh.example")
        walk = Walk(page, demo)
        view = "?round=first&breakdown=all&indicator="
        walk.go(f"{TOWN}/map/{view}hou_internet&view=table")
        expect(page.locator("main table")).to_contain_text("لم يُسأل عن أي طفل")
        walk.go(f"{TOWN}/map/{view}was_water&view=table")
        said = page.get_by_text("البلدة كلها:").inner_text()
        assert abs(int(said.split(":")[1].split()[0]) - expected) <= 1.5
        walk.go(f"{TOWN}/map/{view}was_water")
        page.wait_for_selector("[data-ready=yes]")
        walk.seen("map", at="main")
