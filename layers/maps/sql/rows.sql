SELECT {fields}, ST_AsGeoJSON(ST_Transform(source.geometry_3857, 4326), 7)
  FROM ({source}) AS source
 ORDER BY source.id
