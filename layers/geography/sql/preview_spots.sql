-- A small cross for every refused row that lies in the picture.
SELECT string_agg(format('M%%s %%sl12 12m0-12l-12 12',
                         round(ST_X(spot.place)::numeric - 6, 1),
                         round(-ST_Y(spot.place)::numeric - 6, 1)), ' ')
  FROM (
      SELECT ST_Affine(ST_Transform(ST_SetSRID(ST_MakePoint(x, y), 4326), %(srid)s),
                       %(scale)s, 0, 0, %(scale)s,
                       -%(west)s * %(scale)s, -%(north)s * %(scale)s) AS place
        FROM unnest(%(x)s::double precision[], %(y)s::double precision[]) AS point (x, y)
  ) AS spot
 WHERE ST_X(spot.place) BETWEEN 0 AND 1000 AND ST_Y(spot.place) BETWEEN -3000 AND 0
