-- Former rows too: a reader asks for those of a day.
SELECT id, code, kind, name_ar, name_en, name_fr, geometry, geometry_3857,
       valid_from, valid_until
  FROM geography_facility
 WHERE municipality_id = %(municipality)s
