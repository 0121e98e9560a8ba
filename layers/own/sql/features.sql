SELECT id, geometry, geometry_3857/* fields */
  FROM own_ownfeature
 WHERE municipality_id = %(municipality)s
   AND layer_id = %(own_layer)s
