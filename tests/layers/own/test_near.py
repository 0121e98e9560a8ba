"""What passes the barrier of row security passes for the named municipality alone."""

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from layers.geography.tenancy import set_tenant
from layers.own.models import OwnFeature
from tests.factories.geography import MunicipalityFactory
from tests.factories.own import own_layer

NEAR = """
    SELECT id FROM own_features_near(
        %s, %s, ST_Transform(ST_MakeEnvelope(-179, -85, 179, 85, 4326), %s)
    ) ORDER BY id
"""


def near(town, own, srid=4326):
    with connection.cursor() as cursor:
        cursor.execute(NEAR, [town, own.pk, srid])
        return [key for (key,) in cursor.fetchall()]


@pytest.mark.parametrize("srid", [4326, 3857])
def test_a_box_finds_the_features_of_the_layer(town, srid):
    own = own_layer(town)
    every = sorted(OwnFeature.objects.filter(layer=own).values_list("pk", flat=True))
    assert len(every) == 3
    assert near(town.pk, own, srid) == every


def test_without_its_municipality_a_box_finds_nothing(town):
    own = own_layer(town)
    for named in (str(town.pk + 1), ""):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.municipality', %s, true)", [named])
            assert [near(key, own) for key in (town.pk, town.pk + 1, None)] == [[]] * 3
            set_tenant(town)
    assert len(near(town.pk, own)) == 3


def test_only_the_serving_role_may_ask(town):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proacl::text, prosecdef, proconfig::text, current_user::text"
            " FROM pg_proc WHERE proname = 'own_features_near'"
        )
        rights, definer, settings, role = cursor.fetchone()
    assert definer
    assert "search_path=pg_catalog, public, pg_temp" in settings
    assert f"{role}=X/" in rights
    # An entry without a role before the sign is everyone's.
    assert "{=X" not in rights
    assert ",=X" not in rights


def test_another_towns_layer_is_closed_by_every_way_of_asking(town):
    other = MunicipalityFactory()
    with transaction.atomic():
        set_tenant(other)
        foreign = own_layer(other)
        assert len(near(other.pk, foreign)) == 3
        set_tenant(town)
    assert near(town.pk, foreign) == []
    assert near(other.pk, foreign) == []
    assert not OwnFeature.objects.filter(layer_id=foreign.pk).exists()


def test_what_a_caller_puts_beside_the_names_is_not_taken_for_them(town):
    own = own_layer(town)
    every = near(town.pk, own)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE own_ownfeature ON COMMIT DROP AS"
            " SELECT * FROM public.own_ownfeature LIMIT 0"
        )
        cursor.execute("SET LOCAL search_path = pg_temp, public")
        assert near(town.pk, own) == every
        cursor.execute("RESET search_path; DROP TABLE pg_temp.own_ownfeature")
        cursor.execute("SELECT has_schema_privilege('public', 'CREATE')")
        assert cursor.fetchone() == (False,)


def test_a_role_that_serves_nobody_may_not_ask(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('pg_read_all_settings',"
            " 'own_features_near(bigint, bigint, geometry)', 'EXECUTE')"
        )
        assert cursor.fetchone() == (False,)


def test_serving_the_barrier_stays_where_no_box_is_named(town):
    own_layer(town)
    with transaction.atomic():
        set_tenant(None)
        assert not OwnFeature.objects.exists()
        set_tenant(town)
    with (
        pytest.raises(ProgrammingError),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute("DROP POLICY by_place ON own_ownfeature")
