SELECT ST_AsMVT(feature, %(layer)s, 4096, 'geometry', 'id')
  FROM (
    SELECT {fields},
           ST_AsMVTGeom(
               source.geometry_3857,
               ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64, true
           ) AS geometry
      FROM ({source}) AS source
     WHERE source.geometry_3857
           && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096)
  ) AS feature
 WHERE feature.geometry IS NOT NULL
