-- One row per child, every column a number or an array of numbers.
SELECT
    child.unit_id::float8,
    (child.sex = 'male')::int::float8,
    child.age_months::float8{answers}
FROM indicators_observation AS child
WHERE child.{among}
