INSERT INTO indicators_observation (
    municipality_id, observation_set_id, unit_id, key, sex, age_months, "values"
)
SELECT
    %(municipality)s,
    %(set)s,
    child.unit_id,
    child.key,
    child.sex,
    child.age_months,
    child.answers::float8 []
FROM unnest(
    %(units)s::bigint [],
    %(keys)s::text [],
    %(sexes)s::text [],
    %(ages)s::smallint [],
    %(answers)s::text []
) AS child (unit_id, key, sex, age_months, answers)
