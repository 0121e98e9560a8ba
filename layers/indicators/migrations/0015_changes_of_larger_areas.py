from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indicators", "0014_women"),
    ]

    operations = [
        migrations.AlterField(
            model_name="change",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", ""),
                    ("other_definition", "the definition has changed"),
                    ("other_boundary", "the zone was drawn anew"),
                    ("other_zones", "the area is made of other zones"),
                    ("not_published", "one of the two figures is not published"),
                    ("uncertain", "one of the two figures is uncertain"),
                    ("no_variance", "one of the two figures has no variance"),
                ],
                default="",
                max_length=20,
                verbose_name="reason",
            ),
        ),
    ]
