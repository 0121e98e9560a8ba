SELECT id, geometry, geometry_3857
  FROM geography_parcel
 WHERE municipality_id = %(municipality)s
   AND valid_until IS NULL
