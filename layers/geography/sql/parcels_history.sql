-- Former rows too: a reader asks for those of a day.
SELECT id, code, official_area::float8 AS official_area,
       round(area::numeric, 1)::float8 AS area, geometry, geometry_3857,
       valid_from, valid_until
  FROM geography_parcel
 WHERE municipality_id = %(municipality)s
