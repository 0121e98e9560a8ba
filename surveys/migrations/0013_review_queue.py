import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity

# The rank is kept by a trigger, because findings are written and dismissed in many
# places. It runs with the writer's rights, so it sees one town's records.
RANK = """
CREATE FUNCTION surveys_rank() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE surveys_submission AS record
     SET queue_rank = found.rank
    FROM (SELECT one.submission_id,
                 -least(coalesce(sum(finding.weight), 0), 32000)::smallint AS rank
            FROM (SELECT DISTINCT submission_id FROM touched) AS one
            LEFT JOIN surveys_finding AS finding
              ON finding.submission_id = one.submission_id
             AND finding.dismissed_at IS NULL
           GROUP BY one.submission_id) AS found
   WHERE record.id = found.submission_id AND record.queue_rank <> found.rank;
  RETURN NULL;
END
$$
"""
TRIGGER = """
CREATE TRIGGER surveys_rank_{event} AFTER {event} ON surveys_finding
REFERENCING {table} TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION surveys_rank()
"""
EVENTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
# The owner is bound by the policies as well, while they are forced.
FILL = [
    "ALTER TABLE surveys_submission NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE surveys_finding NO FORCE ROW LEVEL SECURITY",
    """
    UPDATE surveys_submission AS record SET queue_rank = -least(found.weight, 32000)
      FROM (SELECT submission_id, sum(weight) AS weight FROM surveys_finding
             WHERE dismissed_at IS NULL GROUP BY submission_id) AS found
     WHERE record.id = found.submission_id
    """,
    "ALTER TABLE surveys_submission FORCE ROW LEVEL SECURITY",
    "ALTER TABLE surveys_finding FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0005_import_state_since"),
        ("surveys", "0012_forms_by_hand_and_back_checks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkStep",
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
                ("action", models.CharField(max_length=10)),
                ("note", models.TextField(blank=True)),
                ("asked", models.JSONField(default=dict)),
                ("keys", models.JSONField(default=list)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "under way"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("undoing", "being undone"),
                            ("undone", "undone"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("reached", models.BigIntegerField(default=0)),
                ("refused", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "step with many records",
                "verbose_name_plural": "steps with many records",
                "ordering": ["-pk"],
            },
        ),
        migrations.RemoveIndex(
            model_name="submission",
            name="submission_by_state",
        ),
        migrations.AddField(
            model_name="submission",
            name="queue_rank",
            field=models.SmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("dismissed_at", None)),
                fields=["municipality", "check_code", "submission"],
                name="finding_open_by_check",
            ),
        ),
        migrations.AddIndex(
            model_name="household",
            index=models.Index(
                fields=["municipality", "code"],
                name="household_by_beginning",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("withdrawn_at", None)),
                fields=["municipality", "state", "queue_rank", "received_at", "id"],
                name="submission_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("withdrawn_at", None)),
                fields=["round", "state", "queue_rank", "received_at", "id"],
                name="submission_queue_of_round",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("withdrawn_at", None)),
                fields=["zone", "state", "queue_rank", "received_at", "id"],
                name="submission_queue_of_zone",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("parcel", None), ("withdrawn_at", None)),
                fields=["municipality", "state", "queue_rank", "received_at", "id"],
                name="submission_queue_unplaced",
            ),
        ),
        migrations.AddField(
            model_name="bulkstep",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bulkstep",
            name="municipality",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geography.municipality",
            ),
        ),
        migrations.AddField(
            model_name="submissionevent",
            name="bulk",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="surveys.bulkstep",
            ),
        ),
        migrations.AddIndex(
            model_name="submissionevent",
            index=models.Index(
                condition=models.Q(("bulk__isnull", False)),
                fields=["bulk", "submission"],
                name="event_of_bulk",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkstep",
            index=models.Index(
                fields=["municipality", "by", "-id"], name="bulk_step_of"
            ),
        ),
        RowSecurity("surveys_bulkstep"),
        migrations.RunSQL(
            [
                *FILL,
                RANK,
                *(
                    TRIGGER.format(event=event, table=table)
                    for event, table in EVENTS.items()
                ),
            ],
            reverse_sql=[
                *(
                    f"DROP TRIGGER surveys_rank_{each} ON surveys_finding"
                    for each in EVENTS
                ),
                "DROP FUNCTION surveys_rank",
            ],
        ),
    ]
