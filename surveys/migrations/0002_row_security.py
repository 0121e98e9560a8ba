from django.conf import settings
from django.db import migrations
from psycopg2 import sql

from layers.geography.tenancy import RowSecurity

TABLES = (
    "surveys_round",
    "surveys_upload",
    "surveys_household",
    "surveys_submission",
    "surveys_member",
    "surveys_recordread",
    "surveys_publication",
)
APPEND_ONLY = sql.SQL("REVOKE UPDATE, DELETE ON surveys_recordread FROM {role}")
CHANGEABLE = sql.SQL("GRANT UPDATE, DELETE ON surveys_recordread TO {role}")


def _run(statement):
    def on(apps, schema_editor):
        role = sql.Identifier(settings.APPLICATION_ROLE)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(statement.format(role=role))

    return on


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial")]

    operations = [
        *(RowSecurity(table) for table in TABLES),
        # The server can add to the record of who read what, and never change it.
        migrations.RunPython(_run(APPEND_ONLY), _run(CHANGEABLE)),
    ]
