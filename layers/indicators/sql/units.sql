SELECT id, zone_id, stratum, psu, weight, stratum_psus
FROM indicators_sampleunit
WHERE observation_set_id = %(observation_set)s
ORDER BY id
