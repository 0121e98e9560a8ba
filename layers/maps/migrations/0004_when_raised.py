from django.db import migrations, models
from django.db.models.functions import Now

STAMP = """
CREATE FUNCTION maps_stamp_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.raised_at = now();
    RETURN NEW;
END
$$;
CREATE TRIGGER maps_version_stamp BEFORE UPDATE OF version ON maps_layerversion
    FOR EACH ROW EXECUTE FUNCTION maps_stamp_version();
"""


class Migration(migrations.Migration):
    dependencies = [("maps", "0003_edits")]

    operations = [
        migrations.AddField(
            "layerversion", "raised_at", models.DateTimeField(db_default=Now())
        ),
        migrations.RunSQL(STAMP, "DROP FUNCTION maps_stamp_version() CASCADE"),
    ]
