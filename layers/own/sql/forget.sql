UPDATE own_ownfeature
   SET attributes = attributes - %(gone)s::text[]
 WHERE municipality_id = %(municipality)s
   AND layer_id = %(own_layer)s
