from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Playwright

from tests.demo import Demo

# WebGL in software, because a server has no graphics card; no talk to the outside.
FLAGS = [
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 780}
# Milliseconds until a page is given up: only a failing test waits for them.
PATIENCE = 60_000
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def launch(playwright: Playwright) -> Browser:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "These tests drive Chromium; `./run test` installs it."
    # Chromium's own sandbox refuses to run as root.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    return playwright.chromium.launch(executable_path=program, args=flags)


@contextmanager
def new_page(browser: Browser, viewport: dict | None = None) -> Iterator[Page]:
    context = browser.new_context(
        viewport=viewport or WIDE, locale="ar", timezone_id="Asia/Beirut"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(f"{message.text} {message.location['url']}")
            if message.type == "error"
            else None
        ),
    )
    yield page
    context.close()
    assert errors == [], errors


def sign_in(page: Page, demo: Demo, email: str, language: str = "ar") -> None:
    page.goto(f"{demo.url}/{language}/account/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", "wadi-zaytoun-demo")
    page.click("main [type=submit]")
    page.wait_for_url(lambda url: "/account/login" not in url)


def press(page: Page, button: str | Locator) -> None:
    """Clicks and waits for the page that follows: what comes next is asked of that one."""
    place = page.locator(button).first if isinstance(button, str) else button
    with page.expect_navigation():
        place.click()


# What is painted while a colour or a place passes into another is no state of the page.
AT_REST = """async () => {
    const passing = document.getAnimations().filter((each) =>
        each.playState === "running" && Number.isFinite(each.effect.getComputedTiming().endTime));
    await Promise.allSettled(passing.map((each) => each.finished));
}"""


LET_GO = """() => {
    for (const each of document.querySelectorAll("body *")) {
        if (getComputedStyle(each).position !== "sticky") continue;
        each.dataset.sticky = each.style.position;
        each.style.position = "relative";
        each.style.inset = "auto";
    }
}"""
HOLD_AGAIN = """() => {
    for (const each of document.querySelectorAll("[data-sticky]")) {
        each.style.position = each.dataset.sticky;
        each.style.inset = "";
        delete each.dataset.sticky;
    }
}"""


def accessibility_faults(page: Page, only: list[str] = STANDARDS) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, a line per rule and place.

    `only` names axe's tags or rules.
    """
    # A field half under a bar that stays in sight would count as a small target, and how
    # far a page has rolled differs with the machine: so no bar stays for as long.
    page.evaluate(LET_GO)
    page.evaluate(AT_REST)
    # No rule of these standards reads the style sheets, which it would fetch once more.
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
    results = Axe().run(page, options=options)
    page.evaluate(HOLD_AGAIN)
    return [
        f"{fault['id']}: {fault['help']} ({', '.join(str(node['target']) for node in fault['nodes'][:3])})"
        for fault in results.response["violations"]
    ]
