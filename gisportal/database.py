from django.core.exceptions import ImproperlyConfigured
from django.db import connection

UNSAFE = """
    SELECT current_setting('fsync'), current_setting('synchronous_commit'),
           rolsuper OR rolbypassrls
      FROM pg_roles WHERE rolname = current_user
"""


def refuse_unsafe_database() -> None:
    """Raise ImproperlyConfigured where an acknowledged write could be lost, or
    where the serving role would see through row-level security.
    """
    with connection.cursor() as cursor:
        cursor.execute(UNSAFE)
        fsync, synchronous_commit, sees_all = cursor.fetchone()
    connection.close()
    if fsync != "on":
        raise ImproperlyConfigured(
            "PostgreSQL runs with fsync off: a power cut would lose what residents "
            "were told is saved. Set fsync = on and start again."
        )
    if synchronous_commit not in {"on", "remote_apply", "remote_write"}:
        raise ImproperlyConfigured(
            f"PostgreSQL runs with synchronous_commit = {synchronous_commit}: a crash "
            "would lose acknowledged writes. Set synchronous_commit = on and start "
            "again."
        )
    if sees_all:
        raise ImproperlyConfigured(
            "The serving role is a superuser or bypasses row-level security, so the "
            "wall between municipalities would not hold. Serve as the application "
            "role: see APPLICATION_DATABASE_URL in docs/operations.md."
        )
