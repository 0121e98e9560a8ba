UPDATE geography_parcel
   SET area = ST_Area(ST_Transform(geometry, %(srid)s))
 WHERE id = ANY (%(ids)s)
