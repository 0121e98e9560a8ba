from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveys", "0017_town_variables")]

    operations = [
        migrations.AddField(
            model_name="round",
            name="known_totals",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
