"""The product's main job, in Arabic, on the real server, as four people do it."""

from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import PATIENCE, accessibility_faults, new_page, press, sign_in
from tests.demo import ROOT, Demo

pytestmark = pytest.mark.browser

TOWN = "/ar/wadi-zaytoun"
FILE = ROOT / "fixtures/wadi-zaytoun/round-2026-spring.xlsx"
WATER = f"{TOWN}/map/?indicator=was_water&round=2026-spring&breakdown=all&view=table"


def workbook_with_unsafe_water(folder: Path, zone: str) -> Path:
    """The round again, but that all water of one zone's households is unsafe."""
    book = openpyxl.load_workbook(FILE)
    sheet = book["households"]
    column = {cell.value: cell.column for cell in sheet[1]}
    changed = 0
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, column["stratum"]).value == zone:
            sheet.cell(row, column["water_source"]).value = "unprotected_well"
            changed += 1
    assert changed > 10
    path = folder / "round-again.xlsx"
    book.save(path)
    return path


def share_of(page: Page, demo: Demo, zone: str) -> int:
    """Children of 100 in the zone, as the planner's table says it."""
    page.goto(f"{demo.url}{WATER}")
    row = page.locator("tr", has=page.locator(f"[data-zone='{zone}']"))
    return int(row.locator("td.number").first.inner_text().strip("()"))


def test_from_the_field_to_the_map_to_the_receipt(
    live_town: Demo, browser: Browser, tmp_path: Path
) -> None:
    zone = "Z07"
    with new_page(browser) as planner:
        sign_in(planner, live_town, "planner@wadi-zaytoun.example")
        before = share_of(planner, live_town, zone)

        with new_page(browser) as surveyor:
            sign_in(surveyor, live_town, "surveyor@wadi-zaytoun.example")
            surveyor.goto(f"{live_town.url}{TOWN}/surveys/rounds/2026-spring/upload/")
            surveyor.set_input_files(
                "input[type=file]", workbook_with_unsafe_water(tmp_path, zone)
            )
            surveyor.click("main form [type=submit]")
            surveyor.locator("form[action$='/load/'] [type=submit]").click()
            expect(surveyor.locator("main h1")).to_contain_text("هذه الإجابات")
            assert accessibility_faults(surveyor) == []

        with new_page(browser) as manager:
            sign_in(manager, live_town, "data@wadi-zaytoun.example")
            manager.goto(f"{live_town.url}{TOWN}/surveys/rounds/2026-spring/")
            manager.get_by_role("link", name="round-again.xlsx").click()
            press(manager, "form[action$='/approve/'] [type=submit]")
            expect(manager.locator("form[action$='/approve/']")).to_have_count(0)
            manager.goto(f"{live_town.url}{TOWN}/surveys/rounds/2026-spring/publish/")
            press(manager, "main form [type=submit]")
            expect(manager.locator("#publishing")).to_have_count(
                0, timeout=3 * PATIENCE
            )
            expect(manager.locator(".notice-attention")).to_have_count(0)
            assert accessibility_faults(manager) == []

        after = share_of(planner, live_town, zone)
        assert before < 60
        assert after > 95
        planner.goto(f"{live_town.url}{WATER.replace('&view=table', '')}&zone={zone}")
        expect(planner.locator("#zone")).to_contain_text("من كل 100 طفل")
        assert accessibility_faults(planner) == []


def test_a_resident_pays_a_bill_and_anyone_can_verify_the_receipt(
    live_town: Demo, browser: Browser
) -> None:
    with new_page(browser) as resident:
        sign_in(resident, live_town, "resident@wadi-zaytoun.example")
        resident.goto(f"{live_town.url}{TOWN}/bills/")
        expect(resident.locator("main")).to_contain_text("2,850,000")
        assert accessibility_faults(resident) == []
        resident.locator("form.bill-pay [type=submit]").click()
        resident.wait_for_url("**/demo-gateway/**")
        resident.click("button.pay")
        resident.wait_for_url("**/receipts/R-**")
        expect(resident.locator("main")).to_contain_text("2,850,000")
        assert accessibility_faults(resident) == []
        verify = resident.locator("a[href*='/verify/']").first.get_attribute("href")
        resident.goto(f"{live_town.url}{TOWN}/bills/")
        expect(resident.locator("main")).not_to_contain_text("2,850,000 ل.ل")

    with new_page(browser) as stranger:
        stranger.goto(verify if verify.startswith("http") else live_town.url + verify)
        expect(stranger.locator("main")).to_contain_text("2,850,000")


def test_a_resident_reports_and_an_officer_answers(
    live_town: Demo, browser: Browser
) -> None:
    words = "مصباح الشارع مطفأ أمام المدرسة منذ أسبوع."
    with new_page(browser) as resident:
        sign_in(resident, live_town, "resident@wadi-zaytoun.example")
        resident.goto(f"{live_town.url}{TOWN}/requests/report/")
        resident.check("[name=category][value=street_light]", force=True)
        resident.fill("[name=description]", words)
        assert accessibility_faults(resident) == []
        resident.click("main form [type=submit]")
        resident.wait_for_url("**/report/where/")
        resident.fill("[name=parcel]", "5-0464")
        assert accessibility_faults(resident) == []
        resident.click("main form [type=submit] >> nth=-1")
        resident.wait_for_url("**/report/photo/")
        resident.click("main form [type=submit] >> nth=-1")
        resident.wait_for_url("**/sent/")
        number = resident.url.rstrip("/").split("/")[-2]
        assert number in resident.locator("main").inner_text()

        with new_page(browser) as officer:
            sign_in(officer, live_town, "officer@wadi-zaytoun.example")
            officer.goto(f"{live_town.url}{TOWN}/requests/{number}/")
            expect(officer.locator("main")).to_contain_text(words)
            officer.select_option("[name=status]", "in_progress")
            officer.fill("[name=text]", "سيصل الفريق غداً.")
            press(officer, "form[action$='/answer/'] [type=submit]")
            expect(officer.locator("main")).to_contain_text("سيصل الفريق غداً.")
            assert accessibility_faults(officer) == []

        resident.goto(f"{live_town.url}{TOWN}/requests/{number}/")
        expect(resident.locator("main")).to_contain_text("سيصل الفريق غداً.")
