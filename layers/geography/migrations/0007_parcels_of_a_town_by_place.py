from django.contrib.postgres.indexes import GistIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("geography", "0006_raster_children_and_hazard")]

    operations = [
        migrations.RemoveIndex("parcel", "parcel_geometry_3857"),
        migrations.AddIndex(
            "parcel",
            GistIndex(
                condition=models.Q(valid_until=None),
                fields=["municipality", "geometry_3857"],
                name="parcel_in_force_3857",
            ),
        ),
    ]
