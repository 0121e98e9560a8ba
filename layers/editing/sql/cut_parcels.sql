-- Parcels in force that lie across the borders of some zones by more than a strip.
SELECT parcel.code, ST_AsBinary(ST_Transform(ST_PointOnSurface(parcel.geometry), %(srid)s))
  FROM geography_parcel AS parcel
  JOIN geography_zone AS zone
    ON zone.id = ANY (%(zones)s)
   AND zone.geometry && parcel.geometry
   AND ST_Intersects(ST_Boundary(zone.geometry), parcel.geometry)
 CROSS JOIN LATERAL (
      SELECT ST_Area(ST_Transform(ST_Intersection(zone.geometry, parcel.geometry), %(srid)s)),
             ST_Area(ST_Transform(parcel.geometry, %(srid)s))
      ) AS measured (inside, whole)
 WHERE parcel.municipality_id = %(municipality)s
   AND parcel.valid_until IS NULL
   AND measured.inside > 1
   AND measured.inside < measured.whole - 1
   AND NOT EXISTS (
       -- Where the former border cut it already, the new one is not to blame.
       SELECT FROM unnest(%(former)s::bytea[]) AS old (shape)
        WHERE ST_Intersects(ST_Boundary(ST_GeomFromWKB(old.shape, 4326)), parcel.geometry)
          AND ST_Area(ST_Intersection(ST_GeomFromWKB(old.shape, 4326), parcel.geometry))
              BETWEEN 0.02 * ST_Area(parcel.geometry) AND 0.98 * ST_Area(parcel.geometry))
 GROUP BY parcel.id
 ORDER BY parcel.code
