SELECT id, zone_id, stratum, psu, weight, response_class, stratum_psus
FROM indicators_sampleunit
WHERE {among}
ORDER BY id
