SELECT id, zone_id, stratum, psu, weight, response_class, stratum_psus
FROM indicators_sampleunit
WHERE
    observation_set_id = %(observation_set)s
    AND (%(units)s::bigint [] IS NULL OR id = ANY(%(units)s))
ORDER BY id
