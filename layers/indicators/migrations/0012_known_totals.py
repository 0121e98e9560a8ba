from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indicators", "0011_groups_of_children")]

    operations = [
        migrations.AddField(
            model_name="observationset",
            name="known_totals",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="release",
            name="calibration",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="release",
            name="likeness",
            field=models.JSONField(default=dict),
        ),
    ]
