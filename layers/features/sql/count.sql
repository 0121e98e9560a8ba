SELECT count(*)
  FROM (
    SELECT 1
      FROM ({source}) AS source
     WHERE {conditions}
     LIMIT %(rows)s
  ) AS found
