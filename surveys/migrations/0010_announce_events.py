from django.db import migrations

# A trigger, because events are written in many places, also many at once, and none of
# them may be forgotten. It runs with the writer's rights: only the town's webhooks.
ANNOUNCE = """
CREATE FUNCTION surveys_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM surveys_webhook WHERE enabled) THEN
    INSERT INTO surveys_webhookdelivery
           (municipality_id, webhook_id, event, submission_id, state, tries,
            next_try_at, last_error, created_at)
    SELECT named.municipality_id, webhook.id, named.name, named.submission_id,
           'waiting', 0, now(), '', now()
      FROM (SELECT *, CASE
                        WHEN kind IN ('received', 'edited', 'withdrawn', 'erased')
                          THEN 'submission.' || kind
                        WHEN kind = 'state' AND to_state IN ('approved', 'rejected', 'sent_back')
                          THEN 'submission.' || to_state
                      END AS name
              FROM fresh) AS named
      JOIN surveys_submission AS submission ON submission.id = named.submission_id
      JOIN surveys_formversion AS version ON version.id = submission.version_id
      JOIN surveys_webhook AS webhook
        ON webhook.form_id = version.form_id
       AND webhook.enabled
       AND jsonb_exists(webhook.events, named.name)
     ORDER BY named.id;
  END IF;
  RETURN NULL;
END
$$
"""
TRIGGER = """
CREATE TRIGGER surveys_announce AFTER INSERT ON surveys_submissionevent
REFERENCING NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION surveys_announce()
"""


class Migration(migrations.Migration):
    dependencies = [("surveys", "0009_every_record_has_an_id")]

    operations = [
        migrations.RunSQL(
            [ANNOUNCE, TRIGGER],
            reverse_sql=[
                "DROP TRIGGER surveys_announce ON surveys_submissionevent",
                "DROP FUNCTION surveys_announce",
            ],
        )
    ]
