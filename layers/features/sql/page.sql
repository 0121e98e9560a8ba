-- A page of features as GeoJSON, each with what the next page begins after.
SELECT '{{"type":"Feature","id":' || source.id
       || ',"geometry":' || coalesce(ST_AsGeoJSON({shape}, {digits}), 'null')
       || ',"properties":' || {properties} || '}}',
       {keys}
  FROM ({source}) AS source
 WHERE {conditions}
 ORDER BY {order}
 LIMIT %(rows)s
