"""The README's pictures, retaken from a running demo: python -m tests.pictures URL"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import PHONE, WIDE, launch, sign_in
from tests.demo import Demo

FOLDER = Path(__file__).resolve().parent.parent / "docs/pictures"


def keep(page: Page, name: str, folder: Path = FOLDER) -> None:
    """256 colours are enough for flat drawings, and a third of the size."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(
        folder / f"{name}.png", optimize=True
    )


def open_page(browser: Browser, demo: Demo, person: str, language: str) -> Page:
    phone = person == "resident"
    context = browser.new_context(
        viewport=PHONE if phone else WIDE,
        device_scale_factor=2 if phone else 1,
        reduced_motion="reduce",
    )
    page = context.new_page()
    sign_in(page, demo, f"{person}@wadi-zaytoun.example", language)
    return page


def take_desk(browser: Browser, demo: Demo, language: str) -> None:
    page = open_page(browser, demo, "planner", language)
    page.goto(f"{demo.url}/{language}/wadi-zaytoun/map/")
    page.wait_for_selector("[data-ready=yes]")
    page.locator(".zone-key").nth(5).evaluate("key => key.click()")
    page.wait_for_selector("#zone:not([hidden]) .needs li")
    page.wait_for_timeout(3000)
    keep(page, f"desk-{language}")


def take_bills(browser: Browser, demo: Demo) -> None:
    page = open_page(browser, demo, "resident", "ar")
    page.goto(f"{demo.url}/ar/wadi-zaytoun/bills/")
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    keep(page, "bills-ar")


def take_report(browser: Browser, demo: Demo) -> None:
    page = open_page(browser, demo, "resident", "ar")
    page.goto(f"{demo.url}/ar/wadi-zaytoun/requests/report/")
    page.locator(".choice").first.click()
    page.fill("textarea", "عمود الإنارة مطفأ أمام المدرسة منذ ثلاثة أيام.")
    page.click("main form [type=submit]")
    page.wait_for_selector(".pin-map canvas")
    page.wait_for_timeout(1500)
    for _ in range(3):
        page.click(".maplibregl-ctrl-zoom-in")
        page.wait_for_timeout(700)
    page.click(".pin-map canvas", position={"x": 150, "y": 150})
    page.wait_for_timeout(2500)
    keep(page, "report-ar")


def main() -> None:
    demo = Demo(sys.argv[1].rstrip("/"), {}, FOLDER, ExitStack())
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, launch(playwright) as browser:
        for language in ("ar", "en"):
            take_desk(browser, demo, language)
        take_bills(browser, demo)
        take_report(browser, demo)


if __name__ == "__main__":
    main()
