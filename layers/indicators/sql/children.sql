-- The columns after sex are read in the order of sample.COLUMNS.
SELECT
    child.unit_id,
    child.sex = 'male',
    child.age_months,
    (child.weight_factors ->> 'module_5_17')::float8,
    answer.*
FROM indicators_observation AS child
CROSS JOIN LATERAL jsonb_to_record(child.values) AS answer (
    attends_school float8,
    school_age float8,
    stim_activities float8,
    birth_registered float8,
    economic_hours float8,
    chores_hours float8,
    water_improved float8,
    water_minutes float8,
    sanitation_improved float8,
    sanitation_shared float8,
    persons float8,
    sleeping_rooms float8,
    internet float8
)
WHERE
    child.observation_set_id = %(observation_set)s
    AND (%(units)s::bigint [] IS NULL OR child.unit_id = ANY(%(units)s))
