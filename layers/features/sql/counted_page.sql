-- The first page, and how many there are, of what is looked for once. Where there are more
-- than are counted, the page is looked for anew, in its own order. A count over a window
-- would read all of them.
WITH found AS MATERIALIZED (
    SELECT {columns}
      FROM ({source}) AS source
     WHERE {conditions}
     LIMIT %(counted)s + 1
), counted AS MATERIALIZED (
    SELECT count(*) AS number FROM found
)
(
    SELECT {feature}, {keys}, (SELECT number FROM counted)
      FROM found AS source
     WHERE (SELECT number FROM counted) <= %(counted)s
     ORDER BY {order}
     LIMIT %(rows)s
)
UNION ALL
(
    SELECT {feature}, {keys}, NULL
      FROM ({source}) AS source
     WHERE {conditions}
       AND (SELECT number FROM counted) > %(counted)s
     ORDER BY {order}
     LIMIT %(rows)s
)
