"""A data manager reviews by keyboard, and all that match at once, in Arabic."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import PHONE, WIDE, accessibility_faults, new_page, press, sign_in
from tests.demo import Demo

pytestmark = pytest.mark.browser

QUEUE = "/ar/wadi-zaytoun/surveys/review/"


@pytest.fixture
def queue(live_town: Demo, browser: Browser) -> Iterator[Page]:
    with new_page(browser, WIDE) as page:
        sign_in(page, live_town, "data@wadi-zaytoun.example")
        page.goto(f"{live_town.url}{QUEUE}")
        yield page


def ticked(page: Page) -> list[int]:
    boxes = page.locator("tbody [name=record]").all()
    return [place for place, box in enumerate(boxes) if box.is_checked()]


def waiting(page: Page) -> list[str]:
    return page.locator("tbody th").all_inner_texts()


def undo(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^تراجع"))


def test_the_keys_move_tick_approve_and_every_step_is_read_aloud(queue: Page) -> None:
    before, said = waiting(queue), queue.locator("[data-chosen]")
    expect(said).to_have_attribute("role", "status")
    expect(said).to_have_text("لم يُختر شيء بعد.")
    key = queue.keyboard.press

    key("a")  # Nothing is ticked, so nothing happens.
    for down_or_up in "jjk":
        key(down_or_up)
    expect(queue.locator("tbody a").first).to_be_focused()
    key("x")
    assert ticked(queue) == [0]
    key("Shift+J")
    key("Shift+J")
    assert ticked(queue) == [0, 1, 2]
    expect(said).to_have_text("المختار في هذه الصفحة: 3")
    key("x")
    assert ticked(queue) == [0, 1]

    with queue.expect_navigation():
        key("a")
    told = queue.locator(".messages, [role=status]").filter(has_text="اعتمد")
    expect(told.first).to_contain_text("سجلان")
    assert not set(before[:2]) & set(waiting(queue))
    assert waiting(queue)[0] == before[2]
    press(queue, undo(queue))
    assert waiting(queue) == before


def test_a_click_with_shift_ticks_all_between(queue: Page) -> None:
    boxes = queue.locator("tbody [name=record]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    assert ticked(queue) == [1, 2, 3, 4]


def test_a_step_that_needs_words_asks_for_them_before_it_is_sent(queue: Page) -> None:
    for key in "jxb":
        queue.keyboard.press(key)
    note = queue.locator("[data-review-queue] [name=note]")
    assert note.evaluate("field => field.validationMessage") == (
        "اكتب ما الخطأ ليفهم الآخرون."
    )
    assert ticked(queue) == [0]


def test_all_that_match_are_counted_confirmed_approved_and_undone(queue: Page) -> None:
    state = queue.locator(".surveys-states a", has_text="فيه ملاحظات")
    count = state.locator("strong").inner_text()
    press(queue, state)
    before = waiting(queue)
    assert len(before) == int(count)
    queue.locator(".surveys-every summary").click()
    press(queue, queue.get_by_role("button", name="اعتمد الكل"))

    expect(queue.get_by_role("heading", level=1)).to_contain_text(count)
    assert accessibility_faults(queue) == []
    press(queue, queue.locator("main form [name=action]"))
    expect(queue.locator("tbody tr")).to_have_count(0)
    press(queue, undo(queue))
    expect(queue.locator("tbody tr")).to_have_count(len(before))
    assert waiting(queue) == before


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_queue_record_and_correction_are_accessible(
    live_town: Demo, queue: Page, viewport: dict
) -> None:
    queue.set_viewport_size(viewport)
    assert accessibility_faults(queue) == []
    press(queue, "tbody a")
    expect(queue.locator("[data-review-record]")).to_be_visible()
    assert accessibility_faults(queue) == []
    press(queue, ".surveys-answer-tools a")
    expect(queue.locator("#correct")).to_be_visible()
    assert accessibility_faults(queue) == []
