-- Two posts of one instance at the same moment: the second waits for the first, and then
-- sees what it wrote, because each statement sees what was committed before it began.
SELECT pg_advisory_xact_lock(%(municipality)s, hashtext(%(instance)s));
SELECT arrival.id, arrival.municipality_id, arrival.sha256, arrival.instance_id,
       arrival.state, arrival.submission_id, arrival.erased_at
  FROM surveys_arrival AS arrival
 WHERE arrival.municipality_id = %(municipality)s
   AND (arrival.sha256 = %(sha256)s OR arrival.instance_id = NULLIF(%(instance)s, ''))
