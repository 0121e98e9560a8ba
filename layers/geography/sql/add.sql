INSERT INTO {table} ({columns}, municipality_id, code, geometry, valid_from)
SELECT {values}, %(municipality)s, staged.code, staged.geometry, %(valid_from)s
  FROM staged
  JOIN compared USING (row)
  {placed}
 WHERE compared.outcome = 'added'
   AND compared.place > %(after)s AND compared.place <= %(upto)s
 ORDER BY compared.place
