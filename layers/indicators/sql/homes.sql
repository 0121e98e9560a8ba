-- One row per household, every column a number or an array of numbers.
SELECT unit.id::float8{answers}
FROM indicators_sampleunit AS unit
WHERE
    unit.observation_set_id = {observation_set}
    AND ({units}::bigint [] IS NULL OR unit.id = ANY({units}))
ORDER BY unit.id
