-- Locked against writers, so that households and children are of one state of the set.
SELECT unit_columns, child_columns
FROM indicators_observationset
WHERE {among}
FOR SHARE
