import os
from collections.abc import Iterator

import hypothesis
import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, expect, sync_playwright
from xdist.remote import Producer

from gisportal import settings as configuration
from layers.geography.tenancy import set_tenant
from tests.browser import PATIENCE, launch, new_page
from tests.demo import Demo, demo, drop_source
from tests.factories.geography import MunicipalityFactory
from tests.order import ByFile, Ends, longest_first

# The same cases on every run and machine, however slow it is; FRESH_CASES=1 looks for
# new ones.
hypothesis.settings.register_profile(
    "steady",
    derandomize=not os.environ.get("FRESH_CASES"),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Ends())


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    # What is named by hand runs in the order in which it is named.
    if hasattr(config, "workerinput"):
        longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile | None:
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def use_role(*, as_owner: bool) -> None:
    connection.close()
    wanted = configuration._database(as_owner=as_owner)
    for key in ("USER", "PASSWORD", "OPTIONS"):
        connection.settings_dict[key] = wanted.get(key, "")


@pytest.fixture(scope="session", autouse=True)
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """The owner makes the test database, one for each process of tests."""
    use_role(as_owner=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """All tests then run as the application role, as the server does."""
    use_role(as_owner=False)
    yield
    use_role(as_owner=True)


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    """Uploads, mail and caches of a test go to its own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path
    # A password's slow hash, a quarter of a second of each test with a person, protects
    # nobody here; the tests of the running demo have it.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # What one test tries too often must not be counted against the next.
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": tmp_path / "cache"}
    }


@pytest.fixture
def town(db):
    """A small municipality whose rows this test's transaction may see."""
    municipality = MunicipalityFactory()
    set_tenant(municipality)
    return municipality


@pytest.fixture(scope="session")
def live_town(tmp_path_factory) -> Iterator[Demo]:
    """The demo town on a real server with a database of its own."""
    owner = configuration._database(as_owner=True)
    application = configuration._database(as_owner=False)
    folder = tmp_path_factory.mktemp("demo")
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Each process has a folder of its own inside that of the run.
        shared = shared.parent
    with demo(
        owner=owner, application=application, folder=folder, shared=shared
    ) as here:
        yield here


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Not in the processes of a run: they still need what they copy from."""
    if not hasattr(session.config, "workerinput"):
        drop_source(configuration._database(as_owner=True))


# Playwright leaves an event loop in the thread, beside which Django refuses to query: it
# ends with the file, before another one's tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright, launch(playwright) as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser page in Arabic that fails the test on any script error."""
    with new_page(browser) as fresh:
        yield fresh
