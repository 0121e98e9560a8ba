SELECT DISTINCT answer.name
FROM indicators_observation AS child
CROSS JOIN LATERAL jsonb_object_keys(child.values) AS answer (name)
WHERE child.observation_set_id = %(observation_set)s
