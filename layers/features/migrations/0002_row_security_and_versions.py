from django.db import migrations

from layers.geography.tenancy import RowSecurity

# A release is written once and then stands; it is what makes figures new. It has no place
# on the map, so its versions come without boxes.
TRIGGER = """
CREATE FUNCTION features_note_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM maps_raise(TG_TABLE_NAME, array_agg(DISTINCT municipality_id), '{}')
       FROM changed
     HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER maps_version_insert AFTER INSERT ON indicators_release
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION features_note_release();
CREATE TRIGGER maps_version_delete AFTER DELETE ON indicators_release
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION features_note_release();
"""
DROP = """
DROP FUNCTION features_note_release() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("features", "0001_downloads"),
        ("maps", "0004_when_raised"),
        ("indicators", "0006_definitions_of_a_municipality"),
    ]

    operations = [
        RowSecurity("features_download"),
        migrations.RunSQL(TRIGGER, DROP),
    ]
