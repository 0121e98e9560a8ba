SELECT given.n, ST_X(given.spot), ST_Y(given.spot)
  FROM (SELECT n, ST_Transform(ST_SetSRID(ST_MakePoint(x, y), %(srid)s), 4326) AS spot
          FROM unnest(%(n)s::integer[], %(x)s::float8[], %(y)s::float8[]) AS at (n, x, y)
       ) AS given
