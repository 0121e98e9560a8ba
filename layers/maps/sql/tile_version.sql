SELECT greatest(coalesce(present.floor, 0), max(edit.version)),
       coalesce(present.version, 0)
  FROM unnest(%(tables)s::text[]) WITH ORDINALITY AS wanted (source, place)
  JOIN ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096) AS tile ON true
  LEFT JOIN maps_layerversion AS present
    ON present.municipality_id = %(municipality)s
   AND present.source = wanted.source
  LEFT JOIN maps_layeredit AS edit
    ON edit.municipality_id = %(municipality)s
   AND edit.source = wanted.source
   AND edit.west <= ST_XMax(tile) AND edit.east >= ST_XMin(tile)
   AND edit.south <= ST_YMax(tile) AND edit.north >= ST_YMin(tile)
 GROUP BY wanted.place, present.version, present.floor
 ORDER BY wanted.place
