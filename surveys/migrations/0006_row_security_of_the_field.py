from django.conf import settings
from django.db import migrations
from psycopg2 import sql

from layers.geography.tenancy import RowSecurity

TABLES = (
    "surveys_arrival",
    "surveys_attachment",
    "surveys_checksetting",
    "surveys_columnmapping",
    "surveys_deviceaccess",
    "surveys_entity",
    "surveys_export",
    "surveys_finding",
    "surveys_form",
    "surveys_formmedia",
    "surveys_formversion",
    "surveys_repeatrow",
    "surveys_submissionevent",
    "surveys_target",
    "surveys_webhook",
    "surveys_webhookdelivery",
)
# Events are appended; an erasure may empty what they quote.
APPEND_ONLY = sql.SQL(
    "REVOKE UPDATE, DELETE ON surveys_submissionevent FROM {role};"
    "GRANT UPDATE (before, after, note) ON surveys_submissionevent TO {role}"
)
CHANGEABLE = sql.SQL("GRANT UPDATE, DELETE ON surveys_submissionevent TO {role}")


def _run(statement):
    def on(apps, schema_editor):
        role = sql.Identifier(settings.APPLICATION_ROLE)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(statement.format(role=role))

    return on


class Migration(migrations.Migration):
    dependencies = [("surveys", "0005_keep_what_was_loaded")]

    operations = [
        migrations.DeleteModel(name="Member"),
        *(RowSecurity(table) for table in TABLES),
        migrations.RunPython(_run(APPEND_ONLY), _run(CHANGEABLE)),
    ]
