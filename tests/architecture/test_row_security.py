"""The second lock, read from PostgreSQL's own catalogue."""

import pytest
from django.apps import apps
from django.db import connection

from layers.geography.tenancy import TenantModel

# Tables without row-level security, each with the reason why no row of it can
# tell about a resident, a child or money. A new table fails until it has a place.
SHARED = {
    "spatial_ref_sys": "coordinate reference systems of PostGIS",
    "django_migrations": "names of migrations",
    "django_content_type": "names of models",
    "auth_permission": "names of rights",
    "auth_group": "unused groups of Django",
    "auth_group_permissions": "unused groups of Django",
    "django_session": "opaque, signed; read by its secret key only",
    "django_tasks_database_dbtaskresult": "arguments are keys of rows, never names",
    "accounts_user": "a person belongs to no one municipality; reached by own id",
    "accounts_apikey": "hashes of keys, read before the tenant is known; reached by own id",
    "accounts_user_groups": "unused groups of Django",
    "accounts_user_user_permissions": "unused rights of Django",
    "surveys_apisession": "who is signed in at /v1, before the tenant is known; no data",
    "surveys_webhooktown": "which towns have webhooks; no data",
    "accounts_membership": "who works where; read before the tenant is known",
    "account_emailaddress": "sign-in addresses, as accounts_user",
    "account_emailconfirmation": "sign-in addresses, as accounts_user",
    "geography_municipality": "public geography",
    "maps_layeredit": "where public geometry was written, as boxes",
    "maps_layerversion": "a counter for each layer",
    "geography_zone": "public geography; a policy would hide its spatial index",
    "geography_parcel": "geometry without owners; a policy would hide its index",
    "geography_facility": "public geography",
    "geography_raster": "public geography",
}

TABLES = """
    SELECT relname, relrowsecurity AND relforcerowsecurity
      FROM pg_class
     WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
"""


@pytest.fixture
def tables(db) -> dict[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return dict(cursor.fetchall())


def test_every_table_is_guarded_or_has_a_reason(tables):
    unguarded = {name for name, guarded in tables.items() if not guarded}
    assert unguarded - SHARED.keys() == set()


def test_no_reason_outlives_its_table(tables):
    assert SHARED.keys() - tables.keys() == set()
    assert {name for name in SHARED if tables[name]} == set()


def test_every_policy_compares_the_municipality(tables):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, qual, with_check FROM pg_policies"
            " WHERE policyname = 'tenant' AND roles = '{public}'"
        )
        policies = cursor.fetchall()
    assert {name for name, _, _ in policies} == {
        name for name, guarded in tables.items() if guarded
    }
    for _name, rule, check in policies:
        assert "municipality_id = " in rule
        assert rule == check


def test_what_else_opens_a_table_opens_it_for_the_owner_to_read(db):
    """decisions/0020: through one function, which compares the municipality itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, policyname, cmd, roles = ARRAY[tableowner]"
            " FROM pg_policies JOIN pg_tables USING (schemaname, tablename)"
            " WHERE policyname <> 'tenant'"
        )
        others = cursor.fetchall()
        # PostGIS brings some of its own.
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE prosecdef AND NOT EXISTS ("
            " SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
        )
        passing = cursor.fetchall()
    assert others == [("own_ownfeature", "by_place", "SELECT", True)]
    assert passing == [("own_features_near",)]


def test_the_application_role_owns_nothing(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        )
        assert cursor.fetchone() == (0,)


def test_tenant_models_stand_in_guarded_tables_or_in_geography(tables):
    for model in apps.get_models():
        if issubclass(model, TenantModel) and model._meta.app_label != "geography":
            name = model._meta.db_table
            assert tables[name] or name in SHARED, name
