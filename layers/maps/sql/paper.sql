SELECT {fields}, ST_AsBinary(ST_Transform(source.geometry, %(paper_srid)s))
  FROM ({source}) AS source
 WHERE source.geometry_3857 && ST_MakeEnvelope(
           %(paper_west)s, %(paper_south)s, %(paper_east)s, %(paper_north)s, 3857
       )
   AND {condition}
 LIMIT %(paper_most)s
