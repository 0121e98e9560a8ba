SELECT ST_XMin(extent), ST_YMin(extent), ST_XMax(extent), ST_YMax(extent), low, high, found
  FROM (
    SELECT ST_Extent(source.geometry) AS extent, min({time}) AS low, max({time}) AS high,
           count(*) AS found
      FROM ({source}) AS source
     WHERE {conditions}
  ) AS measured
