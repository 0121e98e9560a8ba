from django.conf import settings
from django.db import migrations
from psycopg2 import sql

TABLES = "indicators_release, indicators_estimate"
FREEZE = sql.SQL(f"REVOKE UPDATE, DELETE ON {TABLES} FROM {{role}}")
THAW = sql.SQL(f"GRANT UPDATE, DELETE ON {TABLES} TO {{role}}")


def _run(statement):
    def on(apps, schema_editor):
        role = sql.Identifier(settings.APPLICATION_ROLE)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(statement.format(role=role))

    return on


class Migration(migrations.Migration):
    """What was published stays as it was: the server adds releases and changes none."""

    dependencies = [("indicators", "0001_initial")]

    operations = [migrations.RunPython(_run(FREEZE), _run(THAW))]
