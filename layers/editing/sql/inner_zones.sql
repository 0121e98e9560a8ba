-- Zones of finer kinds in force that a change of zones concerns: those under the zones of
-- some keys, and those near a box in degrees that lie under none or a higher kind.
SELECT zone.id, zone.code, zone.parent_id,
       ST_AsBinary(ST_Transform(zone.geometry, %(srid)s))
  FROM geography_zone AS zone
  LEFT JOIN geography_zone AS parent ON parent.id = zone.parent_id
 WHERE zone.municipality_id = %(municipality)s
   AND zone.valid_until IS NULL
   AND zone.kind = ANY (%(finer)s)
   AND (zone.parent_id = ANY (%(changed)s)
        OR ((parent.id IS NULL OR parent.kind = ANY (%(higher)s))
            AND zone.geometry
                && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)))
 ORDER BY zone.code, zone.id
