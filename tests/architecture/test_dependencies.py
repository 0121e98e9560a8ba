"""One list of packages: its twins, its locks and its page may not drift from it."""

import json
import re
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SERVING = PROJECT["project"]["dependencies"]
GROUPS = PROJECT["dependency-groups"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
MANDATED = {
    "django", "psycopg2-binary", "geopandas", "shapely", "folium", "rasterio", "pytest",
}  # fmt: skip
NATIVE = {"python", "gdal", "geos", "proj", "postgresql", "postgis", "nodejs", "pango"}
# Written in halves, so that this file does not hold what it forbids.
REGISTRIES = [
    "pypi." + "org", "python" + "hosted.org", "registry." + "npmjs", "registry." + "yarn",
    "deb." + "debian.org", "archive." + "ubuntu.com",
]  # fmt: skip


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def locked(file: str) -> dict[str, str]:
    pins = re.findall(
        r"^([\w.-]+)==([^\s;\\]+)", (ROOT / file).read_text(), re.MULTILINE
    )
    return {canonicalize_name(name): version for name, version in pins}


def environment_packages() -> list[str]:
    [pip] = [entry["pip"] for entry in ENVIRONMENT if isinstance(entry, dict)]
    return pip


def native_packages() -> set[str]:
    return {
        re.split(r"[=<>]", entry)[0] for entry in ENVIRONMENT if isinstance(entry, str)
    }


def test_environment_yml_names_the_packages_of_pyproject():
    *packages, project = environment_packages()
    assert sorted(packages) == sorted(SERVING + GROUPS["dev"])
    assert project == "--editable ."


def test_environment_yml_names_what_the_project_must_use():
    assert names(environment_packages()[:-1]) >= MANDATED
    assert native_packages() >= NATIVE
    assert "python=3.11" in ENVIRONMENT


@pytest.mark.parametrize(
    ("file", "requirements"),
    [
        ("requirements.lock", SERVING),
        ("requirements-test.lock", SERVING + GROUPS["dev"]),
        (".run/requirements-uv.lock", GROUPS["uv"]),
        (".run/requirements-node.lock", GROUPS["node"]),
    ],
)
def test_lock_is_up_to_date(file, requirements):
    pins = locked(file)
    stale = [
        line
        for line in requirements
        if not (version := pins.get(canonicalize_name(Requirement(line).name)))
        or version not in Requirement(line).specifier
    ]
    assert stale == [], f"{file} lacks these; renew it with ./run lock"


def test_tests_run_on_the_versions_that_serve():
    checking = locked("requirements-test.lock")
    serving = locked("requirements.lock")
    assert {name: checking.get(name) for name in serving} == serving


def test_every_locked_file_has_a_hash():
    for lock in [*ROOT.glob("requirements*.lock"), *ROOT.glob(".run/*.lock")]:
        pinned = re.findall(r"^\S+==.*\\\n    --hash=", lock.read_text(), re.MULTILINE)
        assert len(pinned) == len(locked(str(lock.relative_to(ROOT)))), lock.name


def test_psycopg_3_is_absent_because_django_would_prefer_it():
    installed = {canonicalize_name(found.metadata["Name"]) for found in distributions()}
    everywhere = installed | set(locked("requirements-test.lock"))
    assert everywhere & {"psycopg", "psycopg-binary", "psycopg-c"} == set()
    assert "psycopg2-binary" in installed


def test_every_dependency_says_why_it_is_here():
    page = (ROOT / "docs/dependencies.md").read_text()
    explained = {
        canonicalize_name(name) if not name.startswith("@") else name
        for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    }
    front_end = json.loads((ROOT / "package.json").read_text())
    wanted = names([*SERVING, *GROUPS["dev"], *GROUPS["uv"], *GROUPS["node"]])
    for name in {**front_end["dependencies"], **front_end["devDependencies"]}:
        wanted.add(name if name.startswith("@") else canonicalize_name(name))
    assert wanted - explained == set()


def test_native_packages_of_environment_yml_say_why_they_are_here():
    page = (ROOT / "docs/dependencies.md").read_text()
    assert [name for name in sorted(native_packages()) if f"`{name}`" not in page] == []


def test_no_committed_file_names_a_registry():
    pattern = "|".join(re.escape(host) for host in REGISTRIES)
    found = subprocess.run(
        ["git", "grep", "-I", "-l", "-E", pattern],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode in (0, 1), found.stderr
    assert found.stdout.split() == []
