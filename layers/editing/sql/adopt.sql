-- Zones whose parent was split or merged go under the one that holds them now.
UPDATE geography_zone AS zone
   SET parent_id = parent.id
  FROM geography_zone AS parent
 WHERE zone.municipality_id = %(municipality)s
   AND zone.valid_until IS NULL
   AND zone.parent_id = ANY (%(former)s)
   AND parent.id = ANY (%(after)s)
   AND ST_Intersects(parent.geometry, ST_PointOnSurface(zone.geometry))
   AND zone.parent_id <> parent.id
