-- For each household: the parcel it names, else the one that took the place of the
-- parcel it names, else the parcel its point lies in or near; and the zone of that
-- place. Only tables without secrets are read, so the spatial indexes work; the points
-- come in as arrays.
SELECT given.n,
       named.id IS NOT NULL AS by_code,
       successor.id IS NOT NULL AS by_successor,
       COALESCE(named.id, successor.id, near.id) AS parcel_id,
       COALESCE(named.code, successor.code, near.code) AS parcel_code,
       COALESCE(away.metres, near.metres) AS metres,
       zone.id AS zone_id,
       zone.code AS zone_code
  FROM unnest(%(n)s::integer[], %(codes)s::text[],
              %(longitudes)s::float8[], %(latitudes)s::float8[],
              %(accuracies)s::float8[])
       AS given (n, code, longitude, latitude, accuracy)
 CROSS JOIN LATERAL (
           SELECT ST_SetSRID(ST_MakePoint(given.longitude, given.latitude), 4326),
                  LEAST(GREATEST(%(tolerance)s, COALESCE(given.accuracy, 0)), %(vague)s),
                  COALESCE(given.accuracy, 0) > %(vague)s
           ) AS at (point, tolerance, vague)
  LEFT JOIN geography_parcel AS named
         ON named.municipality_id = %(municipality)s
        AND named.valid_until IS NULL
        AND named.code = given.code
  -- Merged, renumbered or split since: the shape the number stood for at the last.
  LEFT JOIN LATERAL (
           SELECT parcel.geometry
             FROM geography_parcel AS parcel
            WHERE named.id IS NULL
              AND parcel.municipality_id = %(municipality)s
              AND parcel.code = given.code
            ORDER BY parcel.valid_until DESC
            LIMIT 1
           ) AS former
         ON TRUE
  -- Of a split parcel no part has more than half, unless a strip was cut off: then the
  -- position decides.
  LEFT JOIN LATERAL (
           SELECT parcel.id, parcel.code, parcel.zone_id, parcel.geometry
             FROM geography_parcel AS parcel
            WHERE parcel.municipality_id = %(municipality)s
              AND parcel.valid_until IS NULL
              AND parcel.geometry && former.geometry
              AND ST_Area(ST_Intersection(parcel.geometry, former.geometry))
                  > 0.5 * ST_Area(former.geometry)
            LIMIT 1
           ) AS successor
         ON TRUE
  LEFT JOIN LATERAL (
           SELECT ST_Distance(
                      COALESCE(named.geometry, successor.geometry)::geography,
                      at.point::geography)
           ) AS away (metres)
         ON TRUE
  LEFT JOIN LATERAL (
           SELECT parcel.id, parcel.code, parcel.zone_id,
                  ST_Distance(parcel.geometry::geography, at.point::geography) AS metres
             FROM geography_parcel AS parcel
            WHERE named.id IS NULL
              AND successor.id IS NULL
              AND NOT at.vague
              AND parcel.municipality_id = %(municipality)s
              AND parcel.valid_until IS NULL
              -- A degree of longitude shrinks with latitude: the box is wide enough.
              AND parcel.geometry && ST_Expand(
                      at.point,
                      at.tolerance / (111000 * GREATEST(cos(radians(given.latitude)), 0.01)),
                      at.tolerance / 110000.0)
            ORDER BY metres, parcel.id
            LIMIT 1
           ) AS near
         ON near.metres <= at.tolerance
  LEFT JOIN LATERAL (
           SELECT own.id, own.code
             FROM geography_zone AS own
            WHERE own.municipality_id = %(municipality)s
              AND own.valid_until IS NULL
              AND (own.id = COALESCE(named.zone_id, successor.zone_id, near.zone_id)
                   OR (COALESCE(named.zone_id, successor.zone_id, near.zone_id) IS NULL
                       AND own.kind <> 'block'
                       AND ST_Covers(own.geometry,
                                     COALESCE(ST_PointOnSurface(
                                                  COALESCE(named.geometry, successor.geometry)),
                                              at.point,
                                              ST_PointOnSurface(former.geometry)))
                       -- A vague position counts where the zone reaches as far around it.
                       AND (NOT at.vague
                            OR ST_Distance(ST_Boundary(own.geometry)::geography,
                                           at.point::geography) >= given.accuracy)))
            ORDER BY own.kind = 'quarter' DESC, own.code
            LIMIT 1
           ) AS zone
         ON TRUE
 ORDER BY given.n
