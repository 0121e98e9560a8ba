-- Whether the layer has anything inside both the tile and a box in degrees.
SELECT EXISTS (
    SELECT FROM ({source}) AS source
     WHERE source.geometry_3857
           && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096)
       AND source.geometry_3857
           && ST_Transform(
                  ST_MakeEnvelope(
                      %(min_lon)s, %(min_lat)s, %(max_lon)s, %(max_lat)s, 4326
                  ), 3857
              )
)
