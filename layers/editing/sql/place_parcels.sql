-- Parcels of these keys, and those under zones that changed, go to the zone that holds a
-- point on their surface.
UPDATE geography_parcel AS parcel
   SET zone_id = wanted.zone_id
  FROM (
      SELECT DISTINCT ON (spot.id) spot.id, zone.id AS zone_id
        FROM (
            SELECT own.id, ST_PointOnSurface(own.geometry) AS geometry
              FROM geography_parcel AS own
             WHERE own.municipality_id = %(municipality)s
               AND own.valid_until IS NULL
               AND (own.id = ANY (%(parcels)s)
                    OR own.zone_id = ANY (%(changed)s)
                    OR EXISTS (SELECT FROM geography_zone AS near
                                WHERE near.id = ANY (%(changed)s)
                                  AND near.geometry && own.geometry))
        ) AS spot
        LEFT JOIN geography_zone AS zone
          ON zone.id = ANY (%(zones)s)
         AND zone.geometry && spot.geometry
         AND ST_Intersects(zone.geometry, spot.geometry)
       ORDER BY spot.id, zone.code
  ) AS wanted
 WHERE parcel.id = wanted.id
   AND parcel.zone_id IS DISTINCT FROM wanted.zone_id
RETURNING parcel.code
