import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity

# For every role, the owner too: who made something public can be asked about it.
APPEND_ONLY = """
CREATE FUNCTION service_requests_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Decisions about what is public are appended to, never changed.'
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON service_requests_publicdecision
    FOR EACH STATEMENT EXECUTE FUNCTION service_requests_refuse_change();
"""
FREE_AGAIN = """
DROP TRIGGER append_only ON service_requests_publicdecision;
DROP FUNCTION service_requests_refuse_change();
"""

# What is decided concerns the whole layer, so its versions come without boxes.
VERSIONS = """
CREATE FUNCTION service_requests_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM maps_raise(TG_TABLE_NAME, array_agg(DISTINCT municipality_id), '{}')
       FROM changed
     HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER maps_version_insert AFTER INSERT ON service_requests_publicdecision
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION service_requests_note();
CREATE TRIGGER maps_version_insert AFTER INSERT ON service_requests_category
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION service_requests_note();
CREATE TRIGGER maps_version_update AFTER UPDATE ON service_requests_category
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION service_requests_note();
CREATE TRIGGER maps_version_delete AFTER DELETE ON service_requests_category
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION service_requests_note();
"""
NO_VERSIONS = "DROP FUNCTION service_requests_note() CASCADE"


class Migration(migrations.Migration):
    dependencies = [
        ("service_requests", "0002_concerns_public_space"),
        ("maps", "0004_when_raised"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PublicDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("public", models.BooleanField()),
                (
                    "at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="time"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="service_requests.category",
                    ),
                ),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision about what is public",
                "verbose_name_plural": "decisions about what is public",
                "ordering": ["-pk"],
            },
        ),
        RowSecurity("service_requests_publicdecision"),
        migrations.RunSQL(APPEND_ONLY, FREE_AGAIN),
        migrations.RunSQL(VERSIONS, NO_VERSIONS),
    ]
