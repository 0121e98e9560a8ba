-- Given geometries and the boundary, in the municipality's projected system.
SELECT given.n, ST_AsBinary(ST_Transform(ST_GeomFromWKB(given.shape, 4326), %(srid)s))
  FROM unnest(%(n)s::integer[], %(shapes)s::bytea[]) AS given (n, shape)
 UNION ALL
SELECT -1, ST_AsBinary(ST_Transform(boundary, %(srid)s))
  FROM geography_municipality
 WHERE id = %(municipality)s AND boundary IS NOT NULL
