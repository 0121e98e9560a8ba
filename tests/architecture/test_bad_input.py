"""Whatever stands in an address, a query or a form, the answer is never our fault."""

from contextlib import contextmanager
from functools import cache
from itertools import product
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction

from gisportal import printing
from tests.architecture.test_routes import TOWN_ROUTES

pytestmark = pytest.mark.slow

SEEDS = (
    "",
    "a\x00b",
    "\ud800",
    "-1",
    str(2**63),
    "9" * 5000,
    "NaN",
    "-1e400",
    "0000-01-01",
    "9999-12-31",
    "' OR 1=1 -- ../../etc/passwd {% endraw %}{{ 7*7 }}",
    "\u202e\ufeff\u0661\u0662",
    "x" * 20_000,
)
# Of each kind one, where every route is asked.
FEW = ("a\x00b", "\ud800", str(2**63), "9" * 5000, "NaN")
# What each page reads from its query.
READ = {
    "maps:desk": (
        *("zone", "round", "indicator", "breakdown", "view", "mode", "second", "other"),
        *("method", "classes", "breaks", "palette", "scale", "compare"),
    ),
    "maps:area": ("area", "zones", "breakdown"),
    "maps:search": ("q",),
    "maps:multiples": ("over", "breakdown"),
    "maps:print": ("paper", "turn", "scale_of", "at", "alpha"),
    "maps:saved_create": ("state",),
    "maps:story": ("name",),
    "explorer:list": (
        "view",
        "indicator",
        "breakdown",
        "zone",
        "round",
        "release",
        "against",
        "q",
        "sort",
    ),
    "explorer:errors": ("zone", "breakdown", "release"),
    "explorer:zone": ("round", "release"),
    "explorer:download": ("round", "release"),
    "own:style_preview": (
        *("how", "values_of", "numbers_of", "ink", "palette", "classes", "method"),
        *("width", "size", "opacity"),
    ),
    "editing:map": ("layer", "kind", "codes"),
    "editing:shapes": ("layer", "bbox", "code"),
    "editing:list": ("code", "page"),
    "indicators:list": ("q",),
    "surveys:submissions": ("q", "page", "sort"),
    "surveys:review:queue": ("state", "round", "zone", "check", "number", "after"),
    "surveys:quarantine": ("aside", "reason", "page"),
    "surveys:submission": ("correct", "blank"),
    "surveys:rounds:targets": ("zone", "surveyor", "outcome", "page"),
    "surveys:forms:version": ("language",),
    "service_requests:queue": ("q", "page", "status", "category", "zone", "sort"),
    "billing:desk": ("q", "page"),
    "billing:receipts": ("page",),
    "billing:list": ("pay",),
    "geography:create": ("what",),
}
LOOK = {
    **{"how": "numbers", "values_of": "kind", "numbers_of": "height", "ink": "cedar"},
    **{"palette": "water", "classes": "5", "method": "jenks", "size": "5"},
    "opacity": "80",
}
NAMES = sorted({name for names in READ.values() for name in names})
EDIT = {
    "layer": "parcels",
    "kind": "split",
    "codes": "1187",
    "line": "35.81 33.7905\n35.83 33.7905",
    "corners": "35.82 33.79\n35.821 33.79\n35.821 33.791",
    "neighbours_follow": "on",
    "new_codes": "1187\n1187/1",
    "names": "",
    "reason": "A deed.",
    "valid_from": "2026-01-01",
    "seen": "",
    "accepted": "on",
}
# What each form takes when all is well; the tests then spoil one field at a time.
FORMS: dict[str, dict[str, str]] = {
    "service_requests:create": {
        "category": "street_light",
        "description": "It is dark.",
    },
    "service_requests:create_where": {
        "latitude": "33.8",
        "longitude": "35.83",
        "parcel": "",
        "address": "",
    },
    "service_requests:create_photo": {"photo": ""},
    "service_requests:register": {
        "category": "street_light",
        "description": "It is dark.",
        "reporter_name": "A",
        "reporter_phone": "1",
        "channel": "desk",
        "latitude": "",
        "longitude": "",
        "parcel": "",
        "address": "here",
    },
    "service_requests:answer": {"status": "", "text": "Yes."},
    "service_requests:note": {"note-text": "Yes."},
    "service_requests:reply": {"reply-text": "Yes."},
    "surveys:create": {
        "name_ar": "جولة",
        "name_en": "",
        "name_fr": "",
        "code": "new",
        "starts_on": "2026-04-01",
        "ends_on": "2026-05-01",
        "school_year_start": "2025-09-01",
    },
    "surveys:withdraw": {"reason": "Asked for."},
    # Its file is read again by a process of its own, so only what needs care.
    "geography:check": {"layer": "", "missing": "ask"},
    "own:describe": {
        **{"name_ar": "أشجار", "name_en": "", "description": "", "licence": ""},
        **{"min_zoom": "0", "keep_0": "on", "ar_0": "", "keep_1": "on", "en_1": "x"},
    },
    "own:style": LOOK,
    "own:share": {"sharing": "roles", "roles": "planner"},
    "editing:preview": EDIT,
    "editing:apply": {**EDIT, "new_codes": "1187"},
    "editing:undo": {"reason": "A mistake.", "seen": "nothing", "accepted": "on"},
    "billing:claim": {"number": "A-1", "code": "ABCD2345"},
    "billing:pay": {"amount": "10"},
    "billing:cash": {"amount": "10", "reference": "2" * 20},
    "billing:issue": {
        "period": "2026",
        "due_on": "2099-01-01",
        "confirmed": "",
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-kind": "rental_value",
        "lines-0-description": "",
        "lines-0-amount": "10",
    },
}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def everybody(client, world, monkeypatch):
    """A person who holds every role, so that no gate hides a fault."""
    # Most strange words lead to the sheet that is there without them: pressed once.
    monkeypatch.setattr(printing, "_printed", cache(printing._printed))
    client.force_login(world.person)
    client.raise_request_exception = False
    return client


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def spoilt(values: dict[str, str], name: str, seed: str) -> str:
    return urlencode({**values, name: seed}, errors="surrogatepass")


