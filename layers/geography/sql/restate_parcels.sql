-- After zones changed: every parcel in force goes to the zone that holds it now.
UPDATE geography_parcel AS parcel
   SET zone_id = wanted.zone_id
  FROM (
      SELECT DISTINCT ON (spot.id) spot.id, zone.id AS zone_id
        FROM (
            SELECT id, ST_PointOnSurface(geometry) AS geometry
              FROM geography_parcel
             WHERE municipality_id = %(municipality)s AND valid_until IS NULL
        ) AS spot
        LEFT JOIN geography_zone AS zone
          ON zone.id = ANY (%(zones)s)
         AND zone.geometry && spot.geometry
         AND ST_Intersects(zone.geometry, spot.geometry)
       ORDER BY spot.id, zone.code
  ) AS wanted
 WHERE parcel.id = wanted.id
   AND parcel.zone_id IS DISTINCT FROM wanted.zone_id
