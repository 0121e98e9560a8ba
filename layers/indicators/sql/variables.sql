-- Which of the wanted variables are known of any child. Most are found among the first
-- children; only for the others are all of them looked through.
WITH first AS MATERIALIZED (
    SELECT DISTINCT answer.name
    FROM (
        SELECT child.values
        FROM indicators_observation AS child
        WHERE child.observation_set_id = %(observation_set)s
        LIMIT 2000
    ) AS early
    CROSS JOIN LATERAL jsonb_object_keys(early.values) AS answer (name)
),
rest AS MATERIALIZED (
    SELECT coalesce(array_agg(wanted.name), '{}') AS names
    FROM unnest(%(wanted)s::text[]) AS wanted (name)
    WHERE wanted.name NOT IN (SELECT name FROM first)
)
SELECT name FROM first
UNION
SELECT answer.name
FROM rest
JOIN indicators_observation AS child ON child.values ?| rest.names
CROSS JOIN LATERAL jsonb_object_keys(child.values) AS answer (name)
WHERE
    child.observation_set_id = %(observation_set)s
    AND answer.name = ANY(rest.names)
