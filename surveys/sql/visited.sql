-- How many parcels of a round are a surveyor's, and how many of them were visited.
SELECT count(*), count(*) FILTER (WHERE outcome <> 'pending')
  FROM surveys_target
 WHERE round_id = %s
   AND surveyor_id = %s
