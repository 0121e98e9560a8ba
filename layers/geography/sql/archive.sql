-- The former state of what changes becomes a closed row of its own; the living row
-- keeps its key, so that what points to it stays right. What came into force today
-- has no former state worth keeping.
INSERT INTO {table} ({archived}, municipality_id, code, geometry, valid_from, valid_until)
SELECT {archived}, municipality_id, code, geometry, valid_from, %(today)s
  FROM {table}
 WHERE valid_from < %(today)s
   AND id IN (SELECT id FROM compared WHERE outcome = 'changed')
