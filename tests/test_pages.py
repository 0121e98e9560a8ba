"""Every page that a role can reach by links, in each language, wide and on a phone."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from django.urls import Resolver404, resolve
from django.utils.translation import override
from playwright.sync_api import Browser, Page

from tests.browser import PHONE, WIDE, accessibility_faults, new_page
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROLES = (
    "visitor", "resident", "surveyor", "data", "planner",
    "officer", "clerk", "cashier", "admin",
)  # fmt: skip
# These differ by role; of the others the first role's stand for all.
OF_THE_ROLE = {
    "portal:home", "surveys:list", "surveys:detail",
    "service_requests:detail", "billing:detail",
}  # fmt: skip
# The page in which the road begins, and what no link of it leads to.
STARTS = ("/ar/wadi-zaytoun/", "/ar/")
UNLINKED = {
    "visitor": (
        "/ar/account/password/reset/done/",
        "/ar/account/password/reset/key/1-gone/",
        "/ar/account/confirm-email/",
        "/ar/account/confirm-email/gone/",
    ),
    "resident": ("/ar/account/logout/", "/ar/account/password/change/"),
}


def enter(demo: Demo, role: str) -> requests.Session:
    session = requests.Session()
    if role == "visitor":
        return session
    url = f"{demo.url}/ar/account/login/"
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)', session.get(url).text)
    form = {
        "login": f"{role}@wadi-zaytoun.example",
        "password": "wadi-zaytoun-demo",
        "csrfmiddlewaretoken": token[1],
    }
    answer = session.post(url, form, headers={"Referer": url})
    assert "/account/login/" not in answer.url
    return session


def kind_of(address: str) -> str | None:
    """The route of a page of the first town or of the account; None for others."""
    parts = urlsplit(address)
    file = "." in parts.path.rsplit("/", 1)[-1]
    if not parts.path.startswith("/ar/") or "/ain-tineh/" in parts.path or file:
        return None
    try:
        with override("ar"):
            route = resolve(parts.path).view_name
    except Resolver404:
        return None
    return f"{route}?view" if "view=" in parts.query else route


def addresses(demo: Demo, role: str, session: requests.Session) -> dict[str, str]:
    """Of each kind of page that links lead to, one address. All open in Arabic."""
    found: dict[str, str] = {}
    waiting = deque([*STARTS, *UNLINKED.get(role, ())])
    while waiting:
        address = waiting.popleft()
        kind = kind_of(address)
        if kind is None or kind in found:
            continue
        answer = session.get(demo.url + address)
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        assert answer.status_code == 200, address
        found[kind] = address
        for link in re.findall(r'href="([^"#]+)"', answer.text):
            target = urlsplit(urljoin(demo.url + address, unescape(link)))
            waiting.append(target._replace(scheme="", netloc="", fragment="").geturl())
    return found


@pytest.fixture(scope="module")
def visits(live_town: Demo) -> dict[str, tuple[requests.Session, list[str]]]:
    """By role its session, and the pages that no role before has."""
    known: set[str] = set()
    plan = {}
    for role in ROLES:
        session = enter(live_town, role)
        found = addresses(live_town, role, session)
        plan[role] = session, [found[kind] for kind in found if kind not in known]
        known |= found.keys() - OF_THE_ROLE
    assert len(known) > 30, known
    return plan


def too_wide(page: Page) -> list[str]:
    wide = "document.documentElement.scrollWidth - innerWidth"
    faults = []
    for viewport in (WIDE, PHONE):
        page.set_viewport_size(viewport)
        if (beyond := page.evaluate(wide)) > 0:
            faults.append(f"{beyond} px wider than {viewport['width']}")
    return faults


def faults_of(page: Page, language: str) -> list[str]:
    """Accessible by day from right to left, and by night from left to right."""
    faults = too_wide(page)
    if language == "fr":
        return faults
    if language == "en":
        page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    return faults + accessibility_faults(page)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", ["ar", "en", "fr"])
def test_each_page_opens_fits_and_is_accessible(
    live_town: Demo, browser: Browser, visits: dict, language: str, role: str
):
    session, pages = visits[role]
    assert pages
    faults = []
    with new_page(browser) as page:
        page.emulate_media(reduced_motion="reduce")
        page.context.add_cookies(
            [
                {"name": each.name, "value": each.value, "url": live_town.url}
                for each in session.cookies
                if each.name != "django_language"
            ]
        )
        for address in pages:
            here = address.replace("/ar/", f"/{language}/", 1)
            answer = page.goto(live_town.url + here)
            if answer.status != 200:
                faults.append(f"{here}: {answer.status}")
                continue
            faults += [f"{here}: {each}" for each in faults_of(page, language)]
    assert faults == []
