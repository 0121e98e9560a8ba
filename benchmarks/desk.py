"""First view of the planner's desk on a slow phone, and how fast it changes indicator.

Usage: python -m benchmarks.desk URL [LANGUAGE]: a running demo, such as
http://127.0.0.1:8000. The phone: 360 × 780, 1.6 Mbit/s down, 150 ms there and back, a
processor four times as slow; nothing cached. The yardstick is the same page's table
(`?view=table`), which has no map.
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser import PHONE, launch, sign_in
from tests.demo import Demo

RUNS = 5
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 0.75e6 / 8,
}
ROOM = "wadi-zaytoun/map/"


def phone(browser: Browser, demo: Demo, language: str) -> tuple[Page, CDPSession]:
    page = browser.new_context(viewport=PHONE).new_page()
    sign_in(page, demo, "planner@wadi-zaytoun.example", language)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    return page, cdp


def slow_down(cdp: CDPSession, *, slow: bool) -> None:
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": slow})
    usual = {**SLOW, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    cdp.send("Network.emulateNetworkConditions", SLOW if slow else usual)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4 if slow else 1})


PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def first_view(page: Page, cdp: CDPSession, url: str, ready: str) -> tuple[float, int]:
    """Seconds until `ready` is there, and bytes over the wire until then."""
    received = [0]
    cdp.on(
        "Network.loadingFinished",
        lambda event: received.__setitem__(
            0, received[0] + int(event["encodedDataLength"])
        ),
    )
    page.goto("about:blank")
    slow_down(cdp, slow=True)
    received[0] = 0
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(
        ready, timeout=120_000, state="visible" if "svg" in ready else "attached"
    )
    spent = time.perf_counter() - begin
    # What the document holds is seen once the browser has painted.
    if "svg" in ready:
        spent = max(spent, page.wait_for_function(PAINTED).json_value() / 1000)
    slow_down(cdp, slow=False)
    return spent, received[0]


CHANGE = """async ([code]) => {
  const legend = document.querySelector("[data-scale]");
  const done = new Promise((resolve) => {
    new MutationObserver((_all, observer) => {
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
    }).observe(legend, { childList: true });
  });
  const select = document.getElementById("indicator");
  select.value = code;
  const begin = performance.now();
  select.dispatchEvent(new Event("change", { bubbles: true }));
  return (await done) - begin;
}"""


def changes(page: Page, url: str) -> list[float]:
    """Milliseconds from the choice of an indicator to two frames after it is drawn."""
    page.goto(url)
    page.wait_for_selector("[data-ready=yes]", timeout=120_000)
    codes = page.locator("#indicator option").evaluate_all(
        "all => all.map((x) => x.value)"
    )
    return [page.evaluate(CHANGE, [code]) for code in codes[1:12]]


def main() -> None:
    demo = Demo(sys.argv[1].rstrip("/"), {}, Path(), ExitStack())
    language = sys.argv[2] if len(sys.argv) > 2 else "ar"
    url = f"{demo.url}/{language}/{ROOM}"
    with sync_playwright() as playwright, launch(playwright) as browser:
        page, cdp = phone(browser, demo, language)
        looks = {
            "picture of the figures": (url, "#first svg"),
            "map that can be moved, with all tiles": (url, "[data-movable=yes]"),
            "the same at rest": (url, "[data-ready=yes]"),
            "table, no map (yardstick)": (f"{url}?view=table", "table tbody tr"),
        }
        for what, (address, ready) in looks.items():
            runs = [first_view(page, cdp, address, ready) for _ in range(RUNS)]
            seconds = statistics.median(run[0] for run in runs)
            print(f"{what}: {seconds:.1f} s, {runs[-1][1] / 1000:.0f} kB")
        spent = changes(page, url)
        print(
            f"another indicator: median {statistics.median(spent):.0f} ms, slowest {max(spent):.0f} ms"
        )


if __name__ == "__main__":
    main()
