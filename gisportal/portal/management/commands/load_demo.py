from __future__ import annotations

import io
import json
import time
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.core.management import BaseCommand, CommandError, call_command
from django.db import transaction

from gisportal.accounts.models import User
from gisportal.accounts.roles import Role
from gisportal.portal.demo import PASSWORD, PEOPLE, email_of, make_people
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from layers.indicators.definitions.drafting import move_definition, save_draft
from layers.indicators.definitions.indicator import Dimension
from layers.indicators.definitions.means import Worse
from layers.indicators.models import Definition
from surveys.models import Round
from surveys.questionnaires.services import install_library_form
from surveys.rounds.services import (
    Plan,
    balance_assignments,
    draw_sample,
    open_round,
)
from surveys.services import create_round

FIXTURES = settings.BASE_DIR / "fixtures"

# Rounds in the order in which they were carried out, with what a file can't say.
ROUNDS: dict[str, dict[str, Any]] = {
    "2025-spring": {
        "ar": "ربيع 2025",
        "en": "Spring 2025",
        "fr": "Printemps 2025",
        "starts_on": date(2025, 3, 1),
        "ends_on": date(2025, 5, 31),
        "school_year_start": date(2024, 10, 1),
    },
    "2026-spring": {
        "ar": "ربيع 2026",
        "en": "Spring 2026",
        "fr": "Printemps 2026",
        "starts_on": date(2026, 3, 1),
        "ends_on": date(2026, 5, 31),
        "school_year_start": date(2025, 10, 1),
    },
}


# The round that phones are out for.
FIELD_ROUND: dict[str, Any] = {
    "code": "2026-autumn",
    "names": {"ar": "خريف 2026", "en": "Autumn 2026", "fr": "Automne 2026"},
    "starts_on": date(2026, 10, 1),
    "ends_on": date(2026, 12, 31),
    "school_year_start": date(2026, 10, 1),
}
VISITS = 120
FLOOD = {
    "kind": "hazard",
    "code": "flood",
    "name_ar": "فيضان الوادي",
    "name_en": "Flood of the stream",
    "name_fr": "Crue de l’oued",
}
ASKED = {"hazard": [("flood", 0.1)], "walk": ["school", "clinic", "playground"]}

# What a planner of the town made besides the indicators of the product.
OWN_MEAN: dict[str, Any] = {
    "statistic": "mean",
    "dimension": Dimension.WATER_SANITATION,
    "sensitive": False,
    "title": {
        "ar": "دقائق الذهاب لجلب الماء والعودة",
        "en": "Minutes to fetch water and come back",
        "fr": "Minutes pour aller chercher l’eau et revenir",
    },
    "description": {
        "ar": "كم دقيقة تحتاج أسرة الطفل لجلب الماء والعودة إلى البيت؛ صفر إن كان الماء في البيت.",
        "en": "How long the child’s household takes to fetch water and come home; none where the water is at home.",
        "fr": "Le temps qu’il faut au ménage de l’enfant pour aller chercher l’eau et rentrer ; aucun si l’eau est à la maison.",
    },
    "population": {"unit": "years", "from": 0, "to": 17, "moment": "interview"},
    "mean": {
        "of": "water_minutes",
        "least": 0,
        "most": 120,
        "worse": Worse.HIGHER,
        "unit": {"ar": "دقيقة", "en": "minutes", "fr": "minutes"},
    },
}


