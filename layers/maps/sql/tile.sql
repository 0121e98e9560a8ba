-- The search box is a little wider than the tile, so that edges meet without a seam.
SELECT ST_AsMVT(feature, %(layer)s, 4096, 'geometry', 'id')
  FROM (
    SELECT {fields},
           ST_AsMVTGeom(
               ST_Simplify(source.geometry_3857, %(tolerance)s, true),
               ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64, true
           ) AS geometry
      FROM ({source}) AS source
     WHERE source.geometry_3857
           && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096)
       AND (%(smallest)s = 0
            OR greatest(
                ST_XMax(source.geometry_3857) - ST_XMin(source.geometry_3857),
                ST_YMax(source.geometry_3857) - ST_YMin(source.geometry_3857)
            ) > %(smallest)s)
  ) AS feature
 WHERE feature.geometry IS NOT NULL
