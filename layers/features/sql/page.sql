-- A page of features as GeoJSON, each with what the next page begins after.
SELECT {feature}, {keys}
  FROM ({source}) AS source
 WHERE {conditions}
 ORDER BY {order}
 LIMIT %(rows)s
