"""A surveyor's day in a browser without network, in Arabic, on the real server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser import PATIENCE, PHONE, accessibility_faults, new_page, sign_in
from tests.demo import Demo

pytestmark = pytest.mark.browser

COLLECT = "/ar/wadi-zaytoun/surveys/collect/"
SURVEYOR = "surveyor3@wadi-zaytoun.example"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "بيت.jpg"
    exif = Image.Exif()
    exif[0x010F] = "Camera of the surveyor"
    Image.new("RGB", (2400, 1200), "#1f6f5c").save(path, exif=exif)
    return path


@contextmanager
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """Fails the test on a script's error. That a request failed may stand in the
    console: the browser writes it there itself.
    """
    context = browser.new_context(viewport=PHONE, locale="ar")
    context.set_default_timeout(PATIENCE)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == [], errors


def open_desk(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.url}{COLLECT}")
    expect(page.locator("#collect[data-ready]")).to_be_attached()


def ready_for_offline(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function(
        """async () => {
            const [key] = await caches.keys();
            const kept = key ? await (await caches.open(key)).keys() : [];
            return kept.some((each) => each.url.endsWith("/collect/"))
              && kept.some((each) => each.url.endsWith(".woff2"));
        }"""
    )


def question(page: Page, name: str) -> Locator:
    return page.locator(f"[data-name='{name}']")


def choose(page: Page, name: str, value: str) -> None:
    question(page, name).locator(f"input[value='{value}']").check()


def answer(page: Page, name: str, text: str) -> None:
    question(page, name).locator("input").fill(text)


def go_on(page: Page) -> None:
    page.locator("[data-next].btn").click()


def pick_on_map(page: Page, parcel: str) -> None:
    """Finds the parcel by its number, clears it again, and touches it on the map."""
    box = question(page, "parcel_code")
    box.locator("input[type=search]").fill(parcel)
    box.locator("ul button").first.click()
    box.locator("[data-clear]").click()
    expect(box.locator(".collect-chosen")).not_to_contain_text(parcel)
    box.locator(".collect-map").scroll_into_view_if_needed()
    box.locator(".collect-map").click()
    expect(box.locator(".collect-chosen")).to_contain_text(parcel)


def finish(page: Page) -> None:
    page.locator("[data-finish]").click()
    expect(page.locator("[data-outbox]")).to_be_visible()


def fill_interview(page: Page, photo: Path) -> None:
    choose(page, "outcome", "complete")
    go_on(page)
    choose(page, "consent", "yes")
    go_on(page)
    answer(page, "interview_date", "2026-11-24")
    answer(page, "surveyor", "سلمى")
    answer(page, "persons", "٢")
    for _module in range(3):
        go_on(page)
    answer(page, "child_count", "0")
    go_on(page)
    answer(page, "women_20_24", "1")
    go_on(page)
    answer(page, "woman_age", "٢٣")
    choose(page, "woman_married", "yes")
    answer(page, "woman_age_married", "١٧")
    go_on(page)
    question(page, "photo").locator("input[type=file]").set_input_files(photo)
    expect(question(page, "photo").locator("img")).to_be_visible()
    finish(page)


def parcels(page: Page) -> list[str]:
    rows = page.locator("[data-next] [data-start]")
    return [rows.nth(index).get_attribute("data-start") or "" for index in range(4)]


def stored(demo: Demo) -> list[tuple]:
    with demo.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.municipality', id::text, true) "
            "FROM geography_municipality WHERE slug = 'wadi-zaytoun'"
        )
        cursor.execute(
            """SELECT s.instance_id, s.outcome, p.code, count(a.*), min(a.content_type)
               FROM surveys_submission s
               LEFT JOIN geography_parcel p ON p.id = s.parcel_id
               LEFT JOIN surveys_arrival r ON r.submission_id = s.id
               LEFT JOIN surveys_attachment a ON a.arrival_id = r.id AND a.sha256 <> ''
               WHERE s.source = 'browser' GROUP BY s.id, p.code ORDER BY s.id"""
        )
        return cursor.fetchall()


def outbox(page: Page) -> Locator:
    return page.locator("[data-outbox] li")


def test_two_forms_filled_without_network_arrive_once(
    live_town: Demo, browser: Browser, photo: Path
) -> None:
    before = stored(live_town)
    with phone(browser) as context:
        page = context.new_page()
        sign_in(page, live_town, SURVEYOR)
        open_desk(page, live_town)
        ready_for_offline(page)
        assert accessibility_faults(page) == []
        first, second, *_others = parcels(page)

        context.set_offline(True)
        page.reload()
        expect(page.locator("#collect[data-ready]")).to_be_attached()
        page.locator("[data-form]").first.click()
        expect(question(page, "parcel_code")).to_be_visible()
        assert accessibility_faults(page) == []
        pick_on_map(page, first)
        fill_interview(page, photo)

        page.locator("[data-form]").first.click()
        pick_on_map(page, second)
        expect(page.locator(".collect-saved:not([data-pending])")).not_to_be_empty()
        page.close()

        # Another day: the half-filled form is where it was left.
        page = context.new_page()
        page.goto(f"{live_town.url}{COLLECT}")
        expect(outbox(page)).to_have_count(1)
        page.locator("[data-draft]").click()
        fill_interview(page, photo)
        expect(outbox(page)).to_have_count(2)
        page.close()

        page = context.new_page()
        page.goto(f"{live_town.url}{COLLECT}")
        expect(outbox(page)).to_have_count(2)
        context.set_offline(False)
        expect(page.locator(".collect-sent")).to_contain_text("2")
        expect(outbox(page)).to_have_count(0)
        page.close()
    arrived = stored(live_town)[len(before) :]
    assert [row[1:] for row in arrived] == [
        ("complete", first, 1, "image/jpeg"),
        ("complete", second, 1, "image/jpeg"),
    ]


def test_a_lost_answer_of_the_server_makes_no_second_record(
    live_town: Demo, browser: Browser
) -> None:
    before = stored(live_town)
    with phone(browser) as context:
        page = context.new_page()
        sign_in(page, live_town, SURVEYOR)
        open_desk(page, live_town)
        parcel = parcels(page)[2]
        lost = []

        def lose(route):
            """The server gets it; the phone never hears so, the first time."""
            response = route.fetch()
            if lost:
                return route.fulfill(response=response)
            lost.append(response.status)
            return route.fulfill(status=503, body="")

        page.route("**/collect/submission", lose)
        page.locator(f"[data-start='{parcel}']").click()
        choose(page, "outcome", "refused")
        go_on(page)
        page.locator("[data-finish]").click()
        expect(page.locator(".collect-sent")).to_be_visible()
        assert lost == [201]
    arrived = stored(live_town)[len(before) :]
    assert [row[1:3] for row in arrived] == [("refused", parcel)]


def test_a_session_that_ended_keeps_the_answers_and_asks_to_sign_in(
    live_town: Demo, browser: Browser
) -> None:
    before = stored(live_town)
    with new_page(browser, PHONE) as page:
        sign_in(page, live_town, SURVEYOR)
        open_desk(page, live_town)
        parcel = parcels(page)[3]
        page.context.clear_cookies()
        page.locator(f"[data-start='{parcel}']").click()
        choose(page, "outcome", "vacant")
        go_on(page)
        finish(page)
        notice = page.locator("[data-notice=signedOut]")
        expect(notice).to_be_visible()
        assert stored(live_town) == before
        notice.get_by_role("link").click()
        page.fill("[name=login]", SURVEYOR)
        page.fill("[name=password]", "wadi-zaytoun-demo")
        page.click("main [type=submit]")
        expect(page.locator(".collect-sent")).to_be_visible()
    assert [row[1:3] for row in stored(live_town)[len(before) :]] == [
        ("vacant", parcel)
    ]


def send_back(demo: Demo, parcel: str, words: str) -> None:
    """As the data manager does on the record's page."""
    demo.manage(
        "shell",
        "-c",
        f"""
from django.contrib.auth import get_user_model
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Submission
from surveys.review.services import take_step
town = Municipality.objects.get(slug="wadi-zaytoun")
with tenant(town):
    take_step(
        submission=Submission.objects.filter(source="browser", parcel__code="{parcel}").latest("pk"),
        action="send_back", note="{words}",
        by=get_user_model().objects.get(email="data@wadi-zaytoun.example"))
""",
    )


