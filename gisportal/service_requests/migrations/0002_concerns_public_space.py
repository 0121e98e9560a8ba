from django.db import migrations, models

# Of the usual categories. Row security shows one town at a time.
STREET = """
DO $$
DECLARE town bigint;
BEGIN
    FOR town IN SELECT id FROM geography_municipality LOOP
        PERFORM set_config('app.municipality', town::text, true);
        UPDATE service_requests_category SET in_public_space = true
         WHERE code IN ('street_light', 'road', 'waste', 'playground', 'school_access');
    END LOOP;
    PERFORM set_config('app.municipality', '', true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("service_requests", "0001_initial")]

    operations = [
        migrations.AddField(
            "category",
            "in_public_space",
            models.BooleanField(
                default=False,
                verbose_name="concerns streets and public places, not homes",
            ),
        ),
        migrations.RunSQL(STREET, migrations.RunSQL.noop),
    ]
