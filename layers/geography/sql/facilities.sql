SELECT id, code, kind, name_ar, name_en, name_fr, geometry, geometry_3857
  FROM geography_facility
 WHERE municipality_id = %(municipality)s
   AND valid_until IS NULL