def state_of(demo: Demo, parcel: str) -> tuple:
    with demo.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.municipality', id::text, true) "
            "FROM geography_municipality WHERE slug = 'wadi-zaytoun'"
        )
        cursor.execute(
            "SELECT s.state, s.outcome, s.answers->>'persons' FROM surveys_submission s"
            " JOIN geography_parcel p ON p.id = s.parcel_id"
            " WHERE s.source = 'browser' AND p.code = %s",
            [parcel],
        )
        return cursor.fetchone()


def test_a_record_sent_back_is_corrected_in_the_browser(
    live_town: Demo, browser: Browser
) -> None:
    with new_page(browser, PHONE) as page:
        sign_in(page, live_town, SURVEYOR)
        open_desk(page, live_town)
        parcel = parcels(page)[0]
        page.locator(f"[data-start='{parcel}']").click()
        choose(page, "outcome", "refused")
        go_on(page)
        page.locator("[data-finish]").click()
        expect(page.locator(".collect-sent")).to_be_visible()
        send_back(live_town, parcel, "هل كان المنزل مهجورًا؟")
        assert state_of(live_town, parcel)[:2] == ("sent_back", "refused")

        page.reload()
        returned = page.locator(".collect-returned").first
        expect(returned).to_contain_text("هل كان المنزل مهجورًا؟")
        returned.locator("[data-correct]").click()
        expect(
            question(page, "outcome").locator("input[value=refused]")
        ).to_be_checked()
        choose(page, "outcome", "vacant")
        go_on(page)
        page.locator("[data-finish]").click()
        expect(page.locator(".collect-sent summary")).to_contain_text("2")
        expect(page.locator(".collect-returned")).to_have_count(0)
    assert state_of(live_town, parcel)[:2] == ("corrected", "vacant")


