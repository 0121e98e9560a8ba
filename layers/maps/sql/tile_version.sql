-- The town and, for each table that was ever written in it, the version that last wrote
-- inside the tile and the present one. One turn with the database for both.
SELECT town.id,
       present.source,
       greatest(present.floor, (
           SELECT max(edit.version)
             FROM maps_layeredit AS edit
            WHERE edit.municipality_id = town.id
              AND edit.source = present.source
              AND edit.west <= %(east)s AND edit.east >= %(west)s
              AND edit.south <= %(north)s AND edit.north >= %(south)s
       )),
       present.version
  FROM geography_municipality AS town
  LEFT JOIN maps_layerversion AS present
    ON present.municipality_id = town.id
   AND present.source = ANY(%(tables)s)
 WHERE town.slug = %(town)s
