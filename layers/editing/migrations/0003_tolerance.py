from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("editing", "0002_redo")]

    operations = [
        migrations.AddField(
            model_name="edit",
            name="tolerance",
            field=models.FloatField(
                default=0.1, verbose_name="points catch on borders within, metres"
            ),
        ),
    ]
