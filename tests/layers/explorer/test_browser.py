"""The explorer as a planner meets it: every view, wide and on a phone, light and dark."""

import pytest

from tests.browser import PHONE, WIDE, accessibility_faults, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VIEWS = (
    "",
    "?view=rounds&zone=Z05",
    "?view=groups",
    "?view=changes",
    "?q=nowhere",
    "errors/?zone=Z05",
    "files/",
    "town/",
    "zone/Z05/",
)


@pytest.fixture
def planner(page, live_town):
    sign_in(page, live_town, "planner@wadi-zaytoun.example")
    return page


def test_every_view_fits_and_is_accessible(planner, live_town):
    faults = []
    for view in VIEWS:
        planner.goto(f"{live_town.url}/ar/wadi-zaytoun/figures/{view}")
        for size in (WIDE, PHONE):
            planner.set_viewport_size(size)
            beyond = "document.documentElement.scrollWidth - innerWidth"
            if (wide := planner.evaluate(beyond)) > 0:
                faults.append(f"{view}: {wide} px wider than {size['width']}")
        for theme in ("light", "dark"):
            planner.evaluate(f"document.documentElement.dataset.bsTheme = '{theme}'")
            faults += [f"{view} {theme}: {x}" for x in accessibility_faults(planner)]
    assert faults == []


def test_the_form_chooses_without_a_script_and_the_address_keeps_it(planner, live_town):
    planner.goto(f"{live_town.url}/en/wadi-zaytoun/figures/")
    planner.select_option("#indicator", "hou_crowd")
    planner.select_option("#breakdown", "sex:female")
    planner.click("main form button")
    assert "indicator=hou_crowd" in planner.url
    assert planner.locator("h1").inner_text() == "Overcrowded home"
    assert planner.input_value("#breakdown") == "sex:female"


def test_the_desk_leads_to_the_ranking_of_what_it_shows(planner, live_town):
    planner.goto(f"{live_town.url}/en/wadi-zaytoun/map/?indicator=was_water&view=table")
    planner.click("text=Compare zones")
    planner.wait_for_url("**/figures/**")
    assert "indicator=was_water" in planner.url
    assert planner.locator(".ranking-row").count() == 24
