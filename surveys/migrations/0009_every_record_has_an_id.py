from django.db import migrations

# The owner is bound by the policies as well, while they are forced.
STEPS = [
    "ALTER TABLE surveys_submission NO FORCE ROW LEVEL SECURITY",
    # What came in a file had none, and programs page by it.
    """UPDATE surveys_submission SET instance_id = 'uuid:' || gen_random_uuid()
       WHERE instance_id = ''""",
    "ALTER TABLE surveys_submission FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [("surveys", "0008_receiving")]

    operations = [migrations.RunSQL(STEPS, reverse_sql=migrations.RunSQL.noop)]
