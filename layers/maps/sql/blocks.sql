SELECT block.id,
       (SELECT count(*)
          FROM geography_parcel AS parcel
         WHERE parcel.municipality_id = block.municipality_id
           AND parcel.valid_until IS NULL
           AND parcel.geometry && block.geometry
           AND ST_Intersects(ST_PointOnSurface(parcel.geometry), block.geometry)),
       (SELECT count(*)
          FROM geography_facility AS facility
         WHERE facility.municipality_id = block.municipality_id
           AND facility.valid_until IS NULL
           AND ST_Intersects(facility.geometry, block.geometry))
  FROM geography_zone AS block, geography_zone AS whole
 WHERE whole.id = %(zone)s
   AND block.municipality_id = whole.municipality_id
   AND block.kind = 'block'
   AND block.valid_until IS NULL
   AND block.geometry && whole.geometry
   AND ST_Intersects(ST_PointOnSurface(block.geometry), whole.geometry)
