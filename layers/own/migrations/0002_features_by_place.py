from django.conf import settings
from django.db import migrations
from psycopg2 import sql

# Row security is a barrier that only operators known to leak nothing may pass, and those
# of PostGIS are none: the index of geometry stays unused. A function of the owner, who may
# read every row, passes it and compares the municipality as the policy does. The table is
# the owner's alone to read so; writing stays as it was. A tile's box is one in degrees too,
# so that one index serves both.
NEAR = """
CREATE POLICY by_place ON own_ownfeature FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION own_features_near(town bigint, wanted bigint, box geometry)
RETURNS TABLE (
    id bigint, geometry geometry, geometry_3857 geometry, attributes jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    around geometry := box;
BEGIN
    IF town IS DISTINCT FROM
       NULLIF(current_setting('app.municipality', true), '')::bigint
    THEN
        RETURN;
    END IF;
    IF ST_SRID(box) <> 4326 THEN
        around := ST_Expand(ST_Transform(box, 4326), 0.0000001);
    END IF;
    RETURN QUERY
    SELECT kept.id, kept.geometry, kept.geometry_3857, kept.attributes
      FROM own_ownfeature AS kept
     WHERE kept.municipality_id = town
       AND kept.layer_id = wanted
       AND kept.geometry && around;
END
$$;

REVOKE ALL ON FUNCTION own_features_near(bigint, bigint, geometry) FROM PUBLIC;
"""
GONE = """
DROP FUNCTION own_features_near(bigint, bigint, geometry);
DROP POLICY by_place ON own_ownfeature;
"""
GRANT = sql.SQL(
    "GRANT EXECUTE ON FUNCTION own_features_near(bigint, bigint, geometry) TO {role}"
)


def grant(apps, schema_editor):
    role = sql.Identifier(settings.APPLICATION_ROLE)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(GRANT.format(role=role))


class Migration(migrations.Migration):
    dependencies = [("own", "0001_own_layers")]

    operations = [
        migrations.RunSQL(NEAR, GONE),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
