-- One path per outcome: outlines in the picture's units, thinned to what can be seen.
SELECT drawn.outcome, string_agg(drawn.path, ' ')
  FROM (
      SELECT shape.outcome,
             CASE WHEN %(dot)s
                  THEN 'M' || round(ST_X(shape.geometry)::numeric, 1) || ' '
                           || round(-ST_Y(shape.geometry)::numeric, 1) || 'h0'
                  ELSE ST_AsSVG(ST_Simplify(shape.geometry, %(grain)s, true), 1, 1)
             END AS path
        FROM (
            SELECT compared.outcome,
                   row_number() OVER (PARTITION BY compared.outcome
                                      ORDER BY md5(coalesce(compared.row, compared.id)::text)
                   ) AS place,
                   ST_Affine(ST_Transform(coalesce(staged.geometry, here.geometry), %(srid)s),
                             %(scale)s, 0, 0, %(scale)s,
                             -%(west)s * %(scale)s, -%(north)s * %(scale)s) AS geometry
              FROM compared
              LEFT JOIN staged USING (row)
              LEFT JOIN {table} AS here ON here.id = compared.id AND staged.row IS NULL
        ) AS shape
       WHERE shape.place <= %(drawn)s
  ) AS drawn
 WHERE drawn.path <> ''
 GROUP BY drawn.outcome
