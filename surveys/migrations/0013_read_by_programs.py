from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT

# Row-level security shows the webhooks of one municipality at a time.
FILL = """
DO $$
DECLARE town bigint;
BEGIN
  FOR town IN SELECT id FROM geography_municipality LOOP
    PERFORM set_config('app.municipality', town::text, true);
    INSERT INTO surveys_webhooktown (municipality_id)
    SELECT town WHERE EXISTS (SELECT FROM surveys_webhook WHERE enabled);
  END LOOP;
  PERFORM set_config('app.municipality', '', true);
END
$$
"""


class Migration(migrations.Migration):
    """Indexes in the order in which programs read pages, each in another's place; what
    programs read is kept on record without a round; which towns have webhooks.
    """

    dependencies = [("surveys", "0010_announce_events")]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="round",
            field=models.ForeignKey(
                null=True,
                on_delete=CASCADE,
                related_name="exports",
                to="surveys.round",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["version", "id"], name="submission_page"),
        ),
        migrations.AlterField(
            model_name="submission",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=PROTECT,
                related_name="submissions",
                to="surveys.formversion",
            ),
        ),
        migrations.RemoveIndex(model_name="repeatrow", name="repeat_row_page"),
        migrations.AddIndex(
            model_name="repeatrow",
            index=models.Index(
                fields=["municipality", "table", "id"], name="repeat_row_page"
            ),
        ),
        migrations.CreateModel(
            name="WebhookTown",
            fields=[
                (
                    "municipality",
                    models.OneToOneField(
                        on_delete=CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="geography.municipality",
                    ),
                ),
            ],
            options={
                "verbose_name": "municipality with webhooks",
                "verbose_name_plural": "municipalities with webhooks",
            },
        ),
        migrations.RunSQL(FILL, reverse_sql=migrations.RunSQL.noop),
    ]
