from django.db import connection

from tests.factories.accounts import staff
from tests.factories.geography import MunicipalityFactory


def test_tests_run_as_the_application_role(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("gisportal_application", False)


def test_a_role_counts_only_in_its_own_municipality(town):
    planner = staff(town, "planner")
    elsewhere = MunicipalityFactory()
    assert planner.has_perm("indicators.view_estimates", town)
    assert not planner.has_perm("indicators.view_estimates", elsewhere)
    assert not planner.has_perm("indicators.view_estimates")
