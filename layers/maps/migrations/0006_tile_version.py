from django.db import migrations

# Asked for with every new tile: as a function it is parsed and planned once for each
# connection, which costs more than its few rows.
FUNCTION = """
CREATE FUNCTION maps_tile_version(
    slug text, sources text[],
    west double precision, south double precision,
    east double precision, north double precision,
    OUT town bigint, OUT since bigint[], OUT present bigint[]
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    SELECT named.id INTO town
      FROM geography_municipality AS named
     WHERE named.slug = maps_tile_version.slug;
    IF NOT FOUND THEN RETURN; END IF;

    SELECT coalesce(array_agg(coalesce(greatest(raised.floor, (
               SELECT max(edit.version)
                 FROM maps_layeredit AS edit
                WHERE edit.municipality_id = maps_tile_version.town
                  AND edit.source = raised.source
                  AND edit.west <= maps_tile_version.east
                  AND edit.east >= maps_tile_version.west
                  AND edit.south <= maps_tile_version.north
                  AND edit.north >= maps_tile_version.south
           )), 0) ORDER BY read.place), '{}'),
           coalesce(array_agg(coalesce(raised.version, 0) ORDER BY read.place), '{}')
      INTO since, present
      FROM unnest(sources) WITH ORDINALITY AS read (source, place)
      LEFT JOIN maps_layerversion AS raised
        ON raised.municipality_id = maps_tile_version.town
       AND raised.source = read.source;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("maps", "0005_saved_maps")]

    operations = [
        migrations.RunSQL(
            FUNCTION,
            "DROP FUNCTION maps_tile_version("
            "text, text[], float8, float8, float8, float8)",
        )
    ]
