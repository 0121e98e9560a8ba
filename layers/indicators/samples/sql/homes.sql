-- One row per household, every column a number or an array of numbers.
SELECT unit.id::float8{answers}
FROM indicators_sampleunit AS unit
WHERE unit.{among}
ORDER BY unit.id
