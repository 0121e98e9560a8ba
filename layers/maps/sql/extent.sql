-- In degrees; NULL where the layer has no rows.
SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
  FROM (
    SELECT ST_Transform(ST_SetSRID(ST_Extent(source.geometry_3857), 3857), 4326) AS box
      FROM ({source}) AS source
  ) AS whole
