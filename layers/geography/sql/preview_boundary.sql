SELECT ST_AsSVG(ST_Simplify(ST_Affine(ST_Transform(boundary, %(srid)s),
                                      %(scale)s, 0, 0, %(scale)s,
                                      -%(west)s * %(scale)s, -%(north)s * %(scale)s),
                            %(grain)s, true), 1, 1)
  FROM geography_municipality
 WHERE id = %(municipality)s AND boundary IS NOT NULL
