SELECT attributes ->> %(field)s
  FROM own_ownfeature
 WHERE municipality_id = %(municipality)s
   AND layer_id = %(own_layer)s
   AND attributes ? %(field)s
 ORDER BY id
