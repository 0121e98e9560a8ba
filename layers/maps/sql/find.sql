-- The box of each feature, and what its texts say.
SELECT ST_XMin(source.geometry), ST_YMin(source.geometry),
       ST_XMax(source.geometry), ST_YMax(source.geometry),
       array_remove(ARRAY[{texts}], NULL)
  FROM ({source}) AS source
 WHERE {like}
 ORDER BY source.id
 LIMIT %(most)s
