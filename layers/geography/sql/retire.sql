UPDATE {table} SET valid_until = %(today)s
 WHERE id IN (SELECT id FROM compared WHERE outcome = 'retired')