class Command(BaseCommand):
    help = "Load the fictional municipalities through the importers of a real town."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--logins", action="store_true", help="only print who may sign in"
        )

    def handle(self, *, logins: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "The demonstration has public passwords. Set DEMO=1 to load it, and "
                "never do so beside real data."
            )
        if not logins:
            for slug in ("wadi-zaytoun", "ain-tineh"):
                self.load(FIXTURES / slug)
        self.print_logins()

    def load(self, folder: Path) -> None:
        self.stderr.write(self.style.MIGRATE_HEADING(folder.name))
        municipality = self.step("municipality", make_municipality, folder)
        town = {"municipality": municipality.slug}
        for command, name, extra in (
            ("import_zones", "zones.geojson", {"kind": "quarter"}),
            ("import_zones", "blocks.geojson", {"kind": "block"}),
            ("import_parcels", "parcels.gpkg", {}),
            ("import_facilities", "facilities.csv", {"crs": "EPSG:4326"}),
            ("import_raster", "population.tif", {"kind": "population"}),
            ("import_raster", "terrain.tif", {"kind": "terrain"}),
            ("import_raster", "flood.tif", FLOOD),
        ):
            self.step(name, run, command, str(folder / name), **town, **extra)
        self.step("zone statistics", run, "zone_statistics", **town, **ASKED)
        self.step("own indicator", define_mean, municipality)
        for code, about in ROUNDS.items():
            file = folder / f"round-{code}.xlsx"
            if file.exists():
                self.step(file.name, load_round, municipality, file, code, about)
        self.step("field work", open_field_round, municipality)
        for command, name in (
            ("load_service_requests", "service_requests.csv"),
            ("load_bills", "bills.csv"),
        ):
            self.step(name, run, command, str(folder / name), **town)

    def step(self, title: str, work: Any, *arguments: Any, **options: Any) -> Any:
        begin = time.monotonic()
        self.stderr.write(f"  {title} … ", ending="")
        self.stderr.flush()
        result = work(*arguments, **options)
        said = f"{result}, " if isinstance(result, str) else ""
        self.stderr.write(f"{said}{time.monotonic() - begin:.1f} s")
        return result

    def print_logins(self) -> None:
        town = Municipality.objects.get(slug="wadi-zaytoun")
        self.stdout.write(f"  Sign in with the password {PASSWORD} as")
        for name, _full_name, role in PEOPLE:
            self.stdout.write(f"    {email_of(name, town):34} {role}")


def run(command: str, *arguments: str, **options: Any) -> str:
    """The last line that an importer prints: what it added and changed."""
    output = io.StringIO()
    call_command(command, *arguments, stdout=output, **options)
    return output.getvalue().strip().splitlines()[-1]


@transaction.atomic
def make_municipality(folder: Path) -> Municipality:
    about = json.loads((folder / "municipality.json").read_text(encoding="utf-8"))
    shape = GEOSGeometry(json.dumps(about.pop("boundary")), srid=4326)
    boundary = shape if isinstance(shape, MultiPolygon) else MultiPolygon(shape)
    municipality, _made = Municipality.objects.update_or_create(
        slug=about.pop("slug"), defaults={**about, "boundary": boundary}
    )
    make_people(municipality)
    return municipality


@transaction.atomic
def define_mean(municipality: Municipality) -> str:
    """Written by one, put in use by another."""
    with tenant(municipality):
        if Definition.objects.of(municipality).exists():
            return "there already"
        people = User.objects.filter(memberships__municipality=municipality)
        planner = people.get(memberships__role=Role.PLANNER)
        reviewer = people.get(memberships__role=Role.MUNICIPAL_ADMIN)
        draft = save_draft(
            municipality=municipality,
            name="water_minutes",
            content=OWN_MEAN,
            by=planner,
        )
        move_definition(definition=draft, to=Definition.State.IN_REVIEW, by=planner)
        move_definition(definition=draft, to=Definition.State.PUBLISHED, by=reviewer)
    return "in use"


def load_round(
    municipality: Municipality, file: Path, code: str, about: dict[str, Any]
) -> str:
    """Upload, approve and publish, as a data manager would."""
    loaded = run(
        "load_round",
        str(file),
        f"--round={code}",
        municipality=municipality.slug,
        name_ar=about["ar"],
        name_en=about["en"],
        name_fr=about["fr"],
        starts_on=about["starts_on"],
        ends_on=about["ends_on"],
        school_year_start=about["school_year_start"],
        approve=True,
    )
    run("publish_round", code, municipality=municipality.slug)
    return loaded


@transaction.atomic
def open_field_round(municipality: Municipality) -> str:
    """A round under way: drawn, shared out to the surveyors, and visited in part."""
    code = FIELD_ROUND["code"]
    with tenant(municipality):
        if Round.objects.of(municipality).filter(code=code).exists():
            return "there already"
        round = create_round(municipality=municipality, **FIELD_ROUND)
        version = install_library_form(
            municipality=municipality, code="child_needs", by=None
        )
        open_round(round=round, form=version.form)
        draw_sample(round=round, plan=Plan(design="stratified", size=400, seed=7))
        people = User.objects.filter(
            memberships__municipality=municipality, memberships__role=Role.SURVEYOR
        )
        balance_assignments(round=round, surveyors=list(people.order_by("pk")), by=None)
    return run("rehearse_round", code, municipality=municipality.slug, visits=VISITS)
