UPDATE indicators_observation
SET "values" = "values" || array_fill('NaN'::float8, ARRAY[%(width)s])
WHERE observation_set_id = %(set)s
