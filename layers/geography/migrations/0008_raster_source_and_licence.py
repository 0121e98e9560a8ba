from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("geography", "0007_parcels_of_a_town_by_place")]

    operations = [
        migrations.AddField(
            "raster",
            "attribution",
            models.CharField(blank=True, max_length=200, verbose_name="source"),
        ),
        migrations.AddField(
            "raster",
            "licence",
            models.CharField(blank=True, max_length=60, verbose_name="licence"),
        ),
    ]
