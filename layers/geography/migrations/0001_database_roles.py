from django.conf import settings
from django.db import migrations
from psycopg2 import sql

CREATE = sql.SQL("CREATE ROLE {role} NOLOGIN")
MEMBER = sql.SQL("GRANT {role} TO CURRENT_USER")
GRANTS = [
    sql.SQL(line)
    for line in (
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT USAGE, SELECT ON SEQUENCES TO {role}",
    )
]


def make_application_role(apps, schema_editor):
    """The role that serves: reads and writes rows, changes no table, owns nothing.

    Where it has no login of its own, the owner must be able to enter it.
    """
    name = settings.APPLICATION_ROLE
    role = sql.Identifier(name)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [name])
        found = cursor.fetchone()
        if found is None:
            cursor.execute(CREATE.format(role=role))
            cursor.execute(MEMBER.format(role=role))
        for grant in GRANTS:
            cursor.execute(grant.format(role=role))


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunPython(make_application_role, migrations.RunPython.noop)
    ]
