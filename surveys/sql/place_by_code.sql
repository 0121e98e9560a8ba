-- Of the households that name a parcel in force whose zone is in force too: both, and how
-- far the coordinates are from the parcel. The others are for place_households.sql, whose
-- planning alone takes longer than this.
SELECT given.n,
       TRUE AS by_code,
       FALSE AS by_successor,
       parcel.id AS parcel_id,
       parcel.code AS parcel_code,
       ST_Distance(
           parcel.geometry::geography,
           ST_SetSRID(ST_MakePoint(given.longitude, given.latitude), 4326)::geography
       ) AS metres,
       zone.id AS zone_id,
       zone.code AS zone_code
  FROM unnest(%(n)s::integer[], %(codes)s::text[],
              %(longitudes)s::float8[], %(latitudes)s::float8[])
       AS given (n, code, longitude, latitude)
  JOIN geography_parcel AS parcel
    ON parcel.municipality_id = %(municipality)s
   AND parcel.valid_until IS NULL
   AND parcel.code = given.code
  JOIN geography_zone AS zone
    ON zone.id = parcel.zone_id
   AND zone.municipality_id = %(municipality)s
   AND zone.valid_until IS NULL
