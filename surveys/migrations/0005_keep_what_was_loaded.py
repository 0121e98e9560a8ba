from django.db import migrations

# The owner is bound by the policies as well, while they are forced.
OPEN = [
    "ALTER TABLE surveys_submission NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE surveys_member NO FORCE ROW LEVEL SECURITY",
]
CLOSED = [
    "ALTER TABLE surveys_submission FORCE ROW LEVEL SECURITY",
    "ALTER TABLE surveys_member FORCE ROW LEVEL SECURITY",
]
# What came before review existed was loaded by those who may approve.
APPROVE = "UPDATE surveys_submission SET state = 'approved'"
CHILDREN = """
    INSERT INTO surveys_repeatrow
           (municipality_id, submission_id, round_id, "table", ordinal,
            code, name, sex, birth_date, answers)
    SELECT member.municipality_id, member.submission_id, submission.round_id, 'children',
           row_number() OVER (PARTITION BY member.submission_id ORDER BY member.id),
           member.code, member.name, member.sex, member.birth_date, member.answers
      FROM surveys_member AS member
      JOIN surveys_submission AS submission ON submission.id = member.submission_id
     ORDER BY member.id
"""


class Migration(migrations.Migration):
    dependencies = [("surveys", "0004_field_surveys")]

    operations = [
        migrations.RunSQL(
            [*OPEN, APPROVE, CHILDREN, *CLOSED], reverse_sql=migrations.RunSQL.noop
        )
    ]
