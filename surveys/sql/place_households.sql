-- For each household: the parcel it names, else the parcel its point lies in or
-- near, and the zone of that place. Only tables without secrets are read, so the
-- spatial indexes work; the points come in as arrays.
SELECT given.n,
       named.id IS NOT NULL AS by_code,
       COALESCE(named.id, near.id) AS parcel_id,
       COALESCE(named.code, near.code) AS parcel_code,
       COALESCE(away.metres, near.metres) AS metres,
       zone.id AS zone_id,
       zone.code AS zone_code
  FROM unnest(%(n)s::integer[], %(codes)s::text[],
              %(longitudes)s::float8[], %(latitudes)s::float8[])
       AS given (n, code, longitude, latitude)
 CROSS JOIN LATERAL (
           SELECT ST_SetSRID(ST_MakePoint(given.longitude, given.latitude), 4326)
           ) AS at (point)
  LEFT JOIN geography_parcel AS named
         ON named.municipality_id = %(municipality)s
        AND named.valid_until IS NULL
        AND named.code = given.code
  LEFT JOIN LATERAL (
           SELECT ST_Distance(named.geometry::geography, at.point::geography)
           ) AS away (metres)
         ON TRUE
  LEFT JOIN LATERAL (
           SELECT parcel.id, parcel.code, parcel.zone_id,
                  ST_Distance(parcel.geometry::geography, at.point::geography) AS metres
             FROM geography_parcel AS parcel
            WHERE named.id IS NULL
              AND parcel.municipality_id = %(municipality)s
              AND parcel.valid_until IS NULL
              -- A degree of longitude shrinks with latitude: the box is wide enough.
              AND parcel.geometry && ST_Expand(
                      at.point,
                      %(tolerance)s / (111000 * GREATEST(cos(radians(given.latitude)), 0.01)),
                      %(tolerance)s / 110000.0)
            ORDER BY metres, parcel.id
            LIMIT 1
           ) AS near
         ON near.metres <= %(tolerance)s
  LEFT JOIN LATERAL (
           SELECT own.id, own.code
             FROM geography_zone AS own
            WHERE own.municipality_id = %(municipality)s
              AND own.valid_until IS NULL
              AND (own.id = COALESCE(named.zone_id, near.zone_id)
                   OR (COALESCE(named.zone_id, near.zone_id) IS NULL
                       AND own.kind <> 'block'
                       AND ST_Covers(own.geometry,
                                     COALESCE(ST_PointOnSurface(named.geometry), at.point))))
            ORDER BY own.kind = 'quarter' DESC, own.code
            LIMIT 1
           ) AS zone
         ON TRUE
 ORDER BY given.n
