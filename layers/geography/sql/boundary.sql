-- The town's outline from its areas in force: streets between them closed, holes
-- filled, measured in the town's own projected system.
UPDATE geography_municipality
   SET boundary = (
       SELECT ST_Multi(ST_Transform(ST_SetSRID(ST_Union(
                  ST_MakePolygon(ST_ExteriorRing(part.geom))), %(srid)s), 4326))
         FROM ST_Dump((
             SELECT ST_Buffer(ST_Buffer(ST_Union(
                        ST_Transform(geometry, %(srid)s)), %(street)s), -%(street)s)
               FROM {table}
              WHERE municipality_id = %(municipality)s AND valid_until IS NULL
                AND {scope}
         )) AS part
   )
 WHERE id = %(municipality)s
