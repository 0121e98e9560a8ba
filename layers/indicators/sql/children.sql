-- One row per child, every column a number; sample.children_query fills the braces.
SELECT
    child.unit_id::float8,
    (child.sex = 'male')::int::float8,
    child.age_months::float8,
    {numbers}
FROM indicators_observation AS child
CROSS JOIN LATERAL jsonb_to_record(child.values) AS answer ({typed})
WHERE
    child.observation_set_id = {observation_set}
    AND ({units}::bigint [] IS NULL OR child.unit_id = ANY({units}))
