-- The row stays locked until the transaction ends, and a rolled back number
-- returns: the sequence has no gaps.
INSERT INTO cases_casecounter AS counter (municipality_id, year, last)
VALUES (%(municipality)s, %(year)s, 1)
ON CONFLICT (municipality_id, year)
DO UPDATE SET last = counter.last + 1
RETURNING last
