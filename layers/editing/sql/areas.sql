-- Areas in force, in the municipality's projected system: those of some keys, or those
-- that come near a box in degrees.
SELECT id, code, ST_AsBinary(ST_Transform(geometry, %(srid)s))
  FROM {table}
 WHERE municipality_id = %(municipality)s
   AND valid_until IS NULL
   AND {scope}
   AND geometry && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
