SELECT source.id, {fields}{shape}
  FROM ({source}) AS source
 WHERE {conditions}
 ORDER BY source.id
