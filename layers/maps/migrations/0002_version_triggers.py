from django.db import migrations

TABLES = ["geography_zone", "geography_parcel", "geography_facility"]

FUNCTION = """
CREATE FUNCTION maps_raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO maps_layerversion AS present (municipality_id, source, version)
    SELECT DISTINCT municipality_id, TG_TABLE_NAME, 1 FROM changed
     ORDER BY municipality_id
        ON CONFLICT (municipality_id, source)
        DO UPDATE SET version = present.version + 1;
    RETURN NULL;
END
$$;

CREATE FUNCTION maps_raise_version_of_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO maps_layerversion AS present (municipality_id, source, version)
    SELECT municipality_id, TG_TABLE_NAME, 1
      FROM (SELECT municipality_id FROM former
             UNION SELECT municipality_id FROM changed) AS touched
     ORDER BY municipality_id
        ON CONFLICT (municipality_id, source)
        DO UPDATE SET version = present.version + 1;
    RETURN NULL;
END
$$;

CREATE FUNCTION maps_raise_all_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE maps_layerversion SET version = version + 1 WHERE source = TG_TABLE_NAME;
    RETURN NULL;
END
$$;
"""

TRIGGERS = """
CREATE TRIGGER maps_version_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maps_raise_version();
CREATE TRIGGER maps_version_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maps_raise_version_of_both();
CREATE TRIGGER maps_version_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maps_raise_version();
CREATE TRIGGER maps_version_truncate AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION maps_raise_all_versions();
"""

DROP = """
DROP FUNCTION maps_raise_version() CASCADE;
DROP FUNCTION maps_raise_version_of_both() CASCADE;
DROP FUNCTION maps_raise_all_versions() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("maps", "0001_layer_versions"),
        ("geography", "0003_web_mercator_indexes"),
    ]

    operations = [
        migrations.RunSQL(
            FUNCTION + "".join(TRIGGERS.format(table=table) for table in TABLES), DROP
        )
    ]