def test_strange_queries(everybody, world):
    faults = set()
    for name in TOWN_ROUTES:
        for seed in FEW:
            query = "&".join(f"{key}={encoded(seed)}" for key in NAMES)
            response = everybody.get(f"{world.address(name)}?{query}")
            if response.status_code >= 500:
                faults.add((name, seed[:20]))
    assert faults == set()


def test_one_strange_word_among_right_ones(everybody, world):
    faults = set()
    for name, keys in READ.items():
        for key in keys:
            for seed in SEEDS:
                url = f"{world.address(name)}?{key}={encoded(seed)}"
                if everybody.get(url).status_code >= 500:
                    faults.add((name, key, seed[:20]))
    assert faults == set()


@contextmanager
def undone():
    """What is written within is taken back at the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_strange_forms(everybody, world):
    """Each form in the same town, which takes longer to make than a form to spoil."""
    faults = set()
    for name, values in FORMS.items():
        url = world.address(name)
        with undone():
            for field, seed in product(values, SEEDS):
                for before in STEPS.get(name, ()):
                    everybody.post(world.address(before), FORMS[before])
                response = everybody.post(url, spoilt(values, field, seed), FORM)
                if response.status_code >= 500:
                    faults.add((name, field, seed[:20]))
    assert faults == set()


# The answers of a draft's earlier pages.
STEPS = {
    "service_requests:create_where": ("service_requests:create",),
    "service_requests:create_photo": (
        "service_requests:create",
        "service_requests:create_where",
    ),
}


def test_strange_addresses(everybody, world):
    faults = set()
    for name, converters in TOWN_ROUTES.items():
        for parameter in converters:
            url = world.address(name)
            mark = f"/{world.value(name, parameter)}/"
            for seed in FEW:
                strange = url.replace(mark, f"/{encoded(seed)[:6000]}/", 1)
                response = everybody.get(strange)
                if response.status_code >= 500:
                    faults.add((name, parameter, seed[:20]))
    assert faults == set()


@pytest.mark.parametrize("version", ["0-a", "x" * 3000, "%00"])
def test_strange_tiles(everybody, world, version):
    big = 2**70
    places = [
        (0, 0, 0),
        (0, 1, 0),
        (14, 2**14, 0),
        (99, 0, 0),
        (14, big, big),
        (big, 0, 0),
    ]
    for town in (world.town.slug, "nowhere", "%00"):
        for layer in ("zones", "parcels", "nothing", "%ED%A0%80"):
            for z, x, y in places:
                url = f"/tiles/{town}/{layer}/{version}/{z}/{x}/{y}.mvt"
                assert everybody.get(url).status_code < 500, url


@pytest.mark.parametrize("seed", FEW)
def test_strange_logins(client, db, settings, seed):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    form = dict.fromkeys(("login", "email", "password"), "a@example.org")
    for url, field in (
        ("/en/account/login/", "login"),
        ("/en/account/login/", "password"),
        ("/en/account/signup/", "email"),
        ("/en/account/password/reset/", "email"),
        ("/en/account/login/", "next"),
        ("/i18n/setlang/", "next"),
        ("/i18n/setlang/", "language"),
    ):
        response = client.post(url, spoilt(form, field, seed), FORM)
        assert response.status_code < 500, (url, field)
