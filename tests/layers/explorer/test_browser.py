"""The explorer as a planner meets it: every view, wide and on a phone, light and dark."""

import pytest

from tests.browser import PHONE, WIDE, accessibility_faults, press, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VIEWS = (
    "",
    "?view=rounds&zone=Z05",
    "?view=groups",
    "?view=changes",
    "?q=nowhere",
    "means/",
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
    press(planner, "main form button")
    assert "indicator=hou_crowd" in planner.url
    assert planner.locator("h1").inner_text() == "Overcrowded home"
    assert planner.input_value("#breakdown") == "sex:female"


def test_the_desk_leads_to_the_ranking_of_what_it_shows(planner, live_town):
    planner.goto(f"{live_town.url}/en/wadi-zaytoun/map/?indicator=was_water&view=table")
    planner.click("text=Compare zones")
    planner.wait_for_url("**/figures/**")
    assert "indicator=was_water" in planner.url
    assert planner.locator(".ranking-row").count() == 24


def test_a_mean_is_made_in_a_form_that_asks_for_no_share(planner, live_town):
    planner.goto(f"{live_town.url}/en/wadi-zaytoun/indicators/own/new/")
    assert planner.is_visible("[name=variable_1]")
    assert planner.is_hidden("[name=number]")
    planner.fill("[name=first]", "0")
    planner.fill("[name=last]", "17")
    planner.select_option("[name=statistic]", "mean")
    assert planner.is_hidden("[name=variable_1]")
    planner.select_option("[name=number]", "water_minutes")
    planner.fill("[name=unit_en]", "minutes")
    planner.fill("[name=least]", "200")
    planner.fill("[name=most]", "100")
    planner.keyboard.press("Tab")
    planner.wait_for_selector("text=Give a number above the least believable value.")
    planner.fill("[name=least]", "0")
    planner.keyboard.press("Tab")
    said = planner.locator(".big-figure")
    said.wait_for()
    assert said.inner_text().startswith("On average about ")
    assert said.inner_text().endswith(" minutes")
    assert accessibility_faults(planner) == []
