SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
  FROM (
      SELECT ST_Extent(ST_Transform(shape.geometry, %(srid)s)) AS box
        FROM (
            SELECT ST_Envelope(geometry) AS geometry FROM staged
            UNION ALL
            SELECT boundary FROM geography_municipality
             WHERE id = %(municipality)s AND boundary IS NOT NULL
        ) AS shape
  ) AS whole
