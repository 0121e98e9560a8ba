UPDATE {table} AS here
   SET {assignments}, geometry = staged.geometry, valid_from = %(today)s
  FROM compared
  JOIN staged USING (row)
  {placed}
 WHERE compared.outcome = 'changed'
   AND here.id = compared.id
