"""The profile on paper: two pages, embedded fonts, the words of the reader."""

import re
import subprocess
import sys
import zlib

import pytest
from django.utils.translation import override

from gisportal.press import OwnFiles
from gisportal.printing import PrintingFailed, print_pdf
from layers.explorer.paper import profile_pdf
from layers.explorer.profile import Profile
from layers.indicators.models import AreaEstimate


@pytest.fixture
def paper(planner, at):
    def paper(rest="zone/Q1/profile.pdf", language="en"):
        response = planner.get(at(rest, language))
        assert response.status_code == 200
        assert response["Content-Type"] == "application/pdf"
        return response.content

    return paper


def inflated(pdf: bytes) -> bytes:
    """The file with its compressed streams opened."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    opened = []
    for stream in streams:
        try:
            opened.append(zlib.decompressobj().decompress(stream))
        except zlib.error:
            continue
    return pdf + b"\n".join(opened)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", inflated(pdf)))


def letters(pdf: bytes) -> str:
    """All letters that the fonts of the file can show, from their ToUnicode maps."""
    codes = re.findall(rb"<[0-9a-fA-F]{4}> <([0-9a-fA-F]+)>", inflated(pdf))
    return "".join(bytes.fromhex(code.decode()).decode("utf-16-be") for code in codes)


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
@pytest.mark.parametrize("rest", ["zone/Q1/profile.pdf", "town/profile.pdf"])
def test_a_profile_is_at_most_three_pages_of_a4(paper, two, rest, language):
    pdf = paper(rest, language)
    assert pdf.startswith(b"%PDF-")
    assert 1 <= pages(pdf) <= 3
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", inflated(pdf))
    width, height = (float(part) for part in box.groups())
    assert (round(width), round(height)) == (595, 842)


def test_forty_two_indicators_fit_on_three_pages(two, town):
    profile = Profile.asked(town, "Q1", {})
    short = profile.needs
    profile.__dict__["needs"] = [short[n % len(short)] for n in range(42)]
    assert profile.long
    with override("ar"):
        assert pages(profile_pdf(profile)) <= 3


def test_the_fonts_are_the_towns_own_and_embedded(paper, two):
    arabic, english = (inflated(paper(language=each)) for each in ("ar", "en"))
    assert b"IBM-Plex-Sans-Arabic" in arabic.replace(b" ", b"-")
    assert b"IBM-Plex-Sans" in english.replace(b" ", b"-")
    for pdf in (arabic, english):
        assert re.search(rb"/FontFile[23]", pdf)


def test_an_arabic_paper_is_written_in_arabic(paper, two):
    found = letters(paper(language="ar"))
    assert set("أكبرالحاجات") <= set(found) | {" "}
    assert not set("أكبر") & set(letters(paper(language="en")))


def test_the_paper_says_what_the_release_says(two, town, zones):
    profile = Profile.asked(town, "Q1", {})
    need = profile.top[0]
    stored = two.estimates.get(
        indicator=need.indicator.code, breakdown="all", zone__code="Q1"
    )
    assert need.row.value == round(100 * stored.estimate)
    assert need.row.total == str(stored.total)
    assert need.moved.change.release_id == two.pk
    assert [each.row.figure.estimate for each in profile.top] == sorted(
        (each.row.figure.estimate for each in profile.top), reverse=True
    )


def test_a_zone_without_any_figure_has_a_profile_that_says_why(read, paper, two):
    assert "No figure of this zone may be shown" in read("zone/Q4/")
    assert pages(paper("zone/Q4/profile.pdf")) <= 3


def test_the_map_marks_the_zone_and_hatches_the_uncertain(two, town, read):
    picture = Profile.asked(town, "Q1", {}).picture
    shapes = {each["shape"].code: each for each in picture.shapes}
    assert picture.outline == shapes["Q1"]["shape"].path
    assert shapes["Q3"]["hatch"]
    assert shapes["Q4"]["blank"]
    assert shapes["Q4"]["sign"] == "(*)"
    page = read("zone/Q1/")
    assert "url(#map-" in page
    assert picture.outline in page
    assert Profile.asked(town, "", {}).picture.outline == ""


def test_a_paper_that_the_browser_holds_is_not_made_again(planner, at, two):
    first = planner.get(at("zone/Q1/profile.pdf"))
    url = at("zone/Q1/profile.pdf")
    assert planner.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    other = at("zone/Q1/profile.pdf", "ar")
    answer = planner.get(other, headers={"If-None-Match": first["ETag"]})
    assert answer.status_code == 200


def test_a_printed_page_loads_nothing_from_elsewhere(tmp_path):
    fetcher = OwnFiles(tmp_path)
    for url in ("http://example.org/a.png", "file:///etc/hostname"):
        with pytest.raises(ValueError, match=r"."):
            fetcher.fetch(url)
    assert print_pdf("<p>a</p>", style="profile").startswith(b"%PDF-")


def test_a_paper_is_printed_once(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    first = print_pdf("<p>kept</p>", style="profile", keep=True)
    kept = list((tmp_path / "papers").iterdir())
    assert [each.read_bytes() for each in kept] == [first]
    monkeypatch.setattr("sys.executable", "/nowhere")
    assert print_pdf("<p>kept</p>", style="profile", keep=True) == first
    with pytest.raises(FileNotFoundError):
        print_pdf("<p>another</p>", style="profile", keep=True)


def test_a_paper_with_a_name_on_it_is_not_kept(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    print_pdf("<p>a receipt</p>", style="receipt")
    assert list(tmp_path.iterdir()) == []


def test_a_press_that_fails_says_why(monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(PrintingFailed, match="ended with 1"):
        print_pdf("<p>a</p>", style="profile")


def test_a_web_process_does_not_load_what_prints():
    code = "import django; django.setup(); import gisportal.urls, sys; print('weasyprint' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_page_and_paper_tell_a_weak_zone_with_its_neighbours_as_released(
    two, town, read, monkeypatch
):
    printed = []
    monkeypatch.setattr(
        "layers.explorer.paper.print_pdf",
        lambda page, **how: printed.append(page) or b"",
    )
    profile = Profile.asked(town, "Q3", {})
    with override("en"):
        profile_pdf(profile)
    stored = AreaEstimate.objects.of_release(two).of_breakdown("all").of_level("merged")
    told = [(zones, need) for zones, needs in profile.together() for need in needs]
    assert told
    for zones, need in told:
        row = next(
            each
            for each in stored.of_indicator(need.indicator.code)
            if "Q3" in each.area.codes.split("+")
        )
        assert need.merged.figure == row
        assert not need.row.reliable
        for page in (printed[0], read("zone/Q3/")):
            panel = page.partition("Together with neighbours</h2>")[2]
            assert f">{zones}</th>" in panel
            assert f"<bdi>{need.merged.symbol}</bdi>" in panel
    with override("en"):
        profile_pdf(Profile.asked(town, "", {}))
    assert "Together with neighbours" not in printed[1]
