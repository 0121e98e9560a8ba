import re
from html import unescape

import pytest

from tests.factories.accounts import staff
from tests.factories.geography import MunicipalityFactory

PAGES = [
    "",
    "?view=rounds",
    "?view=groups",
    "?view=changes",
    "errors/",
    "files/",
    "files/figures.csv",
    "files/figures.xlsx",
    "files/sdmx.csv",
    "files/geosight.csv",
    "town/",
    "zone/Q1/",
    "town/profile.pdf",
    "zone/Q1/profile.pdf",
]


def words(page):
    """What a reader sees, in one line."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(text).replace("\u200e", "").split())


def table(page, place=-1):
    """The cells of a table's rows, by the row's heading."""
    body = re.findall(r"<table.*?</table>", page, re.DOTALL)[place]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
    cells = [
        [words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]
    return {row[0]: row[1:] for row in cells}


@pytest.mark.parametrize("page", PAGES)
def test_strangers_are_sent_to_sign_in(client, at, page):
    response = client.get(at(page))
    assert response.status_code == 302
    assert "/account/login/" in response["Location"]


@pytest.mark.parametrize("role", ["resident", "cashier", "surveyor"])
def test_roles_without_estimates_are_refused(client, town, at, role):
    client.force_login(staff(town, role))
    assert {client.get(at(page)).status_code for page in PAGES} == {403}


def test_the_planner_of_another_town_is_refused(client, at):
    client.force_login(staff(MunicipalityFactory(), "planner"))
    assert {client.get(at(page)).status_code for page in PAGES} == {403}


def test_the_planner_opens_every_page_in_every_language(planner, at, two):
    for language in ("ar", "en", "fr"):
        for page in PAGES:
            assert planner.get(at(page, language)).status_code == 200, page


@pytest.mark.parametrize("page", ["", "errors/", "files/", "town/"])
def test_before_the_first_round_the_page_says_what_it_waits_for(read, page):
    assert "When a data manager publishes a survey round" in read(page)


def test_before_the_first_round_there_is_no_paper_and_no_file(planner, at, zones):
    for page in ("town/profile.pdf", "zone/Q1/profile.pdf", "files/figures.csv"):
        assert planner.get(at(page)).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "?indicator=none",
        "?round=none",
        "?breakdown=none",
        "?view=none",
        "?zone=none",
        "?zone=%00",
        "?against=none",
        "?release=99",
        "?release=x",
        "?release=99999999999999999999",
        "?release=٢",
        "zone/none/",
        "zone/none/profile.pdf",
        "files/figures.csv?release=99",
    ],
)
def test_what_does_not_exist_is_not_found(planner, at, publish, query):
    publish()
    assert planner.get(at(query)).status_code == 404


def test_zones_are_grouped_by_what_can_be_told_apart(read, two):
    page = read("?indicator=edu_oos")
    ranking = words(re.search(r'<ol class="ranking">.*?</section>', page, re.DOTALL)[0])
    places = [
        ranking.index(text)
        for text in (
            "Can't be told apart from: Whole town",
            "Quarter Q2",
            "Less need than",
            "Quarter Q1",
            "No figure to compare",
            "Quarter Q4",
        )
        if text in ranking
    ]
    assert places == sorted(places)
    assert "(*)" in ranking


def test_against_a_zone_the_groups_are_told_by_that_zone(read, two):
    page = words(read("?indicator=edu_oos&against=Q1"))
    assert "More need than: Quarter Q1" in page or "apart from: Quarter Q1" in page
    assert "Range of: Quarter Q1" in page


def test_every_figure_has_its_sample_interval_flag_release_and_definition(read, two):
    page = read("?indicator=edu_oos")
    rows = table(page)
    estimate = two.estimates.get(indicator="edu_oos", breakdown="all", zone__code="Q2")
    row = rows["Quarter Q2"]
    assert row[1] == str(round(100 * estimate.estimate))
    assert row[2] == f"{round(100 * estimate.low)}–{round(100 * estimate.high)}"
    assert row[3] == str(estimate.total)
    assert row[4:6] == [str(estimate.n), str(estimate.households)]
    assert row[-1] == "Reliable"
    assert rows["Quarter Q3"][1].startswith("(")
    assert rows["Quarter Q3"][1].endswith(")")
    assert rows["Quarter Q4"][:6] == ["–", "(*)", "–", "–", "–", "–"]
    assert "release 2" in words(page)
    assert "definition 1, our own, after MICS6" in words(page)


def test_ranks_are_ranges_and_the_withheld_has_none(read, two):
    rows = table(read("?indicator=edu_oos"))
    assert rows["Quarter Q4"][0] == "–"
    assert re.fullmatch(r"\d(–\d)?", rows["Quarter Q2"][0])


def test_the_table_is_searched_and_sorted(read, two):
    assert list(table(read("?indicator=edu_oos&q=q3")))[1:-1] == ["Quarter Q3"]
    by_name = list(table(read("?indicator=edu_oos&sort=name")))[1:-1]
    assert by_name == [
        "Quarter Q1",
        "Quarter Q2",
        "Quarter Q3",
        "Quarter Q4",
        "Quarter Q5",
    ]
    by_asked = list(table(read("?indicator=edu_oos&sort=n")))[1:-1]
    assert by_asked[2] == "Quarter Q3"


def test_a_search_that_finds_nothing_says_so_and_shows_the_way_back(read, two):
    page = read("?indicator=edu_oos&q=<b>nowhere")
    assert "No zone is called “<b>nowhere”." in words(page)
    assert "<b>nowhere" not in page
    assert "Show all zones" in page


def test_a_lasting_link_names_the_release(read, publish):
    first = publish("spring-2025")
    link = re.search(r'href="(\?[^"]+)">Lasting link', read("?indicator=edu_oos"))[1]
    assert f"release={first.number}" in link
    before = table(read(unescape(link)))
    publish("spring-2026")
    assert table(read(unescape(link))) == before


def test_rounds_stand_in_the_order_of_time_with_their_change(read, two):
    rows = table(read("?view=rounds&indicator=edu_oos&zone=Q1"))
    assert list(rows)[1:] == ["Spring 2025", "Spring 2026"]
    assert "Worse" in rows["Spring 2026"][-2] or "▲" in rows["Spring 2026"][-2]


def test_a_single_round_says_that_a_second_is_needed(read, publish):
    publish()
    page = read("?view=rounds&indicator=edu_oos")
    assert "published for one round only" in page
    assert "There is no earlier round to compare with" in read("?view=changes")


def test_groups_are_sorted_by_dimension_all_children_first(read, two):
    rows = table(read("?view=groups&indicator=edu_oos"), place=0)
    assert list(rows)[1:4] == ["All children", "Girls", "Boys"]
    assert list(rows)[4:] == ["Displaced households", "Households never displaced"]


def test_the_town_shows_two_groups_crossed(read, two):
    page = words(read("?view=groups&indicator=edu_oos"))
    assert "Two groups crossed, whole town Of 100 children" in page
    assert "Girls and boys by Displacement" in page
    of_zone = read("?view=groups&indicator=edu_oos&zone=Q1")
    assert "Two groups crossed" not in of_zone


def test_a_group_of_which_nothing_is_told_is_withheld_in_each_zone(read, two):
    group = two.estimates.filter(breakdown="displacement:yes").exclude(zone=None)
    assert group.filter(indicator="edu_oos").exists()
    assert not group.filter(indicator="edu_oos_primary").exists()
    rows = table(read("?breakdown=displacement:yes&indicator=edu_oos_primary"))
    assert "(*)" in rows["Quarter Q1"]
    assert "(*)" not in rows["Whole town"], "groups of a part are told of the town"


def test_changes_say_worse_no_evidence_and_why_not_comparable(read, two):
    page = read("?view=changes&indicator=edu_oos")
    rows = table(page)
    assert f"▲ {rows['Quarter Q1'][0]} {rows['Quarter Q1'][-1]}" in words(page)
    assert rows["Quarter Q1"][-1].startswith("Worse: ")
    assert rows["Quarter Q1"][0].startswith("+")
    assert rows["Quarter Q2"][-1] == "No evidence of change"
    reason = "Not comparable: one of the two figures is uncertain"
    assert rows["Quarter Q3"] == ["–", "–", "–", reason]
    assert "not published" in rows["Quarter Q4"][-1]


def test_a_corrected_release_points_to_the_newer_one(read, publish, town):
    old = publish()
    publish("spring-2025")
    url = f"?indicator=edu_oos&release={old.number}"
    assert "were corrected" not in read(url)
    newer = publish(extra=1)
    assert newer.number > old.number
    assert f"corrected in release {newer.number}" in read(url)


def test_sampling_errors_have_the_columns_of_mics(read, two):
    rows = table(read("errors/"))
    estimate = two.estimates.get(indicator="edu_oos", breakdown="all", zone=None)
    r, se = estimate.estimate, estimate.se
    assert rows["Out of school, all ages"] == [
        f"{100 * r:.1f}",
        f"{100 * se:.1f}",
        f"{100 * se / r:.1f}",
        f"{estimate.deff:.2f}",
        f"{estimate.deff**0.5:.2f}",
        f"{estimate.population:,}",
        str(estimate.n),
        f"{100 * (r - 2 * se):.1f}",
        f"{100 * (r + 2 * se):.1f}",
        str(estimate.definition_version),
    ]


def test_sampling_errors_of_a_withheld_figure_are_withheld(read, two):
    row = table(read("errors/?zone=Q4"))["Out of school, all ages"]
    assert row[0] == "(*)"
    assert "too few" in row[1]
    assert row[2:] == ["1"]


def test_an_indicator_that_was_not_asked_shows_a_dash(read, two):
    row = table(read("errors/"))["No internet at home"]
    assert row == ["–", "No data: no child was asked", "1"]


def test_the_town_reads_from_the_right_in_arabic(read, two):
    page = read("?indicator=edu_oos", "ar")
    assert '<html lang="ar" dir="rtl"' in page
    # Zero stands at the right end of the axis.
    assert re.search(r'x="100\.00%"[^>]*>0</text>', page)
    assert re.search(r'x="0\.00%"[^>]*>0</text>', read("?indicator=edu_oos"))


def test_the_zones_page_of_the_map_leads_to_its_profile(planner, town, two):
    page = planner.get(f"/en/{town.slug}/map/zone/Q1/").content.decode()
    link = f"/en/{town.slug}/figures/zone/Q1/?round=spring-2026"
    assert link in page
    assert planner.get(link).status_code == 200
