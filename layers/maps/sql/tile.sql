-- The search box is a little wider than the tile, so that edges meet without a seam.
-- What lies inside and has no hole is only scaled and rounded; ST_AsMVTGeom does the
-- same to what is to be clipped, at three times the cost. Equal corners are rounded to
-- equal corners, so neighbours that share a border still do.
SELECT ST_AsMVT(feature, %(layer)s, %(extent)s::integer, 'geometry', 'id')
  FROM (
    SELECT {fields},
           CASE WHEN %(wide)s ~ source.geometry_3857
                     AND ST_NRings(source.geometry_3857) <= 1
                THEN ST_ForcePolygonCCW(ST_SnapToGrid(ST_TransScale(
                         source.geometry_3857,
                         -%(west)s, -%(north)s, %(scale)s, -%(scale)s
                     ), 1))
                ELSE ST_AsMVTGeom(
                         source.geometry_3857, %(box)s::box2d, %(extent)s::integer,
                         (%(extent)s * 64 / 4096)::integer, true
                     )
           END AS geometry
      FROM ({source}) AS source
     WHERE source.geometry_3857 && %(wide)s
       AND (%(smallest)s = 0
            OR greatest(
                ST_XMax(source.geometry_3857) - ST_XMin(source.geometry_3857),
                ST_YMax(source.geometry_3857) - ST_YMin(source.geometry_3857)
            ) > %(smallest)s)
    -- Merged with the outer query, each geometry would be made once for every mention.
    OFFSET 0
  ) AS feature
 WHERE NOT ST_IsEmpty(feature.geometry)
   -- The format knows no polygon without an area.
   AND (ST_Dimension(feature.geometry) < 2 OR ST_Area(feature.geometry) > 0)
