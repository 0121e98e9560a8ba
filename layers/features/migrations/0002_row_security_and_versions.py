from django.db import migrations

from layers.geography.tenancy import RowSecurity

# A release is written once and then stands; it is what makes figures new.
TRIGGER = """
CREATE TRIGGER maps_version_insert AFTER INSERT ON indicators_release
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maps_raise_version();
CREATE TRIGGER maps_version_delete AFTER DELETE ON indicators_release
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maps_raise_version();
"""
DROP = """
DROP TRIGGER maps_version_insert ON indicators_release;
DROP TRIGGER maps_version_delete ON indicators_release;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("features", "0001_downloads"),
        ("maps", "0002_version_triggers"),
        ("indicators", "0006_definitions_of_a_municipality"),
    ]

    operations = [
        RowSecurity("features_download"),
        migrations.RunSQL(TRIGGER, DROP),
    ]
