import pytest
from django.db import connection

from gisportal import settings as configuration
from layers.geography.tenancy import set_tenant
from tests.factories.geography import MunicipalityFactory


@pytest.fixture(scope="session", autouse=True)
def django_db_modify_db_settings() -> None:
    """The owner makes the test database."""
    use_role(as_owner=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """All tests then run as the application role, as the server does."""
    use_role(as_owner=False)


def use_role(*, as_owner: bool) -> None:
    connection.close()
    wanted = configuration._database(as_owner=as_owner)
    for key in ("USER", "PASSWORD", "OPTIONS"):
        connection.settings_dict[key] = wanted.get(key, "")


@pytest.fixture
def town(db):
    """A small municipality whose rows this test's transaction may see."""
    municipality = MunicipalityFactory()
    set_tenant(municipality)
    return municipality