# Chromium's quota only counts megabytes: the database refuses as it does when it is full.
FULL = """
for (const name of ["put", "add"]) {
    const write = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (...given) {
        if (window.full) {
            window.refused = this.name;
            throw new DOMException("full", "QuotaExceededError");
        }
        return write.apply(this, given);
    };
}
"""


def test_a_full_device_is_said_and_loses_nothing_on_the_screen(
    live_town: Demo, browser: Browser
) -> None:
    with new_page(browser, PHONE) as page:
        page.add_init_script(FULL)
        sign_in(page, live_town, SURVEYOR)
        open_desk(page, live_town)
        parcel = parcels(page)[0]
        page.locator(f"[data-start='{parcel}']").click()
        expect(page.locator(".collect-saved:not([data-pending])")).not_to_be_empty()
        page.evaluate("window.full = true")
        choose(page, "outcome", "refused")
        expect(page.locator("[data-notice=full]")).to_be_visible()
        go_on(page)
        page.locator("[data-finish]").click()
        page.wait_for_function("() => refused === 'outbox'")
        # Not kept, so not taken away from the screen either.
        expect(page.locator("[data-finish]")).to_be_visible()
        page.evaluate("window.full = false")
        page.locator("[data-finish]").click()
        expect(page.locator(".collect-sent")).to_be_visible()
    assert state_of(live_town, parcel)[:2] == ("received", "refused")
