-- The map draws letter by letter and would set vowel signs beside their letters.
SELECT id, code, kind,
       translate(name_ar, U&'\064B\064C\064D\064E\064F\0650\0651\0652', '') AS name_ar,
       name_en, name_fr,
       ST_PointOnSurface(geometry) AS geometry,
       ST_PointOnSurface(geometry_3857) AS geometry_3857
  FROM geography_zone
 WHERE municipality_id = %(municipality)s
   AND kind = %(kind)s
   AND valid_until IS NULL
